"""The README says what is true: its code runs, its tables agree with the cards, its numbers with the fits."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from darkmoment import Fit
from darkmoment.cli import _parser
from darkmoment.experiments.discovery import shipped
from darkmoment.levels import delta_chi2, z_score
from darkmoment.listing import as_markdown
from darkmoment.runfile.loader import loads

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

OPENING = [
    "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/darkmoment run paper --out paper-run",
    "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/python -m pytest -n logical",
]


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def rows(heading):
    """Return the cells of the table under a heading, without its first two lines."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_it_opens_with_the_two_commands():
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    assert re.findall(r"^    (\S.*)$", prose, re.MULTILINE) == OPENING
    assert TEXT.index(OPENING[1]) < TEXT.index("\n## ")


def test_ci_runs_the_second():
    pattern = re.search(r'grep -o "(.*)" README.md', (ROOT / ".ci" / "run").read_text())[1]
    found = [m[0] for line in TEXT.splitlines() if (m := re.search(pattern, line))]
    assert found == [OPENING[1]]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("there", [True, False])
def test_ci_installs_a_browser_where_there_is_none(tmp_path, there):
    steps = re.search(r"^has_browser.*^export [^\n]*", (ROOT / ".ci" / "run").read_text(), re.M | re.S)[0]
    for name in ("bash", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    stubs = {
        "id": "echo 0",
        "apt-get": f'echo "$*" >> {tmp_path}/asked',
        **({"chromium": ""} if there else {}),
    }
    for name, line in stubs.items():
        (tmp_path / name).write_text(f"#!{tmp_path}/bash\n{line}\n")
        (tmp_path / name).chmod(0o755)
    script = f"set -euo pipefail\n{steps}\necho $DARKMOMENT_BROWSER"
    done = subprocess.run(
        [tmp_path / "bash", "-c", script], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "required\n", "")
    asked = (tmp_path / "asked").read_text().splitlines() if not there else []
    assert (tmp_path / "asked").exists() != there
    if not there:
        assert asked[0].startswith("update")
        assert re.search(r"install .*chromium fonts-dejavu-core$", asked[1])


def test_the_python_runs_and_finds_the_number_quoted(capsys, tmp_path, monkeypatch):
    (code,) = blocks("python")
    scope = {}
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), scope)
    out = capsys.readouterr().out
    assert "('meg2', 'na64', 'borexino')" in out
    assert repr(scope["limit"]) in out
    assert all(text in out for text in scope["limit"].warnings)
    assert (tmp_path / "limit.pdf").read_bytes().startswith(b"%PDF")
    (row,) = scope["limit"].table.to_dict("records")
    quoted = re.search(r"The last lines find (\S+) mu_B", TEXT)[1]
    assert f"{row['mu_eff_max']:.2e}" == quoted
    assert row["leading_experiment"] == "meg2+na64"
    assert row["status"] == "range"
    assert len(row["at_bound"].split(";")) == 4
    assert len(code.strip().splitlines()) <= 12


def test_the_python_of_long_runs_compiles_and_names_what_exists():
    from inspect import signature

    from darkmoment import maximise
    from darkmoment.inference.workers import Processes

    local, slurm = blocks("py")
    for code in (local, slurm):
        compile(code, "README.md", "exec")
    assert f"from {Processes.__module__} import {Processes.__name__}" in local
    assert "crew" in signature(maximise).parameters
    # what dask-jobqueue 0.9 knows
    known = {"queue", "account", "walltime", "cores", "processes", "memory", "jobs", "maximum_jobs", "flush"}
    assert set(re.findall(r"(\w+)=", slurm)) <= known


def test_the_run_file_is_right():
    (text,) = blocks("yaml")
    file = loads(text, "README.md")
    assert file.warnings == ()
    whole, without, injected = file.fits
    assert set(whole.experiments) - set(without.experiments) == {"babar"}
    fit = Fit(whole)
    assert fit.parameter("delta_m_S").value == 0.1
    assert fit.parameter("P_ee").free
    assert Fit(injected).data == "Asimov data at reference"
    assert fit.chi2({}).shape == (1, len(fit.experiments) + 1)
    assert [task.kind for task in file.tasks] == ["maximise", "profile"]


def test_the_experiments_are_those_of_the_cards():
    table = as_markdown(shipped())
    assert table in TEXT, f"put this table into the README:\n{table}"
    listed = {(name, dataset) for name, card in shipped().items() for dataset in card.datasets}
    assert len(rows("Experiments")) == len(listed)


def test_every_command_is_listed_and_every_option_named_exists():
    parser = _parser()
    commands = next(a.choices for a in parser._actions if hasattr(a, "choices") and a.choices)
    listed = [re.findall(r"`(\w[\w-]*)", cells[0]) for cells in rows("Commands")]
    assert sorted(name for names in listed for name in names) == sorted(commands)
    for cells in rows("Commands"):
        for command in re.findall(r"`(\w[\w-]*)", cells[0]):
            known = commands[command].format_help()
            for option in re.findall(r"--[\w-]+", cells[1]):
                assert option in known, (command, option)


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`darkmoment ([^`]+)`", TEXT))))
def test_every_command_line_can_be_read(line):
    assert _parser().parse_args(shlex.split(line)).command == line.split()[0]


def test_the_numbers_are_right():
    fit = Fit.load("paper")
    assert fit.parameter("y").reference == 0.086
    assert fit.parameter("g_D").value == 0.5
    for formulas in ("derived", "printed"):
        observables = fit.using(formulas).evaluate({}).observables.iloc[0]
        assert f"{observables['mu_emu_muB']:.3e}" in TEXT
        assert f"{observables['BR_mu_e_gamma']:.3e}" in TEXT
    assert f"{delta_chi2(0.90):.4f}, 0.95 one of {delta_chi2(0.95):.4f}" in TEXT
    assert f"z = {z_score(0.90):.4f}" in TEXT


def test_the_numbers_under_the_figure_are_right():
    text = " ".join(TEXT.partition("(docs/global.png)")[2].partition("\n## ")[0].split())
    single, general, borexino = re.findall(r"(\S+) mu_B", text)
    fit = Fit.load("global", "general")
    found = fit.maximise("mu_eff", along="m_dark_photon", points=[0.1], level=0.90)
    assert f"{found.value:.2e}" == general
    alone = fit.evaluate({"m_dark_photon": 0.1}).observables["borexino_limit_muB"].iloc[0]
    assert f"{alone:.2e}" == borexino
    # the first is found, and checked, in the lines of Python
    assert f"The last lines find {single} mu_B" in TEXT


def test_links_lead_somewhere_and_nothing_of_this_machine_is_named():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert target.startswith("https://arxiv.org/abs/") or (ROOT / target).is_file(), target
    for path in re.findall(r"`((?:tests|notebooks|likelihoods)/[^`]*)`", TEXT):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"`python (tests/\S+)`", TEXT):
        assert (ROOT / path).is_file(), path
    assert not re.search(r"/(home|tmp|work|root|Users)/", TEXT)
    hosts = set(re.findall(r"https?://([^/\s)]+)", TEXT))
    assert hosts == {"arxiv.org"}
