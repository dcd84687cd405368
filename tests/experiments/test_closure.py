import numpy as np
import pandas as pd
import pytest

from darkmoment.experiments import CurveLimit, ExperimentError, UpperLimit, available
from darkmoment.experiments.closure import COLUMNS, METHOD_OF_SHAPE, closure
from darkmoment.experiments.shapes import SHAPES, shapes_of


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return closure(every_shape=True)


def test_every_experiment_dataset_and_shape_returns_its_published_number(table: pd.DataFrame) -> None:
    assert list(table.columns) == COLUMNS
    assert table["ok"].all(), table[~table["ok"]]
    asked = {
        (c.name, d.name, s)
        for c in available().values()
        if c.applies
        for d in c.datasets.values()
        for s in shapes_of(d)
    }
    assert set(zip(table["experiment"], table["dataset"], table["shape"], strict=True)) == asked
    own = (table["experiment"] == "xenonnt") & (table["dataset"] == "2022")  # events, not the limit
    # papers that quote limit and single-event sensitivity both, and not to more than 5% consistently
    twice = table["experiment"].isin(["mu2e", "mu2e2", "comet"])
    assert table[~own & ~twice]["deviation"].abs().max() < 1e-5  # far inside the tolerance the cards promise
    assert (table[(table["experiment"] != "xenonnt") & ~twice]["tolerance"] == 0.005).all()
    assert (table[twice]["tolerance"] == 0.05).all()


def test_the_numbers_are_the_published_ones(table: pd.DataFrame) -> None:
    first = table.drop_duplicates(["experiment", "dataset"]).set_index(["experiment", "dataset"])["recovered"]
    assert first["meg2", "2025"] == pytest.approx(1.5e-13)
    assert first["meg2", "2023"] == pytest.approx(3.1e-13)
    assert first["borexino", "2017"] == pytest.approx(2.8e-11)
    assert first["na64", "2019"] == pytest.approx(7.544e-6)
    assert first["na64", "2023"] == pytest.approx(7.544e-6)  # at 1 MeV the 2019 curve continues it
    assert first["babar", "2017"] == pytest.approx(9.476e-4)
    g2 = table[(table["experiment"] == "g_minus_2") & (table["dataset"] == "wp2020")]
    np.testing.assert_allclose(g2["recovered"], [249e-11, 201e-11, 297e-11], rtol=1e-6)


def test_curves_are_asked_at_fifty_masses_ends_included(table: pd.DataFrame) -> None:
    babar = table[(table["experiment"] == "babar") & (table["shape"] == "half_gaussian")]
    assert len(babar) == 50
    assert (babar["m_dark_photon"].iloc[0], babar["m_dark_photon"].iloc[-1]) == (0.001, 7.9999)
    assert len(closure(["babar"], points=7)) == 7


def test_without_every_shape_the_default_is_asked() -> None:
    assert set(closure(["meg2", "na64"], points=2)["shape"]) == {"half_gaussian"}


def test_closure_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A likelihood that takes a limit on mu_eff for one linear in it, or misses it by 1%, is found out."""
    for kind in (UpperLimit, CurveLimit):
        right = kind.response
        monkeypatch.setattr(kind, "response", lambda self, p, right=right: 1.02 * right(self, p))
    found = closure(["meg2", "na64"], points=3, every_shape=True)
    assert not found["ok"].any()
    by_experiment = found[found["shape"] != "counting"].groupby("experiment")["deviation"]
    assert by_experiment.min()["na64"] == pytest.approx(
        1 / np.sqrt(1.02) - 1, rel=1e-4
    )  # epsilon^2 is linear
    monkeypatch.setattr(UpperLimit, "response", lambda self, p: np.zeros(1))
    assert not closure(["meg2"], every_shape=True)["ok"].any()


def test_an_unknown_experiment() -> None:
    with pytest.raises(ExperimentError, match="did you mean 'babar'"):
        closure(["barbar"])


def test_every_shape_has_a_method() -> None:
    assert set(METHOD_OF_SHAPE) == set(SHAPES)
    for card in (c for c in available().values() if c.applies):
        defaults = {METHOD_OF_SHAPE[shapes_of(dataset)[0]] for dataset in card.datasets.values()}
        # what a projection will see is not known: its published limit is that of the median
        median = card.closure.method == "median"
        assert defaults == {"bayes_flat" if median else card.closure.method}, card.name
        assert not median or card.status == "projected"
