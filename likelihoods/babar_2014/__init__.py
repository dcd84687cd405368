"""BaBar visible: a photon and a peak in the mass of a lepton pair."""
