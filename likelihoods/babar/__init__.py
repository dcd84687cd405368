"""BaBar: a single photon recoiling against an invisible A'."""
