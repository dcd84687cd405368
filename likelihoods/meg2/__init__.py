"""MEG II: the decay mu -> e gamma."""
