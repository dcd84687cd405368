"""Muon decays to an electron and a light A'."""
