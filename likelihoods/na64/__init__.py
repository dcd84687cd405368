"""NA64: an electron beam that loses energy to an invisible A'."""
