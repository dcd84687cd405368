"""The oblique parameter T."""
