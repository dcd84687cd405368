"""Notebooks run from top to bottom with this interpreter and give again the numbers they show."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

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
    printed = [output for output in outputs(notebook)[-1:] if output.output_type == "stream"]
    assert printed, "the last cell has to print its key numbers as JSON"
    return json.loads(printed[0].text)


def figures(notebook):
    return ["image/png" in output.get("data", {}) for output in outputs(notebook)]


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
