"""GEMMA: reactor antineutrinos scattering on electrons in germanium."""
