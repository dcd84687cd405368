"""Mu2e: a projected search for mu -> e conversion in aluminium."""
