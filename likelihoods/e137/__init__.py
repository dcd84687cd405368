"""E137: A' behind an electron dump at SLAC."""
