"""Belle II: a projected search for single photons."""
