"""Leptonic kaon decays with further invisible particles."""
