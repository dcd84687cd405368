"""LHCb prompt: a peak in the mass of prompt muon pairs."""
