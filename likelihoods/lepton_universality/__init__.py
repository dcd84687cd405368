"""Universality of the couplings of the W boson to leptons."""
