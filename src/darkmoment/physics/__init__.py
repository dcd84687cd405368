"""The formulas of the model: pure functions of numbers and arrays in GeV that know nothing of fits."""
