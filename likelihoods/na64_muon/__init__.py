"""NA64: a muon beam that loses energy to an invisible A'."""
