"""CHARM: A' from meson decays behind a proton dump."""
