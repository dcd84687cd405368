"""What a right file says, once read."""

import json
from dataclasses import replace

import pytest

from darkmoment.experiments.discovery import available
from darkmoment.runfile.diagnostics import Findings, RunFileError
from darkmoment.runfile.experiments import read_experiments
from darkmoment.runfile.tree import read_tree
from darkmoment.tasks.registry import TASKS


def test_experiments(read, good):
    experiments = read(good).base.experiments
    assert list(experiments) == ["meg2", "na64", "borexino"]
    assert experiments["meg2"].dataset == "2025"
    assert experiments["na64"].dataset == "2023"  # the card's default
    assert experiments["borexino"].options == {"T_min_keV": 190, "flavour_weight": "solar"}
    assert experiments["borexino"].where.line == 23


@pytest.mark.parametrize("dataset", ["2023", '"2023"', "'2023'"])
def test_datasets_are_compared_as_text(change, read, dataset):
    file = read(change(("  meg2", f"  meg2: {{dataset: {dataset}, shape: step}}")))
    assert (file.base.experiments["meg2"].dataset, file.base.experiments["meg2"].shape) == ("2023", "step")


@pytest.mark.parametrize("entry", ["", " {}"])
def test_defaults(change, read, entry):
    assert read(change(("  meg2", f"  meg2:{entry}"))).base.experiments["meg2"].dataset == "2025"


@pytest.mark.parametrize("entry", [" null", " ~"])
def test_null_takes_no_experiment_out_and_says_what_does(change, read, entry):
    with pytest.raises(RunFileError, match=r"defaults, or remove: \[meg2\] to take it out"):
        read(change(("  meg2", f"  meg2:{entry}")))


def test_tasks_are_completed(read, good):
    maximise, sample = read(good).tasks
    assert maximise.kind == "maximise"
    expected = TASKS["maximise"].complete(
        {"quantity": "mu_eff", "along": "m_dark_photon", "points": 60, "level": 0.9}
    )
    assert maximise.options == expected
    assert sample.options["until"] == {"ess": 1000.0, "of": "mu_eff"}
    assert (maximise.name, maximise.where.line) == (None, 25)


def test_task_forms(change, read):
    file = read(
        change(
            (
                "  - sample",
                "  - sample\n  - errata:\n  - maximise: {points: 1e2, name: second, along: null}\n"
                "  - recast: {experiment: borexino, range: [1 keV, 10 GeV]}\n"
                "  - profile: {x: m_E, range: [1270, 2 TeV]}",
            )
        )
    )
    _, sample, _, maximise, recast, profile = file.tasks
    assert sample.options == TASKS["sample"].defaults()
    assert (maximise.options["points"], maximise.name, maximise.options["along"]) == (100, "second", None)
    assert recast.options["range"] == (1e-6, 10.0)
    assert profile.options["range"] == (1270.0, 2000.0)


def test_no_tasks(change, read):
    file = read(change(("tasks", ""), ("  - maximise", ""), ("  - sample", "")))
    assert file.tasks == ()


def test_top_level(change, read):
    file = read(
        change(
            ("formulas", "formulas: printed\nlepton_flavour: dipole\nlabel: as printed"), ("seed", "seed: 7")
        )
    )
    assert (file.name, file.title, file.source) == ("good", "A fit without mistakes", "fit.yaml")
    base = file.base
    assert base.switches == {
        "formulas": "printed",
        "spectrum": "paired",
        "flavour": "general",
        "invisible_branching": "assumed",
        "lepton_flavour": "dipole",
    }
    assert (base.seed, base.label, base.slug) == (7, "as printed", "")
    assert file.fits == (base,)


def test_style(change, read):
    file = read(change(("seed", 'style: {color: "#0072B2", linestyle: dashed, linewidth: 2}')))
    assert file.base.style == {"color": "#0072B2", "linestyle": "dashed", "linewidth": 2.0}


def test_resolved_is_json_and_says_everything(change, good, read):
    plain = read(good).base.resolved()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert set(plain["parameters"]) == set(read(good).base.parameters)
    for edit in (
        ("  m_E", "  m_E: 2001"),
        ("  y_e", "  y_e: {range: [1e-3, 2]}"),
        ("  y_e", "  y_e: {range: [1e-3, 3], prior: log_uniform}"),
        ("  y_e", "  y_e: {range: [1e-3, 3], prior: {half_normal: {sd: 1}}}"),
        ("  y_e", "  y_e: {range: [1e-3, 3], reference: 1}"),
        ("  y_e", "  y_e: {range: [1e-3, 3], convention: true}"),
        ("  y_e", "  y_e: {range: [1e-3, 3], constraint: 1 +- 0.1}"),
        ("  y_e", "  y_e: {same_as: y_mu}"),
        ("  theta_R", "  theta_R: {expr: delta_theta/2}"),
        ("  meg2", "  meg2: {dataset: 2023}"),
        ("  meg2", "  meg2: {shape: step}"),
        ("  borexino", "  borexino: {T_min_keV: 50}"),
        ("formulas", "formulas: printed"),
        ("seed", "seed: 2"),
        ("  - sample", "  - sample: {ensembles: 5}"),
    ):
        assert read(change(edit)).base.resolved() != plain, edit


def test_comments_and_order_of_keys_do_not_matter(good, read):
    blocks = good.replace("parameters:", "# here they are\nparameters:").splitlines(keepends=True)
    assert read("".join(["seed: 1\n", *blocks[:-1]])).base.resolved() == read(good).base.resolved()


@pytest.mark.parametrize(
    ("change_to", "expected"),
    [
        ({"status": "projected"}, []),
        (
            {"applies": False, "notes": "It limits\nsomething else."},
            ["does not apply to this model: It limits something else."],
        ),
    ],
)
def test_cards_that_are_no_measurement(change_to, expected):
    """A projection may be asked for; one that does not apply is refused, with its reason."""
    findings = Findings()
    entries = read_tree("\nmeg2: {}", "fit.yaml", findings).entries
    read = read_experiments(entries, {"meg2": replace(available()["meg2"], **change_to)}, findings)
    assert [p.message.partition("'meg2' ")[2] for p in findings.problems] == expected
    assert {p.location.line for p in findings.problems} <= {2}
    assert bool(read) == (not expected)
