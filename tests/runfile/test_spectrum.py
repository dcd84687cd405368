"""A reference point with negative scalar masses is told when the file is read, in the words of `evaluate`."""

import json

import pytest

from darkmoment.runfile.loader import load
from darkmoment.runfile.shipped import shipped

BAD = "unphysical: m_H1 = -0.2 GeV, m_A1 = -0.2 GeV must be > 0; chi2 is infinite"
FILE = "extends: global\nname: bad\nparameters:\n  delta_m_S: 1 GeV\ntasks: null\n"


def test_check_names_the_line_and_what_is_wanted(darkmoment, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(FILE)
    answer = darkmoment("check", file)
    assert answer.code == 0
    assert answer.err.splitlines() == [
        f"warning: {file}:4: the reference point is {BAD}; wanted is m_S > delta_m_S/2, which is 0.5 GeV "
        "there, and m_S is free in [0.2, 1]"
    ]
    assert BAD in json.loads(darkmoment("evaluate", file, "--json").out)["notes"]


@pytest.mark.parametrize("name", shipped())
def test_shipped_fits_are_physical(name):
    assert not [w for w in load(name).warnings if "unphysical" in w.message]


def test_a_variant_whose_mass_is_tied(tmp_path):
    file = tmp_path / "tied.yaml"
    file.write_text(
        "extends: global\ntasks: null\nvariants:\n  - label: fine\n  - label: bad\n    parameters:\n"
        '      m_S: {expr: "delta_m_S/4"}\n      delta_m_S: {range: [0.1, 0.2], reference: 0.2}\n'
    )
    (warning,) = load(file).warnings
    assert (warning.location.file, warning.location.line) == (str(file), 8)
    assert warning.message == (
        "the reference point is unphysical: m_H1 = -0.05 GeV, m_A1 = -0.05 GeV must be > 0; chi2 is "
        "infinite; wanted is m_S > delta_m_S/2, which is 0.1 GeV there, and delta_m_S is free in [0.1, 0.2]"
    )


def test_a_run_says_it_of_what_is_held_as_well(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    darkmoment("run", tiny, "--set", "delta_m_S=1", "--out", out)
    warnings = json.loads((out / "result.json").read_text())["warnings"]
    assert any("the reference point is unphysical: m_H1 = -0.2 GeV" in text for text in warnings)


def test_a_run_says_it_once_and_not_where_the_command_line_mends_it(darkmoment, tiny, tmp_path):
    tiny.write_text(tiny.read_text().replace("delta_m_S: 0.1", "delta_m_S: 0.8"))
    answer = darkmoment("run", tiny, "--set", "delta_m_S=0.1", "--out", tmp_path / "mended")
    assert "unphysical" not in answer.err
    answer = darkmoment("run", tiny, "--out", tmp_path / "bad")
    assert answer.err.count("the reference point is unphysical") == 1
