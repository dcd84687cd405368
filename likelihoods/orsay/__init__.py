"""Orsay: A' behind an electron dump at Orsay."""
