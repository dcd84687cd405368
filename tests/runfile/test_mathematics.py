"""Labels and titles that figures cannot print are refused when the file is read."""

import re
import subprocess
import sys

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from darkmoment.plots.style import printed, style
from darkmoment.report.tex import label_html, label_text
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads
from darkmoment.runfile.mathematics import label_objection

BAD = {
    r"$\foo$": r"Unknown symbol: \foo",
    r'$\foo$ and "q"': r"Unknown symbol: \foo",
    "$x_1_2$": "Double subscript",
    r"$a \\ b$": "Expected end of text",
    r"$\frac{1}{2$": r"Expected \frac{num}{den}",
    r"$x$, $\end{tabular}$": r"Unknown symbol: \end",
    "$$": "Expected end of text",
    "$mu_nue$": "Expected end of text",  # a dataset's name is printed as a symbol itself
}
GOOD = [
    "",
    "plain",
    "costs $5",
    r"costs \$5 and \$6",
    r"$a\$ b$",
    "$5 or $6",
    "$g_D$ = 0.5",
    r"$\foo",
    r"\foo_1_2",
]
GOOD += [r"\$5 for $m_{A'}$", "$'$", "ψ « » đ", r"$\mu_{\nu_e}$ of mu_nue"]


def drawn(text):
    """Draw a text as figures do."""
    with style():
        figure = Figure()
        figure.text(0.5, 0.5, printed(text))
        FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize("text", GOOD)
def test_what_figures_print_passes(text):
    assert label_objection(text) is None
    drawn(text)


@pytest.mark.parametrize("text", BAD)
def test_what_they_cannot_is_refused_with_the_reason(text):
    reason = label_objection(text)
    assert reason is not None
    assert reason.startswith(f"'{text}' holds mathematics that figures cannot print ({BAD[text]}")
    assert reason.endswith(r"); \$ prints a dollar sign")
    with pytest.raises(ValueError, match="Parse"):
        drawn(text)


def test_a_parser_that_breaks_down_refuses_as_well():
    reason = label_objection(r"$\hat\mu^2'$")
    assert reason is not None
    assert "(matplotlib's reader of it fails); " in reason


CURVE = "m_dark_photon [GeV],mu_eff [muB]\n0.1,1e-14\n1,3e-13\n"
LOCAL = '''
from darkmoment.experiments import UpperLimit
CARD = """
name: mine
title: Mine at $\\\\foo$
limits: BR_mu_e_gamma
status: measured
default: 1
datasets: {1: {limit: "< 2e-13 @ 90% CL", journal: nowhere, where: nowhere, verified: yes}}
closure: {method: delta_chi2, tolerance: 0.005}
notes: Made up.
"""
class Experiment(UpperLimit): pass
'''
PLACES = [
    ("title:", r"title: 'All $\foo$'", 2, r"title 'All $\foo$' holds"),
    ("seed:", "seed: 1\nlabel: '$\\foo$'", 28, r"label '$\foo$' holds"),
    ("seed:", "variants:\n  - {label: one}\n  - {label: '$\\foo$'}", 29, r"label '$\foo$' holds"),
    (
        "  meg2",
        "  mine: {limits: BR_mu_e_gamma, value: 1e-13, cl: 0.9, title: '$\\foo$'}",
        21,
        r"title '$\foo$' holds",
    ),
    ("  meg2", "  mine: {file: mine.py}", 21, r"experiment 'mine': its title 'Mine at $\foo$' holds"),
    (
        "  - maximise",
        "  - maximise: {along: m_dark_photon, overlay: {file: mine.csv, label: '$\\foo$'}}",
        25,
        r"label of overlay of task maximise: '$\foo$' holds",
    ),
]


@pytest.mark.parametrize(("start", "line", "number", "message"), PLACES)
def test_every_place_is_checked_when_the_file_is_read(change, tmp_path, start, line, number, message):
    (tmp_path / "mine.csv").write_text(CURVE)
    (tmp_path / "mine.py").write_text(LOCAL)
    text = change((start, line))
    with pytest.raises(RunFileError) as caught:
        loads(text, "fit.yaml", tmp_path)
    (problem,) = caught.value.problems
    assert problem.location.line == number
    assert problem.message.startswith(message)
    assert re.search(r"\(Unknown symbol: .*; \\\$ prints a dollar sign$", problem.message)
    (tmp_path / "mine.py").write_text(LOCAL.replace("foo", "mu"))
    loads(text.replace("foo", "mu"), "fit.yaml", tmp_path)


def test_without_mathematics_nothing_is_imported(good, tmp_path):
    (tmp_path / "fit.yaml").write_text(good + "label: 'plain, costs $5'\n")
    code = "import sys; from darkmoment.runfile.loader import load; load('fit.yaml')"
    code += "; assert 'matplotlib.mathtext' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)


def test_a_dollar_sign_after_a_backslash():
    assert printed(r"\$5's and \$6") == r"\$5's and \$6"
    assert printed(r"\$5 for $m_{A'}$") == r"\$5 for $m_{A\prime }$"
    assert label_text(r"\$5 for $m_{A}$, \$6") == "$5 for m_A, $6"
    assert label_html(r"\$5 for $m$") == "$5 for <i>m</i>"
