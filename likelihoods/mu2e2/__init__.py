"""Mu2e-II: a projected search for mu -> e conversion in aluminium."""
