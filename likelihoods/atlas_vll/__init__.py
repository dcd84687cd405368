"""ATLAS: pairs of vector-like leptons."""
