"""CMS: pairs of vector-like tau leptons."""
