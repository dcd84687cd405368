"""Electroweak precision observables, which an A' that mixes with the Z shifts."""
