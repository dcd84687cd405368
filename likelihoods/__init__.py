"""The shipped experiments, one folder each: ``card.yaml``, ``likelihood.py`` and its curves."""
