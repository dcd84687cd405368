"""Text and labels as LaTeX: a plain article, without options of encodings, compiles whatever they hold."""

import shutil
import subprocess
import unicodedata

import pytest

from darkmoment.exports.latex import booktabs, escape, label
from darkmoment.exports.mathematics import compiles

needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")

DOCUMENT = r"\documentclass{article}\usepackage{amsmath,amssymb,booktabs}\begin{document}%s\end{document}"

LATIN = [c for c in map(chr, range(0x20, 0x250)) if c.isprintable()]
GREEK = [c for c in map(chr, range(0x386, 0x3CF)) if c.isprintable()]
SIGNS = "–—‐‑‘’‚“”„«»‹›…•†‡™€‰′″→←↔⇒×±∓−·≤≥≪≫≠≈≃∼≡∝∈∞∂∇∑∫√ℓħℏ⟨⟩⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉ϕϑϵ"

HOSTILE = [
    *(
        r"$a \\ b$",
        r"$\cr$",
        r"$\end{tabular}$",
        r"$\begin{tabular}{l}$",
        r"$\verb|a|$",
        r"$\par$",
        r"$\hline$",
    ),
    *(
        r"$x_1_2$",
        r"$x^a^b$",
        r"$x^2'$",
        r"$x'_1'$",
        r"$' '$",
        r"$\foo$",
        r"$\frac{1}{2$",
        r"$\frac{1}$",
        r"$_$",
    ),
    *(
        r"$x_\hat a$",
        r"$x_\sin$",
        r"$x_\left(a\right)$",
        r"$\hat\left(a\right)$",
        r"$\left(a$",
        r"$a\right)$",
    ),
    *(
        r"$\left({a\right)}$",
        r"$\{a}$",
        r"$\mathrm$",
        r"$\big x$",
        r"$\sqrt$",
        r"$\text{a}$",
        r"$\mathbb{R}$",
    ),
    *(
        r"$^^5cinput{x}$",
        r"$\input{x}$",
        r"$\char`\%$",
        r"$a % b$",
        r"$a & b$",
        r"$#$",
        r"$~$",
        '$"$',
        "$a\fb$",
    ),
    *(
        "$" + "{" * 300 + "}" * 300 + "$",
        "$$",
        "$$x$$",
        "$ $",
        "$x",
        r"\$5 and $x",
        r"$\$$",
        r"$a\$ b$",
        "\\$",
    ),
    *(
        "[1] today",
        "[U+2603]",
        "☃ first",
        "* starred",
        "",
        '"quoted"',
        "a--b",
        "?`!`",
        "漢字 ψ « » đ",
        "a\nb\x00\x0c",
    ),
    *(r"\input{x}", "%", "~^|<>\\{}_&#$", "e\u0301", "\u0301", "\u200b", "🙂"),
]


def compiled(body, folder):
    """Compile a document; return what LaTeX says."""
    (folder / "paper.tex").write_text(DOCUMENT % f"\n\\tracinglostchars=2\n{body}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Missing character" not in done.stdout
    return done.stdout


@needs_latex
def test_every_character_compiles(tmp_path):
    compiled(
        "\n\n".join(f"a {escape(c)} b{escape(c)}c" for c in (*LATIN, *GREEK, *SIGNS, "漢", "☃")), tmp_path
    )


def test_what_latex_can_print_is_printed():
    assert [c for c in (*GREEK, *SIGNS) if "U+" in escape(c)] == []
    named = "".join(c for c in LATIN if "U+" in escape(c) and ord(c) < 0x180)
    assert named == "ÐÞðþĄąĐđĘęĦĮįĸĿŀŉŊŋŦŧŲųſ"  # only with fonts of another encoding


@needs_latex
def test_every_label_compiles(tmp_path):
    rows = [[label(text), label(f"{text} and {text}"), label(f"a {text}")] for text in HOSTILE]
    tables = (booktabs(row, [row, row], row[1], f"tab:{k}") for k, row in enumerate(rows))
    compiled("\n\\clearpage\n".join(tables), tmp_path)


@needs_latex
def test_mathematics_that_is_let_through_compiles(tmp_path):
    pieces = [
        "a",
        "2",
        r"\mu",
        r"\sum",
        r"\log",
        "{b}",
        r"\bar\nu",
        r"\mathrm{c d}",
        r"\frac12",
        r"\left(a\right]",
        r"{\rm b}",
        r"\rm",
        r"\text{eff}",
        r"\sqrt[3]{x}",
        r"\lesssim",
        r"\boldsymbol{x}",
        r"\operatorname{BR}",
        r"\mathbb{R}",
        r"\dfrac12",
    ]
    pieces += [
        r"\sqrt{x}",
        "(",
        "|",
        r"\,",
        r"\ ",
        r"\_",
        r"\$",
        r"\hat",
        r"\mathrm",
        r"\frac",
        r"\left",
        "'",
        "' ",
    ]
    scripts = [
        "",
        "_",
        "^",
        "_1",
        "^2",
        "'",
        r"_\nu",
        r"^\mathrm{a}",
        r"_\log",
        "_1^2",
        "^2_1",
        "'_1",
        "_1'",
        "''^2",
    ]
    found = [f"{x}{s}{y}" for x in pieces for s in scripts for y in ("", *pieces)]
    passed = [mathematics for mathematics in found if compiles(mathematics)]
    compiled("\n\n".join(f"\\mbox{{${mathematics}$}}" for mathematics in passed), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "$g_D$ = 0.5",
            r"$\frac{1}{2}$, $m_{A'}$",
            r"$\bar\nu_\mu$",
            r"$|\mu_{\nu_e}|$",
            r"$a\$ b$",
            r"$10^{-11}$",
        ),
        *(
            r"$\mu^{\mathrm{max}}_\mathrm{eff}$",
            r"$\left\{x\right.$",
            r"$\sqrt{\hat s}\,$GeV$^{-1}$",
            "$x''_1$",
            r"$E_{\rm th}$",
            r"$\lesssim 0.1$",
            r"$\mu_\text{eff}$",
            r"$\sqrt[3]{x}$",
            r"$\operatorname{BR}(\mu\to e\gamma)$",
            r"$\dfrac{1}{2}$",
        ),
    ],
)
def test_mathematics_stays(text):
    assert label(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\foo$", r"\$\textbackslash{}foo\$"),
        (r"costs \$5", r"costs \$5"),
        ("$\\nu_τ$", r"$\nu_\tau $"),
        (r"\$5, $x$", r"\$5, $x$"),
        (r"\$5, $x", r"\$5, \$x"),
        ("„ηρκ“ – Ω", r",,$\eta$$\rho$$\kappa$`` -- $\Omega$"),
        ('5" Łódź naïve', r"5\char34{} Łódź naïve"),
        (unicodedata.normalize("NFD", "é"), "é"),
    ],
)
def test_labels(text, expected):
    assert label(text) == expected


def test_a_row_that_begins_with_a_bracket_is_no_option():
    lines = booktabs(["[1]", "x"], [["* a", "y"], ["b", "z"]], "", "t").splitlines()
    assert [line for line in lines if line.endswith(r"\\")] == [r"{}[1] & x \\", r"{}* a & y \\", r"b & z \\"]
