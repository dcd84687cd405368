"""Run files: reading, checking, and turning them into fits."""
