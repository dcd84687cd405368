"""What a run file can ask: one file per task."""
