"""NA64 with 1e13 electrons: a projected search for missing energy."""
