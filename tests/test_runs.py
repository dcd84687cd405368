"""Run directories: what the tasks write, what is taken over, and what stops a run."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import darkmoment as package


def is_figure(stem):
    png, pdf = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.pdf")
    return png.read_bytes().startswith(b"\x89PNG") and pdf.read_bytes().startswith(b"%PDF")


def test_maximise(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    options = ("--along", "m_dark_photon", "--points", 3, "--starts", 1, "--level", 0.95)
    answer = darkmoment("maximise", tiny, *options, "--out", out)
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == f"results in {out}"
    assert "tiny: largest mu_eff = " in answer.out
    assert "95% CL" in answer.out
    table = pd.read_csv(out / "maximise_mu_eff.csv")
    assert len(table) == 3
    wanted = {
        *(
            "m_dark_photon",
            "mu_eff_max",
            "leading_experiment",
            "starts",
            "hits",
            "spread",
            "status",
            "at_bound",
        ),
        *("epsilon", "g_D", "y", "delta_theta", "m_S", "m_E", "P_ee", "chi2_meg2", "chi2_na64"),
    }
    assert wanted <= set(table)
    about = json.loads((out / "maximise_mu_eff.json").read_text())
    assert about["level"] == 0.95
    assert about["units"]["mu_eff_max"] == "muB"
    assert about["units"]["m_dark_photon"] == "GeV"
    assert about["references"]["meg2"] == ["2504.15711"]
    assert is_figure(out / "maximise_mu_eff")
    assert {p.name for p in out.iterdir()} >= {"best_fit.yaml", "summary.csv", "record.json", "result.json"}
    # one free parameter is left in each cell, so the answer is known: NA64's chi2 uses up the allowance
    held = {name: table[name].to_numpy() for name in ("m_dark_photon", "epsilon")}
    fit = package.Fit.load(tiny)
    np.testing.assert_allclose(table["mu_eff_max"], fit.predictions(held)["mu_eff"], rtol=1e-12)
    np.testing.assert_allclose(fit.chi2(held)[:, 1], 3.8414588, rtol=1e-3)
    assert set(table["leading_experiment"]) == {"na64"}
    assert set(table["status"]) == {"certified"}


def test_profile(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    answer = darkmoment(
        "profile", tiny, "--x", "epsilon", "--points", 5, "--range", "1e-5,1e-2", "--out", out
    )
    assert answer.code == 0
    assert "tiny: epsilon < " in answer.out
    table = pd.read_csv(out / "profile_epsilon.csv")
    assert {"epsilon", "chi2", "delta_chi2", "status", "m_dark_photon", "chi2_na64"} <= set(table)
    asked = np.geomspace(1e-5, 1e-2, 5)
    assert np.isclose(table["epsilon"].to_numpy()[:, None], asked).any(axis=0).all()
    # the crossing named is closed in on by cells of its own
    named = float(answer.out.split("epsilon < ")[1].split()[0])
    fit = package.Fit.load(tiny)
    again = package.profile(fit, "epsilon", [named])
    assert again.table["delta_chi2"][0] == pytest.approx(2.7055, abs=0.1)
    assert table["delta_chi2"].is_monotonic_increasing
    about = json.loads((out / "profile_epsilon.json").read_text())
    assert about["units"]["m_dark_photon"] == "GeV"
    assert is_figure(out / "profile_epsilon")


def test_sample(darkmoment, tiny, tmp_path):
    import xarray

    out = tmp_path / "out"
    options = ("--ensembles", 2, "--walkers", 8, "--ess", 20, "--max-steps", 1000)
    answer = darkmoment("sample", tiny, *options, "--out", out)
    about = json.loads((out / "sample.json").read_text())
    assert answer.code == (0 if about["converged"] else 1)
    assert about["verdict"] in answer.out
    assert pd.read_csv(out / "sample.csv")["name"].tolist() == ["m_dark_photon", "epsilon", "mu_eff"]
    samples = pd.read_csv(out / "sample_samples.csv")
    assert {"ensemble", "walker", "m_dark_photon", "epsilon", "mu_eff", "chi2"} <= set(samples)
    fit = package.Fit.load(tiny)
    point = {name: samples[name].to_numpy() for name in ("m_dark_photon", "epsilon")}
    np.testing.assert_allclose(samples["mu_eff"], fit.predictions(point)["mu_eff"], rtol=1e-9)
    np.testing.assert_allclose(samples["chi2"], fit.total_chi2(point), rtol=1e-6, atol=1e-8)
    with xarray.open_dataset(out / "sample.nc", group="posterior", engine="h5netcdf") as posterior:
        assert posterior.sizes["chain"] == 2
        assert set(posterior.data_vars) == {"m_dark_photon", "epsilon", "mu_eff"}
        assert np.sort(posterior["epsilon"].to_numpy().ravel()) == pytest.approx(np.sort(samples["epsilon"]))
    assert is_figure(out / "sample_corner")
    summary = pd.read_csv(out / "summary.csv").set_index("name")
    assert summary.loc["mu_eff", "posterior_90"] == pytest.approx(np.quantile(samples["mu_eff"], 0.9))


# --- run directories --------------------------------------------------------------------------------------

QUICK = ("maximise", "--along", "m_dark_photon", "--points", "2", "--starts", "1", "--set", "epsilon=1e-4")


def quick(darkmoment, file, *arguments):
    """Run one small task in which nothing is free besides the mass."""
    command, *rest = QUICK
    return darkmoment(command, file, *rest, *arguments)


@pytest.fixture
def record(tmp_path):
    return lambda name: json.loads((tmp_path / name / "record.json").read_text())


def test_seed_and_fit_make_the_digest(darkmoment, tiny, tmp_path, record):
    for name, arguments in {"a": (), "b": (), "seed": ("--seed", 5), "set": ("--set", "y=0.05")}.items():
        assert quick(darkmoment, tiny, "--out", tmp_path / name, *arguments).code == 0
    digests = {name: record(name)["digest"] for name in ("a", "b", "seed", "set")}
    assert digests["a"] == digests["b"]
    assert len(set(digests.values())) == 3
    assert record("seed")["seed"] == 5
    assert record("set")["fixed"] == {"epsilon": 1e-4, "y": 0.05}
    assert len(record("a")["data"]["na64"]["na64_2023_invisible.csv"]) == 64
    same = [(tmp_path / name / "maximise_mu_eff.csv").read_bytes() for name in "ab"]
    assert same[0] == same[1]


def test_a_directory_that_holds_something_is_left_alone(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    for arguments, message in [
        ((), "is not empty (it holds thesis.tex)"),
        (("--resume",), "is not a run to resume"),
    ]:
        answer = quick(darkmoment, tiny, "--out", out, *arguments)
        assert answer.code == 2
        assert message in answer.err
    assert [p.name for p in out.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_a_directory(darkmoment, tiny):
    answer = quick(darkmoment, tiny, "--out", tiny)
    assert answer.code == 2
    assert f"{tiny} is a file, not a directory" in answer.err
    answer = quick(darkmoment, tiny, "--out", tiny / "below")
    assert answer.code == 2
    assert "cannot be written to" in answer.err


def test_a_directory_that_cannot_be_written_to(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    try:
        (out / "probe").write_text("")
    except OSError:
        answer = quick(darkmoment, tiny, "--out", out)
        assert answer.code == 2
        assert f"{out}: cannot be written to (Permission denied)" in answer.err
    else:
        pytest.skip("this user may write anywhere")


def test_resume_takes_over_what_is_finished(darkmoment, tiny, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    def again(*_, **__):
        raise AssertionError("a finished task was run again")

    with monkeypatch.context() as patch:
        patch.setattr("darkmoment.tasks.profile.profile", interrupt)
        answer = darkmoment("run", tiny, "--out", out)
    assert answer.code == 130
    kept = f"what was finished is kept in {out}: the same command with --resume goes on"
    assert answer.err == f"darkmoment: interrupted; {kept}\n"
    finished = (out / "maximise_mu_eff.csv").read_bytes()
    first_line = answer.out.splitlines()[0]
    assert not (out / "profile_epsilon.csv").exists()

    with monkeypatch.context() as patch:
        patch.setattr("darkmoment.tasks.maximise.maximise", again)
        answer = darkmoment("run", tiny, "--out", out, "--resume")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == first_line
    assert (out / "maximise_mu_eff.csv").read_bytes() == finished
    assert (out / "profile_epsilon.csv").exists()

    # and what an uninterrupted run gives is the same, to the byte
    whole = tmp_path / "whole"
    assert darkmoment("run", tiny, "--out", whole).code == 0
    for name in ("maximise_mu_eff.csv", "profile_epsilon.csv", "summary.csv", "best_fit.yaml"):
        assert (whole / name).read_bytes() == (out / name).read_bytes(), name

    # everything finished: nothing is computed
    with monkeypatch.context() as patch:
        for task in ("maximise.maximise", "profile.profile", "summary.maximise", "summary.best_fit"):
            patch.setattr(f"darkmoment.tasks.{task}", again)
        assert darkmoment("run", tiny, "--out", out, "--resume").code == 0

    # another fit, seed or data is not taken over, and what changed is named
    tiny.write_text(tiny.read_text().replace("m_S: 0.3", "m_S: 0.4"))
    answer = darkmoment("run", tiny, "--out", out, "--resume")
    assert answer.code == 2
    assert "belongs to another run; changed since: fits.parameters.m_S.value (0.3 -> 0.4)" in answer.err
    tiny.write_text(
        tiny.read_text().replace("m_S: 0.4", "m_S: 0.3").replace("meg2: {}", "meg2: {dataset: 2023}")
    )
    assert (
        'experiments.meg2.dataset ("2025" -> "2023")' in darkmoment("run", tiny, "--out", out, "--resume").err
    )
    tiny.write_text(tiny.read_text().replace("meg2: {dataset: 2023}", "meg2: {}"))
    assert "seed (1 -> 2)" in darkmoment("run", tiny, "--out", out, "--resume", "--seed", 2).err
    assert darkmoment("run", tiny, "--out", out, "--resume").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
def test_control_c_from_outside(tmp_path):
    out = tmp_path / "out"
    # the handler is set by hand: processes started in the background may inherit that it is ignored
    code = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from darkmoment.cli import main
sys.exit(main(sys.argv[1:]))
"""
    command = [sys.executable, "-c", code, "run", "global", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not (out / "run.yaml").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    kept = f"what was finished is kept in {out}: the same command with --resume goes on"
    assert err == f"darkmoment: interrupted; {kept}\n"
    record = json.loads((out / "record.json").read_text())
    assert record["name"] == "global"


def test_nothing_allowed_is_said_not_crashed_on(darkmoment, tiny, tmp_path):
    text = (
        tiny.read_text().replace("meg2: {}", "meg2: {shape: step}").replace("na64: {}", "na64: {shape: step}")
    )
    tiny.write_text(text)
    answer = quick(darkmoment, tiny, "--set", "y=3", "--out", tmp_path / "out")
    assert answer.code == 1
    assert "no allowed point was found" in answer.out
    assert "2 of 2 cells have no allowed point" in answer.err
    assert set(pd.read_csv(tmp_path / "out" / "maximise_mu_eff.csv")["status"]) == {"failed"}
    answer = darkmoment("sample", tiny, "--set", "y=3", "--out", tmp_path / "sample")
    assert answer.code == 3
    assert "none of 20000 prior draws is allowed" in answer.err
    assert "Traceback" not in answer.err


def test_a_likelihood_without_answer_stops_a_run(darkmoment, tiny, tmp_path, monkeypatch):
    from darkmoment.likelihoods.na64.likelihood import Experiment

    monkeypatch.setattr(Experiment, "response", lambda self, p: np.full(1, np.nan))
    answer = quick(darkmoment, tiny, "--out", tmp_path / "out")
    assert answer.code == 3
    assert "na64 returned NaN as chi2, at m_dark_photon = " in answer.err
    assert "Traceback" not in answer.err


def test_variants_have_folders_and_a_common_table(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    text = tiny.read_text().replace(
        "tasks:", 'variants:\n  - {label: "g_D = 0.5"}\n  - {label: weak, parameters: {g_D: 0.05}}\ntasks:'
    )
    tiny.write_text(text)
    assert quick(darkmoment, tiny, "--out", out).code == 0
    together = pd.read_csv(out / "maximise_mu_eff.csv")
    assert together["variant"].tolist() == ["g_D = 0.5"] * 2 + ["weak"] * 2
    top, weak = (together["mu_eff_max"].to_numpy()[s] for s in (slice(0, 2), slice(2, 4)))
    np.testing.assert_allclose(top, 10 * weak, rtol=1e-9)
    assert {p.name for p in out.iterdir() if p.is_dir()} == {"g_D-0.5", "weak"}
    one = tmp_path / "one"
    assert quick(darkmoment, tiny, "--out", one, "--variant", "weak").code == 0
    np.testing.assert_allclose(
        pd.read_csv(one / "weak" / "maximise_mu_eff.csv")["mu_eff_max"], weak, rtol=1e-12
    )


def test_a_parameter_of_a_variant_alone_can_be_held(darkmoment, tiny, tmp_path):
    changed = "flavour: general, parameters: {y: null, y_e: 0.1, y_mu: {range: [0.01, 1]}, flavour_angle: 1}"
    tiny.write_text(tiny.read_text().replace("tasks:", f"variants:\n  - {{label: full, {changed}}}\ntasks:"))
    assert (
        quick(darkmoment, tiny, "--out", tmp_path / "a", "--variant", "full", "--set", "y_mu=0.2").code == 0
    )
    answer = quick(darkmoment, tiny, "--out", tmp_path / "b", "--set", "y=0.2")
    assert answer.code == 2
    assert "full: there is no parameter 'y' in this fit (it belongs to another ansatz)" in answer.err


def test_a_run_without_tasks(darkmoment, tiny):
    tiny.write_text(tiny.read_text().partition("tasks:")[0])
    answer = darkmoment("run", tiny)
    assert answer.code == 2
    assert "has no tasks" in answer.err
