"""The key `data`: published observations, or what the model predicts at a point."""

from math import pi

import pytest

HEAD = "  m_E: 2000\n"


def with_data(good: str, line: str) -> str:
    return good.replace("experiments:\n", f"{line}\nexperiments:\n", 1)


@pytest.mark.parametrize("line", ["data: observed", "data: 'observed'"])
def test_published_data_are_the_default(good, read, line) -> None:
    assert read(good).base.data is None
    assert read(with_data(good, line)).base.resolved() == read(good).base.resolved()
    assert "data" not in read(good).base.resolved()


def test_the_reference_point_is_completed(good, read) -> None:
    spec = read(with_data(good, "data: {asimov: {at: reference}}")).base
    assert spec.data.text == "Asimov data at reference"
    point = spec.data.point
    assert set(point) == set(spec.parameters)
    assert point["m_dark_photon"] == 0.1
    assert point["epsilon"] == pytest.approx(1e-5)  # the middle of its logarithmic range
    assert point["theta_R"] == pytest.approx(-pi / 8)  # tied
    assert (point["m_S"], point["P_ee"]) == (0.3, 0.53)
    assert spec.resolved()["data"] == {"asimov": {"at": "reference", "point": dict(point)}}


def test_a_point_of_ones_own(good, read) -> None:
    line = 'data: {asimov: {at: {epsilon: 3e-5, m_S: "400 MeV", flavour_angle: pi/3, delta_theta: 0.5}}}'
    spec = read(with_data(good, line)).base
    given = {"epsilon": 3e-5, "m_S": 0.4, "flavour_angle": pytest.approx(pi / 3), "delta_theta": 0.5}
    assert spec.data.given == given
    assert {name: spec.data.point[name] for name in given} == given
    assert spec.data.point["theta_R"] == -0.25  # the tie follows
    assert spec.data.point["m_dark_photon"] == 0.1
    assert spec.data.text.startswith("Asimov data at epsilon = 3e-05, m_S = 0.4, ")
    assert spec.data.text.endswith("the rest at reference")


def test_background_alone(good, read) -> None:
    spec = read(with_data(good, "data: {asimov: {at: background}}")).base
    point = spec.data.point
    assert [point[name] for name in ("epsilon", "y_e", "y_mu")] == [0, 0, 0]
    assert (point["g_D"], point["m_dark_photon"]) == (0.5, 0.1)
    assert spec.data.text == "Asimov data without signal"
    assert spec.resolved()["data"]["asimov"]["at"] == "background"


def test_constraints_move_to_the_point(good, read) -> None:
    text = good.replace(HEAD, f"{HEAD}  P_ee: {{constraint: 0.53 +- 0.05}}\n")
    assert read(text).base.parameters["P_ee"].constraint == (0.53, 0.05)
    spec = read(with_data(text, "data: {asimov: {at: {P_ee: 0.4}}}")).base
    assert spec.parameters["P_ee"].constraint == (0.4, 0.05)


def test_variants_have_data_of_their_own(good, read) -> None:
    text = with_data(good, "data: {asimov: {at: {epsilon: 1e-5}}}") + (
        "variants:\n"
        "  - {label: as above}\n"
        "  - {label: seen, data: observed}\n"
        "  - {label: other, data: {asimov: {at: {m_S: 0.5}}}}\n"
        "  - {label: single, flavour: single_y, parameters: {y: {range: [1e-3, 2]}}}\n"
    )
    above, seen, other, single = read(text).fits
    assert above.data.given == {"epsilon": 1e-5}
    assert seen.data is None
    assert other.data.given == {"m_S": 0.5}  # replaced whole
    assert "y" in single.data.point
    assert "y_e" not in single.data.point
    assert single.data.point["epsilon"] == 1e-5


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("data: {asimov: {at: referenec}}", "unknown point 'referenec' of Asimov data", "reference"),
        (
            "data: {asimov: {at: {epsilom: 1e-4}}}",
            "unknown parameter 'epsilom' of the Asimov data",
            "epsilon",
        ),
        (
            "data: {asimov: {at: {y: 0.1}}}",
            "parameter 'y' of the Asimov data belongs to another ansatz",
            None,
        ),
        ("data: {asimov: {at: {epsilon: 2}}}", "Asimov data: epsilon = 2 must be <= 1", None),
        ("data: {asimov: {at: {m_S: -0.1}}}", "Asimov data: m_S = -0.1 must be > 0", None),
        ("data: {asimov: {at: {m_S: .nan}}}", "parameter m_S of the Asimov data: .nan is not a finite", None),
        (
            "data: {asimov: {at: {m_S: 3 eggs}}}",
            "parameter m_S of the Asimov data: unknown unit 'eggs'",
            None,
        ),
        ("data: {asimov: {at: {}}}", "at reference, background or {parameter: value}, not {}", None),
        ("data: {asimov: {at: null}}", "at reference, background or {parameter: value}, not null", None),
        ("data: {asimov: {at: [1, 2]}}", "at reference, background or {parameter: value}, not [1, 2]", None),
        ("data: {asimov: {}}", "asimov needs 'at': write data: {asimov: {at: reference}}", None),
        ("data: {asimov: {att: reference}}", "unknown key 'att' of asimov", "at"),
        ("data: {asimov: {at: reference, of: meg2}}", "unknown key 'of' of asimov", None),
        ("data: {asimof: {at: reference}}", "unknown key 'asimof' of data", "asimov"),
        ("data: {asimov: reference}", "asimov says at which point, not 'reference': write data:", None),
        ("data: asimov", "not 'asimov': write data: {asimov: {at: reference}}", None),
        ("data: {}", "data needs 'asimov'", None),
        ("data: 3", "data is 'observed' or {asimov: {at: ...}}, not 3", None),
        ("data: null", "data is 'observed' or {asimov: {at: ...}}, not null", None),
        (
            "data: {asimov: {at: {delta_m_S: 0.7}}}",
            "data: a scalar mass is not positive at the point of the Asimov data",
            None,
        ),
        ("dat: {asimov: {at: reference}}", "unknown key 'dat'", "data"),
    ],
)
def test_what_is_no_data_set_is_refused(good, problems, line, message, suggestion) -> None:
    text = with_data(good, line)
    (problem,) = problems(text)
    assert (problem.location.file, problem.location.line) == ("fit.yaml", text.splitlines().index(line) + 1)
    assert message in problem.message
    if suggestion is not None:
        assert problem.suggestion == suggestion


def test_a_point_of_another_ansatz_is_refused_in_the_variant_that_has_it(good, problems) -> None:
    text = with_data(good, "data: {asimov: {at: {y_e: 0.1}}}") + (
        "variants:\n  - {label: single, flavour: single_y, parameters: {y: {range: [1e-3, 2]}}}\n"
    )
    (problem,) = problems(text)
    assert "parameter 'y_e' of the Asimov data belongs to another ansatz" in problem.message


def test_values_that_look_like_slips_draw_a_warning(good, read) -> None:
    file = read(with_data(good, "data: {asimov: {at: {m_dark_photon: 150}}}"))
    (warning,) = file.warnings
    assert "m_dark_photon = 150 GeV is outside" in warning.message
    assert "MeV" in warning.message


def test_an_experiment_that_does_not_say_what_it_would_observe(good, problems, tmp_path) -> None:
    (tmp_path / "own.py").write_text(
        'CARD = """\n'
        "name: own\ntitle: Mine\nlimits: BR_mu_3e\nstatus: measured\ndefault: 1\n"
        'datasets:\n  1: {limit: "< 1e-12 @ 90% CL", arxiv: "2504.15711", where: here, verified: yes}\n'
        'closure: {method: delta_chi2, tolerance: 0.005}\nnotes: Made up.\n"""\n'
        "from darkmoment.experiments import UpperLimit\n\n"
        "class Experiment(UpperLimit):\n"
        "    def chi2_of(self, response, p):\n"
        "        return response**2\n"
    )
    text = with_data(good, "data: {asimov: {at: reference}}").replace(
        "  na64: {}\n", f"  na64: {{}}\n  own: {{file: {tmp_path / 'own.py'}}}\n"
    )
    (problem,) = problems(text)
    assert "no Asimov data for own: own has a chi2 of its own" in problem.message
    assert problem.location.line == text.splitlines().index("data: {asimov: {at: reference}}") + 1
