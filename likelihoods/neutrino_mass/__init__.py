"""Radiative neutrino masses against beta decay, double beta decay and cosmology."""
