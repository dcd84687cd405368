"""FASER: A' from LHC collisions, 480 m away."""
