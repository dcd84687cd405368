"""LEP: a single photon recoiling against an invisible A' of up to 90 GeV."""
