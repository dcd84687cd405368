"""Borexino: solar neutrinos scattering on electrons."""
