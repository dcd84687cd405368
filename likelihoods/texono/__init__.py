"""TEXONO: reactor antineutrinos scattering on electrons in CsI(Tl)."""
