"""Values that mean something, and probably something else: MeV for GeV, degrees for radian."""

import json

import numpy as np
import pytest

from darkmoment import Fit

SLIPS = {
    "a mass range in MeV": (
        (
            "m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}",
            "m_dark_photon: {range: [10, 100]}",
        ),
        (4, "range of m_dark_photon = [10, 100] GeV", "MeV? [10, 100] MeV is [0.01, 0.1] GeV"),
        "[10 GeV, 100 GeV]",
    ),
    "the same with min and max": (
        (
            "m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}",
            "m_dark_photon: {min: 10, max: 1000}",
        ),
        (4, "range of m_dark_photon = [10, 1000] GeV", "MeV? [10, 1000] MeV is [0.01, 1] GeV"),
        "[10 GeV, 1000 GeV]",
    ),
    "TeV": (("m_E: 2000", "m_E: 1.27"), (13, "m_E = 1.27 GeV", "TeV? 1.27 TeV is 1270 GeV"), "1.27 GeV"),
    "a heavy mass in MeV": (
        ("m_E: 2000", "m_E: 2e6"),
        (13, "m_E = 2e+06 GeV", "MeV? 2e+06 MeV is 2000 GeV"),
        "2e+06 GeV",
    ),
    "a scalar": (("m_S: 0.3", "m_S: 300"), (9, "m_S = 300 GeV", "MeV? 300 MeV is 0.3 GeV"), "300 GeV"),
    "a splitting": (
        ("delta_m_S: 0.1", "delta_m_S: 100"),
        (10, "delta_m_S = 100 GeV", "MeV? 100 MeV"),
        "100 GeV",
    ),
    "a Majorana mass": (
        ("m_majorana: 0.03", "m_majorana: 100"),
        (11, "m_majorana = 100 GeV", "MeV?"),
        "100 GeV",
    ),
    "eV": (("m_S: 0.3", "m_S: 30000000"), (9, "m_S = 3e+07 GeV", "eV? 3e+07 eV is 0.03 GeV"), "3e+07 GeV"),
    "degrees": (
        ("delta_theta: pi/4", "delta_theta: 45"),
        (8, "delta_theta = 45 rad", "deg? 45 deg is 0.785"),
        "45 rad",
    ),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_of_the_unit_is_told_once_and_silenced_by_writing_the_unit(darkmoment, tiny, case):
    (old, new), (line, value, meant), meaning_it = SLIPS[case]
    assert old in tiny.read_text()
    tiny.write_text(tiny.read_text().replace(old, new))
    answer = darkmoment("check", tiny)
    assert answer.code == 0
    (warning,) = without_the_spectrum(answer.err)
    assert warning.startswith(f"warning: {tiny}:{line}: {value} is outside ")
    assert meant in warning
    assert warning.endswith(f"; if it is meant, write {meaning_it}")
    # as the warning says
    name = new.partition(":")[0]
    entry = f"{{range: {meaning_it}}}" if meaning_it.startswith("[") else meaning_it
    silent = [f"  {name}: {entry}" if f"  {new}" == text else text for text in tiny.read_text().splitlines()]
    tiny.write_text("\n".join(silent) + "\n")
    assert without_the_spectrum(darkmoment("check", tiny).err) == []


def without_the_spectrum(told):
    """Leave out what is said besides of a splitting so large that masses are negative."""
    return [line for line in told.splitlines() if "the reference point is unphysical" not in line]


def test_an_angle_in_degrees_that_has_no_meaning_is_refused_with_it_in_radian(darkmoment, tmp_path):
    file = tmp_path / "angle.yaml"
    file.write_text(
        "extends: global\nvariants: null\nflavour: general\ntasks: null\nparameters: {y: null, "
        "y_e: 0.1, y_mu: 0.1, flavour_angle: 45}\n"
    )
    answer = darkmoment("check", file)
    assert answer.code == 2
    assert "flavour_angle = 45 must be <= 1.5708; was this meant in deg? 45 deg is 0.785398 rad" in answer.err


def test_a_slip_on_the_command_line_is_told_as_well(darkmoment, tiny):
    answer = darkmoment("evaluate", tiny, "--json", "--set", "m_dark_photon=50")
    assert answer.code == 0
    assert answer.err.startswith("warning: --set m_dark_photon=50: m_dark_photon = 50 GeV is outside")
    assert json.loads(answer.out)["point"]["m_dark_photon"] == 50
    assert darkmoment("evaluate", tiny, "--set", "m_dark_photon=50 GeV").err == ""
    # what evaluate notes itself is not said twice
    answer = darkmoment("evaluate", tiny, "--set", "m_dark_photon=300")
    assert (answer.out + answer.err).count("was this meant in MeV?") == 1


def test_a_column_in_mev_is_told_once(darkmoment, tmp_path):
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("m_dark_photon,epsilon\n" + "".join(f"{m},1e-4\n" for m in (20, 100, 500)))
    answer = darkmoment("evaluate", "paper", "--points", table, "--out", out)
    assert answer.code == 0
    assert answer.err.splitlines() == [
        f"warning: {table}: m_dark_photon = 20 .. 500 GeV is outside 1e-09 .. 10: masses are in GeV; was "
        "this meant in MeV? [20, 500] MeV is [0.02, 0.5] GeV"
    ]
    table.write_text("m_dark_photon\n0.02\n20\n")  # a column that begins where masses are likely
    assert darkmoment("evaluate", "paper", "--points", table).err == ""


def test_in_python_it_is_a_warning_of_the_answer():
    fit = Fit.load("paper")
    slip = "m_dark_photon = 100 GeV is outside 1e-09 .. 10: masses are in GeV; was this meant in MeV? "
    slip += "100 MeV is 0.1 GeV"
    assert slip in fit.evaluate({"m_dark_photon": 100.0}).warnings
    found = fit.evaluate({"m_dark_photon": np.linspace(100, 400, 30)}).warnings
    assert sum("m_dark_photon = 100 .. 400 GeV" in text for text in found) == 1
    assert sum("m_dark_photon =" in text for text in found) == 1
    # beyond what is usual in some rows: one warning as well
    found = fit.evaluate({"m_dark_photon": np.geomspace(0.1, 1000, 30)}).warnings
    assert [text for text in found if "m_dark_photon =" in text] == [
        "8 of 30 points: m_dark_photon = 108.264 GeV is outside 1e-09 .. 10: masses are in GeV; was this "
        "meant in MeV? 108.264 MeV is 0.108264 GeV; with other numbers at the others"
    ]


def test_one_rule_for_files_and_points(darkmoment, tiny):
    told = darkmoment("evaluate", tiny, "--set", "m_S=300")
    tiny.write_text(tiny.read_text().replace("m_S: 0.3", "m_S: 300"))
    assert "m_S = 300 GeV is outside 1e-06 .. 10: " in darkmoment("check", tiny).err
    assert "m_S = 300 GeV is outside 1e-06 .. 10: " in told.out + told.err
