"""The anomalous magnetic moment of the electron."""
