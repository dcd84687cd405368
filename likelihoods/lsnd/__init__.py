"""LSND: neutrinos of stopped pions and muons scattering on electrons."""
