"""ATLAS vector-like leptons: a lower limit on m_E that stands in for a search for E -> lepton + invisible."""

from darkmoment.experiments import LowerLimit


class Experiment(LowerLimit):
    """The signal strength is m_E,lim/m_E."""
