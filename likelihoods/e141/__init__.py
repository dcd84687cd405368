"""E141: A' behind an electron dump at SLAC."""
