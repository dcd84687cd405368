"""MEG II final: a projected search for mu -> e gamma."""
