"""E774: A' behind an electron dump at Fermilab."""
