"""The shipped fits: run files and nothing else."""
