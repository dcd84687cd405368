"""The invisible width of the Z boson."""
