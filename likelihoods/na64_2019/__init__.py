"""NA64 visible: an electron beam, and A' that decay behind an active dump."""
