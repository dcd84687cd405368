"""Figures: one module per figure, each a function from arrays or a table to a matplotlib Figure."""
