"""KLOE: a photon and a peak in the mass of mu+ mu- or pi+ pi-."""
