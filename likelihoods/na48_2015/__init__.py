"""NA48/2: a peak in the mass of e+ e- from pi0 decays."""
