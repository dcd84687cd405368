"""COMET: a projected search for mu -> e conversion in aluminium."""
