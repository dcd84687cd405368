"""Notebooks run from top to bottom with this interpreter and give again the numbers they show."""

import json
import math
import os
import re
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from darkmoment.runfile.loader import load

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 300
LARGEST = 1_000_000
TRACES = re.compile(r"/(home|root|tmp|work|Users)/|[A-Z]:\\\\|ipykernel_\d|Traceback")


class ThisInterpreter(AsyncKernelManager):
    """Starts the kernel `python3` with sys.executable, whatever kernels the user has installed."""

    def _kernel_spec_manager_default(self):
        return KernelSpecManager(kernel_dirs=[])


def execute(path, folder, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    # no profile, matplotlibrc or notebook configuration of the user has a say
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "MPLCONFIGDIR": str(folder / "mpl")}
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        kernel_manager_class=ThisInterpreter,
        timeout=SECONDS,
        coalesce_streams=True,  # on a busy machine what a cell prints comes in pieces
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute(env=environment)


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def key_numbers(notebook):
    """Return what the last cell prints: a JSON object, name -> number, or [number, how far it may differ]."""
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    # what a cell prints may come in pieces
    printed = "".join(output.text for output in last.outputs if output.output_type == "stream")
    assert printed, "the last cell has to print its key numbers as JSON"
    return json.loads(printed)


def figures(notebook):
    """Return how many figures each cell shows."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in code]


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_gives_its_stored_numbers_again(path, tmp_path, monkeypatch):
    stored = nbformat.read(path, as_version=4)
    fresh = execute(path, tmp_path, monkeypatch)
    warned = [output.text for output in outputs(fresh) if output.get("name") == "stderr"]
    assert not warned
    again, before = key_numbers(fresh), key_numbers(stored)
    assert list(again) == list(before)
    for name, value in before.items():
        # what rests on random chains or on a search is given with the accuracy it has
        number, within = value if isinstance(value, list) else (value, 1e-6 * abs(value))
        found = again[name][0] if isinstance(value, list) else again[name]
        assert abs(found - number) <= within, f"{name}: {found} instead of {number} within {within}"
    assert figures(fresh) == figures(stored)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_executed_and_clean(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < LARGEST
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any(figures(notebook))
    assert not [output for output in outputs(notebook) if output.get("name") == "stderr"]
    assert not any(cell.metadata for cell in notebook.cells)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for output in outputs(notebook):
        output.get("data", {}).pop("image/png", None)  # any letters may follow each other in base64
    assert not TRACES.search(nbformat.writes(notebook))


STATED = {
    "neutrino mass, e-mu entry: m_nu_emu": (-0.173e6, 1e-3),
    "neutrino mass, ee entry: m_nu_ee": (-0.1224e6, 1e-3),
    "Z -> N N: delta_N_nu": (2.000, 1e-4),
    "Z width, sigma": (271, 2e-3),
    "T, cut off at m_E: T_parameter": (107.7, 1e-3),
    "W mu nu coupling: delta_W_mu": (-0.0293, 2e-2),  # that is four scalars of 0.3 GeV
    "K -> e N Phi: BR_K_e_N_Phi": (3.59e-4, 1e-3),
    "mu -> e A' at 2 MeV, broken": (1.67e-5, 5e-3),
    "mu -> e A' at 10 MeV, broken": (5.71e-7, 5e-3),
    "mu -> e A' at 50 MeV, broken": (9.63e-8, 5e-3),
    "mu -> e A' at 90 MeV, broken": (1.40e-7, 5e-3),
    "nu_e rate, plus": (-0.10, 0.05),
    "nu_e nu_e A': g_nu_ee": (-0.575 * 0.5 / (16 * math.pi**2), 1e-3),
}
"""What is known of the benchmark from derivations outside of the package, and to how many digits."""


def test_scrutiny_shows_the_known_numbers_of_the_benchmark():
    found = key_numbers(nbformat.read(FOLDER / "03_scrutiny.ipynb", as_version=4))
    for name, (value, digits) in STATED.items():
        assert found[name] == pytest.approx(value, rel=digits), name
    assert found["waterfall never rises"] == found["waterfall is certified"] == 1


def test_scrutiny_tells_of_every_step_of_the_shipped_fit():
    notebook = nbformat.read(FOLDER / "03_scrutiny.ipynb", as_version=4)
    (table,) = (c.source for c in notebook.cells if "| step |" in c.source)
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")][2:]
    labels = [spec.label for spec in load("scrutiny").fits]
    assert len(rows) == len(labels)
    values = [float(row[1].strip("| ")) for row in rows]
    assert sorted(values[:-1], reverse=True) == values[:-1]
    for row, label in zip(rows, labels, strict=True):
        plain = re.sub(r"[$\\ ]", "", row[0].replace(r"\to", "->"))
        assert plain.startswith(label.replace(" ", "")), (row[0], label)
