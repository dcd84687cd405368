"""A1 at MAMI: an electron beam on tantalum and a peak in the mass of e+ e-."""
