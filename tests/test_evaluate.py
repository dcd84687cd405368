"""`darkmoment evaluate`: the paper's numbers, exact zeros, notes, and tables of points."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

SET = ("--set", "g_D=0.5", "--set", "epsilon=1e-4", "--set", "m_dark_photon=0.1")


def shown(number):
    """Return five significant digits."""
    return f"{number:.4e}"


@pytest.mark.parametrize(
    ("formulas", "moment", "branching"),
    [
        ((), "7.8356e-10", "7.6006e-14"),
        (("--formulas", "derived"), "7.8356e-10", "7.6006e-14"),
        (("--formulas", "printed"), "8.0981e-07", "6.0805e-13"),
    ],
)
def test_the_benchmark(darkmoment, formulas, moment, branching):
    answer = darkmoment("evaluate", "paper", "--json", *SET, *formulas)
    found = json.loads(answer.out)
    assert answer.code == 0
    assert answer.err == ""
    assert shown(found["observables"]["mu_emu_muB"]) == moment
    assert shown(found["observables"]["BR_mu_e_gamma"]) == branching
    assert shown(found["observables"]["mu_eff_muB"]) == moment.replace("e-10", "e-14").replace("e-07", "e-11")
    assert found["point"]["m_dark_photon"] == 0.1


def test_the_json_object_has_the_keys_of_the_documentation(darkmoment):
    found = json.loads(darkmoment("evaluate", "paper", "--json").out)
    keys = ["point", "observables", "chi2", "total_chi2", "out_of_range", "notes", "from_derived"]
    assert list(found) == keys
    assert set(found["observables"]) == {
        *("mu_emu_muB", "mu_eff_muB", "mu_emu_per_GeV", "BR_mu_e_gamma", "BR_mu_3e"),
        *("CR_mu_e_Al", "CR_mu_e_Ti", "CR_mu_e_Au", "delta_a_mu", "delta_a_e"),
        *("m_nu_eV", "BR_invisible", "borexino_limit_muB"),
        *("delta_N_nu", "T_parameter", "T_parameter_10TeV", "delta_W_e", "delta_W_mu", "majorana_yukawa"),
        *("BR_K_e_N_Phi", "BR_K_mu_N_Phi", "BR_mu_e_dark_photon", "BR_mu_3e_dark_photon"),
    }
    assert found["observables"]["BR_invisible"] == 1
    assert list(found["chi2"]) == ["meg2", "na64", "borexino"]
    assert found["total_chi2"] == sum(found["chi2"].values())


def test_stdout_is_the_object_alone_in_a_process_of_its_own():
    command = [sys.executable, "-m", "darkmoment.cli", "evaluate", "global", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["notes"] == []
    assert done.stdout.startswith("{")
    assert done.stdout.endswith("}\n")
    assert done.stderr == ""


def test_with_printed_formulas_what_the_paper_has_no_formula_for_is_listed(darkmoment):
    derived = json.loads(darkmoment("evaluate", "paper", "--json").out)
    printed = json.loads(darkmoment("evaluate", "paper", "--json", "--formulas", "printed").out)
    assert derived["from_derived"] == []
    assert set(printed["from_derived"]) >= {"BR_mu_3e", "CR_mu_e_Au", "delta_a_e"}
    for name in printed["from_derived"]:
        assert printed["observables"][name] == derived["observables"][name], name
    changed = {k for k, v in derived["observables"].items() if printed["observables"][k] != v}
    assert changed == {"mu_emu_muB", "mu_eff_muB", "mu_emu_per_GeV", "BR_mu_e_gamma", "delta_a_mu"}


@pytest.mark.parametrize(
    ("fit", "assignment"),
    [
        # a Yukawa that MEG II allows by either formula
        (("paper", "--set", "y=0.05"), "m_majorana=0"),
        (("paper", "--set", "y=0.05"), "delta_theta=0"),
        (("paper", "--set", "y=0.05"), "delta_m_S=0"),
        (("global", "--variant", "general"), "flavour_angle=0"),
    ],
)
@pytest.mark.parametrize("formulas", ["derived", "printed"])
def test_zeros_are_exact_and_silent(darkmoment, fit, assignment, formulas):
    answer = darkmoment("evaluate", *fit, "--json", "--formulas", formulas, "--set", assignment)
    found = json.loads(answer.out)
    assert answer.err == ""
    assert found["notes"] == []
    for name in ("mu_emu_muB", "mu_eff_muB", "mu_emu_per_GeV"):
        assert found["observables"][name] == 0, name
    assert found["chi2"]["borexino"] == 0
    assert found["observables"]["BR_mu_e_gamma"] > 0


def test_a_broken_hard_limit_is_inf_with_its_reason(darkmoment):
    answer = darkmoment("evaluate", "paper", "--json", "--set", "epsilon=1e-2", "--set", "y=0.5")
    found = json.loads(answer.out)
    assert answer.code == 0
    assert found["chi2"] == {"meg2": "inf", "na64": "inf", "borexino": 0}
    assert found["total_chi2"] == "inf"
    assert [note.split(",")[0] for note in found["notes"]] == [
        "meg2: chi2 is infinite",
        "na64: chi2 is infinite",
    ]
    # the note says by how much: (epsilon/epsilon_lim)^2, with NA64's 3.46e-4 at 100 MeV
    times = float(found["notes"][1].split(",")[1].split()[0])
    assert times == pytest.approx((1e-2 / 3.462e-4) ** 2, rel=1e-3)


def test_an_unphysical_spectrum_is_inf_with_its_reason(darkmoment):
    answer = darkmoment("evaluate", "paper", "--json", "--set", "delta_m_S=0.7")
    found = json.loads(answer.out)
    assert answer.code == 0
    assert set(found["chi2"].values()) == {"inf"}
    assert found["total_chi2"] == "inf"
    (note,) = found["notes"]
    assert note == "unphysical: m_H1 = -0.05 GeV, m_A1 = -0.05 GeV must be > 0; chi2 is infinite"
    assert found["observables"]["mu_eff_muB"] is None


@pytest.mark.parametrize(
    ("mass", "silent"),
    [("0.1", []), ("5", ["na64"]), ("20", ["na64", "babar"]), ("0.5 MeV", ["na64", "babar"])],
)
def test_experiments_that_say_nothing_are_listed(darkmoment, mass, silent):
    found = json.loads(darkmoment("evaluate", "global", "--json", "--set", f"m_dark_photon={mass}").out)
    assert found["out_of_range"] == silent
    assert all(found["chi2"][name] == 0 for name in silent)
    assert found["chi2"]["na64"] > 0 or "na64" in silent


@pytest.mark.parametrize(
    ("assignment", "doubt"),
    [
        ("y=3.2", "y_e = y_mu = 3.805: not perturbative"),
        ("g_D=4", "g_D = 4 is outside 0 .. 3.54491: not perturbative"),
        ("m_dark_photon=300", "was this meant in MeV?"),
    ],
)
def test_values_that_look_like_slips_are_doubted_not_refused(darkmoment, assignment, doubt):
    answer = darkmoment("evaluate", "paper", "--json", "--set", assignment)
    notes = json.loads(answer.out)["notes"]
    assert answer.code == 0
    assert sum(doubt in note for note in notes) == 1


def test_without_json_the_same_is_said_in_words(darkmoment):
    answer = darkmoment("evaluate", "paper", "--formulas", "printed", "--set", "m_dark_photon=2")
    assert answer.code == 0
    assert "BR_mu_e_gamma          6.08049e-13" in answer.out
    assert "note: na64 says nothing here: outside its range" in answer.out
    assert "note: meg2: chi2 is infinite, 1.96145 times its hard limit" in answer.out
    assert "note: the paper prints no formula for BR_mu_3e" in answer.out


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (("m_S=-1",), "m_S = -1 must be > 0"),
        (("epsilon=2",), "epsilon = 2 must be <= 1"),
        (("g_D=-1",), "g_D = -1 must be >= 0"),
        (("m_S=nan",), "'nan' is not a number"),
        (("m_S=heavy",), "'heavy' is not a number"),
        (("m_S",), "name=value"),
        (("m_S=",), "name=value"),
        (("m_SS=1",), "unknown parameter 'm_SS' (did you mean 'm_S'?)"),
        (("m_S=45 deg",), "a number in GeV is wanted"),
        (("m_H1=1",), "unknown parameter 'm_H1'"),
        (("m_S=1", "m_S=2"), "m_S is set to 1 already"),
    ],
)
def test_assignments_without_meaning(darkmoment, assignments, message):
    answer = darkmoment("evaluate", "paper", "--json", *(a for text in assignments for a in ("--set", text)))
    assert answer.code == 2
    assert answer.out == ""
    assert message in answer.err
    assert answer.err.startswith("darkmoment: ")
    assert "Traceback" not in answer.err


def test_a_batch_equals_single_points_to_the_bit(darkmoment, tmp_path):
    seed = 7
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    names = ("epsilon", "m_dark_photon", "y", "m_S", "delta_m_S")
    ranges = ((1e-8, 1e-2), (1e-3, 30.0), (1e-3, 3.0), (0.2, 1.0), (1e-3, 0.6))
    points = [
        {n: float(np.exp(rng.uniform(*np.log(r)))) for n, r in zip(names, ranges, strict=True)}
        for _ in range(12)
    ]
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = [",".join(names), *(",".join(repr(p[n]) for n in names) for p in points)]
    table.write_text("\n".join(lines) + "\n")
    assert darkmoment("evaluate", "global", "--points", table, "--out", out).code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert len(rows) == len(points)
    for row, point in zip(rows, points, strict=True):
        sets = [a for name, value in point.items() for a in ("--set", f"{name}={value!r}")]
        alone = json.loads(darkmoment("evaluate", "global", "--json", *sets).out)
        expected = alone["point"] | alone["observables"] | {f"chi2_{k}": v for k, v in alone["chi2"].items()}
        for name, value in (expected | {"total_chi2": alone["total_chi2"]}).items():
            assert row[name] == "" if value is None else float(row[name]) == float(value), name
        assert row["out_of_range"].split() == alone["out_of_range"]
        assert row["notes"] == "; ".join(alone["notes"])


def test_without_out_the_table_goes_to_stdout(darkmoment, tmp_path):
    table = tmp_path / "in.csv"
    # as a spreadsheet writes it: byte order mark, carriage returns, spaces, an empty line
    table.write_bytes("\ufeffepsilon, m_S\r\n1e-4, 0.3\r\n\r\n2e-4, 0.4\r\n".encode())
    answer = darkmoment("evaluate", "paper", "--points", table)
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert [(float(r["epsilon"]), float(r["m_S"])) for r in rows] == [(1e-4, 0.3), (2e-4, 0.4)]
    assert answer.err == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epsilon,m_SS\n1e-4,1\n", ":1: paper has no parameter 'm_SS' (did you mean 'm_S'?)"),
        ("epsilon,y_e\n1e-4,1\n", ":1: paper has no parameter 'y_e'"),
        ("epsilon,epsilon\n1e-4,1e-4\n", ":1: column 'epsilon' occurs twice"),
        ("epsilon,\n1e-4,1e-4\n", ":1: paper has no parameter ''"),
        ("epsilon,m_S\n1e-4,0.3\n1e-4,-1\n", ":3: m_S = -1 must be > 0"),
        ("epsilon,m_S\n1e-4,0.3\n\n1e-4,heavy\n", ":4: m_S = 'heavy' is not a number"),
        ("epsilon,m_S\n1e-4,0.3\n1e-4,\n", ":3: m_S = '' is not a number"),
        ("epsilon,m_S\n1e-4,0.3\n1e-4\n", ":3: 1 values for 2 columns"),
        ("epsilon,m_S\n1e-4,0.3,7\n", ":2: 3 values for 2 columns"),
        ("epsilon\nnan\n", ":2: epsilon = nan is not a finite number"),
        ("epsilon\n", ": holds no points"),
        ("", ": holds no points"),
    ],
)
def test_tables_that_cannot_be_read(darkmoment, tmp_path, text, message):
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text(text)
    answer = darkmoment("evaluate", "paper", "--points", table, "--out", out)
    assert answer.code == 2
    assert f"{table}{message}" in answer.err
    assert "Traceback" not in answer.err
    assert not out.exists()


def test_missing_and_unreadable_tables(darkmoment, tmp_path):
    answer = darkmoment("evaluate", "paper", "--points", tmp_path / "none.csv")
    assert answer.code == 2
    assert f"{tmp_path / 'none.csv'}: cannot be read (No such file or directory)" in answer.err
    assert darkmoment("evaluate", "paper", "--points", tmp_path).code == 2
    table = tmp_path / "in.csv"
    table.write_bytes(b"epsilon\n\xff\xfe\n")
    answer = darkmoment("evaluate", "paper", "--points", table)
    assert answer.code == 2
    assert "is not UTF-8 text" in answer.err


def test_arguments_that_do_not_go_together(darkmoment, tmp_path):
    table = tmp_path / "in.csv"
    table.write_text("m_S\n0.3\n")
    for arguments, message in [
        (("--points", table, "--json"), "use one of them"),
        (("--out", tmp_path / "out.csv"), "give --points as well"),
        (
            ("--points", table, "--set", "m_S=0.3"),
            f"{table}:1: m_S is a column here and given by --set as well",
        ),
        (("--points", table, "--out", tmp_path / "none" / "out.csv"), "cannot be written"),
        (("--variant", "singel"), "there is corrected-g_D-0.5,"),
    ]:
        answer = darkmoment("evaluate", "paper", *arguments)
        assert (answer.code, answer.out) == (2, "")
        assert message in answer.err


def test_a_variant_is_found_by_label_and_by_folder(darkmoment):
    by_label = darkmoment("evaluate", "paper", "--json", "--variant", "printed, $g_D = 0.05$").out
    by_folder = darkmoment("evaluate", "paper", "--json", "--variant", "printed-g_D-0.05").out
    assert by_label == by_folder
    assert json.loads(by_label)["point"]["g_D"] == 0.05
    assert json.loads(by_label)["from_derived"]


def test_a_reader_that_leaves_early_is_no_failure():
    # the pipe's other end is closed before anything is written
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "darkmoment.cli", "experiments"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def test_a_likelihood_without_answer_stops_with_name_and_point(darkmoment, monkeypatch):
    from darkmoment.likelihoods.na64.likelihood import Experiment

    def fail(self, p):
        raise ZeroDivisionError("boom")

    for broken, message in [
        (fail, "na64 raised ZeroDivisionError: boom"),
        (lambda self, p: np.full(1, np.nan), "na64 returned NaN"),
        (lambda self, p: np.ones((2, 2)), "na64 returned a chi2 of shape (2, 2)"),
    ]:
        monkeypatch.setattr(Experiment, "response", broken)
        answer = darkmoment("evaluate", "global", "--json", *SET)
        assert (answer.code, answer.out) == (3, "")
        assert message in answer.err
        assert "at m_dark_photon = 0.1, epsilon = 0.0001, g_D = 0.5" in answer.err
        assert "Traceback" not in answer.err
