"""Search, maximise, profile and sample: what is asked of a fit."""
