"""Oblique T: the difference of the vacuum polarisations of W and Z that N and E make."""

from darkmoment.experiments import Measurement

_QUANTITIES = {"m_E": "T_parameter", "10 TeV": "T_parameter_10TeV"}


class Experiment(Measurement):
    """The pull is (T - measured)/sigma, with T for the chosen cut-off."""

    @property
    def limits(self) -> str:
        """T for the cut-off that the option names."""
        return _QUANTITIES[str(self.options["cutoff"])]
