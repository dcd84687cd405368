"""Belle II: a Z' of L_mu - L_tau."""
