"""Mu3e: a projected search for mu -> 3e."""
