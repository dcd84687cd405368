"""SINDRUM: the decay mu -> 3e."""
