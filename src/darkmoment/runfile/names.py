"""The names a task of a run file may refer to: quantities, parameters, experiments of its fits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from darkmoment.model import Model
from darkmoment.parameters import PARAMETERS, names_of
from darkmoment.runfile.schema import FitSpec


@dataclass(frozen=True)
class Names:
    """What the fits of a run file have in common: a task runs for each of them.

    Attributes
    ----------
    quantities : tuple of str
        Observables of every fit.
    parameters : tuple of str
        Parameters of every fit.
    held : dict of str to str
        Parameters that are not free in some fit -> why ('is fixed in variant ...').
    experiments : tuple of str
        Experiments of every fit.
    absent : dict of str to str
        Experiments that some fit lacks -> where ('in variant ...').
    top_level : tuple of str
        Experiments of the file's top level, for tasks that run once over the whole file.
    variants : tuple of str
        Labels of the fits; empty for a file without variants.
    left_out : tuple of str
        Labels of the variants of the file that the task does not run for.
    """

    quantities: tuple[str, ...]
    parameters: tuple[str, ...]
    held: dict[str, str]
    experiments: tuple[str, ...]
    absent: dict[str, str]
    top_level: tuple[str, ...]
    variants: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, fits: Sequence[FitSpec], experiments: Sequence[Collection[str]], top_level: Collection[str]
    ) -> Names:
        """Collect the names of the fits that run.

        Parameters
        ----------
        fits : sequence of FitSpec
            Without what could not be read.
        experiments : sequence of collections of str
            What each of them asks for, readable or not.
        """
        tables = [model_of(fit).quantities for fit in fits]
        quantities = tuple(name for name in tables[0] if all(name in table for table in tables))
        # what a fit should have, so that a parameter that could not be read is no second problem here
        owned = [names_of(fit.spectrum, fit.flavour) for fit in fits]
        parameters = tuple(name for name in PARAMETERS if all(name in names for names in owned))
        held: dict[str, str] = {}
        absent: dict[str, str] = {}
        known = {name for names in (top_level, *experiments) for name in names}
        for fit, asked in zip(fits, experiments, strict=True):
            at = f" in variant {fit.label!r}" if len(fits) > 1 else ""
            for name, spec in fit.parameters.items():
                if not spec.free:
                    held.setdefault(name, ("is fixed" if spec.value is not None else "is tied") + at)
            for name in known - set(asked):
                absent.setdefault(name, at.strip())
        common = tuple(name for name in experiments[0] if name not in absent)
        labels = tuple(fit.label for fit in fits if fit.slug)
        return cls(quantities, parameters, held, common, absent, tuple(top_level), labels)

    @property
    def free(self) -> tuple[str, ...]:
        """Parameters free in every fit."""
        return tuple(name for name in self.parameters if name not in self.held)


def known_to(model: Model) -> tuple[str, ...]:
    """Return the observables and parameters that an experiment may read."""
    return (*model.quantities, *model.parameter_names)


def model_of(fit: FitSpec) -> Model:
    """Return the model a fit chooses."""
    return Model(fit.formulas, fit.spectrum, fit.flavour, fit.invisible_branching, fit.lepton_flavour)
