"""Light thermal particles in the early universe."""
