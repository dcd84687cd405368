"""NA62: neutral pions that decay to a photon and an invisible A'."""
