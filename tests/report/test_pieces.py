"""Small pieces of the page: numbers, symbols, axes, colours, sentences."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.parameters import PARAMETERS
from darkmoment.report import certificate
from darkmoment.report.markup import Html, number_html, number_text, table, tag
from darkmoment.report.names import Names
from darkmoment.report.palette import Palette, contrast, lightened
from darkmoment.report.scale import Scale, is_logarithmic
from darkmoment.report.tex import as_html, as_svg, as_text, label_html, label_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.721e-11, "1.721×10⁻¹¹"),
        (-2e-9, "−2×10⁻⁹"),
        (0.0, "0"),
        (0.00123, "0.00123"),
        (123456.7, "123457"),
        (12345678, "1.235×10⁷"),
        (float("inf"), "∞"),
        (float("nan"), "–"),
        (1.0, "1"),
        (100.0, "100"),
    ],
)
def test_numbers(value, text):
    assert number_text(value) == text


def test_numbers_in_html():
    assert "1.721×10<sup>−11</sup>" in number_html(1.721e-11).text


@pytest.mark.parametrize(
    ("tex", "text", "html"),
    [
        (r"m_{A'}", "m_A′", "<i>m</i><sub><i>A</i></sub><sub>′</sub>"),
        (r"\mu_\mathrm{eff}", "μ_eff", "μ<sub>eff</sub>"),
        (r"\sin^2\theta_{23}", "sin^2θ_23", "sin<sup>2</sup>θ<sub>23</sub>"),
        (r"\mathrm{BR}(\mu\to 3e)", "BR(μ→3e)", "BR(μ→3<i>e</i>)"),
        (r"\frac{1}{2}", "1/2", "1/2"),
        (r"x^{\frac12}", "x^1/2", "<i>x</i><sup>1/2</sup>"),
        (r"\tfrac{g_D}{2\pi}", "g_D/(2π)", "<i>g</i><sub><i>D</i></sub>/(2π)"),
        (r"\mathrm{GeV}\dfrac{a+b}{10}", "GeV(a+b)/10", "GeV(<i>a</i>+<i>b</i>)/10"),
        (r"\sqrt{4\pi}\sqrt2", "√(4π)√2", "√(4π)√2"),
    ],
)
def test_symbols(tex, text, html):
    assert as_text(tex) == text
    assert as_html(tex) == html


def test_every_symbol_of_the_catalogue_is_understood():
    labels = [info.label for info in PARAMETERS.values()]
    for name in ("global", "paper", "projections"):
        labels += [o.label for o in Fit.load(name).model.table.values()]
    for label in labels:
        for shown in (as_text(label), as_html(label), as_svg(label)):
            assert "\\" not in shown, label
            assert "{" not in shown, label


@pytest.mark.parametrize(
    "tex",
    [
        "x_",
        "\\frac",
        "\\frac1",
        "\\sqrt{",
        "x^\\frac",
        "{a",
        "}b",
        "\\",
        "x^\\mathrm{",
        "",
        "_",
        "\\nobody{x}",
        "$",
    ],
)
def test_any_text_is_a_symbol(tex):
    for show in (as_text, as_html, as_svg):
        assert isinstance(show(tex), str)


def test_labels_are_escaped():
    assert label_html("a < b, $g_D = 0.5$ <b>") == ("a &lt; b, <i>g</i><sub><i>D</i></sub> = 0.5 &lt;b&gt;")
    assert label_html("$<b>$") == "&lt;<i>b</i>&gt;"
    assert label_text("5 $ and more") == "5 $ and more"


def test_elements_escape_what_is_in_them():
    assert (
        tag("p", "a & b", Html("<b>c</b>"), class_='x"y').text == '<p class="x&quot;y">a &amp; b<b>c</b></p>'
    )
    assert tag("img", src="data:,", alt=None).text == '<img src="data:,">'
    assert "<td>&lt;i&gt;</td>" in table(["a", "b"], [["x", "<i>"]]).text
    assert table(["a"], []).text == ""
    # for ears as for eyes: escaped once, and without elements
    assert 'aria-label="q &quot;x &amp; y"' in table(["a"], [["b"]], 'q "x & y').text
    assert 'aria-label="y2 &lt; 1"' in table(["a"], [["b"]], Html("y<sup>2</sup> &lt; 1")).text


def test_sentences():
    names = Names.of({"fits": {"": Fit.load("global").spec.resolved()}}, {"na64": "NA64 e- (2023)"})
    found = names.sentence(
        "largest mu_eff = 1.18e-09 muB at m_dark_photon = 1.5 <na64>; Delta chi2 of y"
    ).text
    assert found == (
        'largest μ<sub>eff</sub> = <span class="nb">1.18×10<sup>−9</sup></span> μ<sub>B</sub> at '
        "<i>m</i><sub><i>A</i></sub><sub>′</sub> = 1.5 &lt;NA64 e- (2023)&gt;; Δχ² of y"
    )
    assert names.plain("m_E max 1e+04") == "m_E max 10000"
    assert names.sentence("single $y^2$: 1 +- 2").text == "single <i>y</i><sup>2</sup>: 1 ± 2"
    assert names.plain("single $y^2$") == "single y^2"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "certified: reached by 3+4 of 8 starts of two searches"),
        ({"chi2": 1.0}, "certified: 0 of 8 starts of the first round; two searches of the whole line agree"),
        (
            {"chi2": 1.0, "delta_chi2_at_x": 0.0, "hits": 7, "status": "range"},
            "certified, leans on ranges: 7 of 8 starts of the first round; "
            "two searches of the whole map agree",
        ),
        ({"chi2": 1.0, "status": "uncertified"}, "not certified: 0 of 8 starts of the first round"),
        ({"chi2": 1.0, "hits": float("nan")}, "certified"),
        ({"status": "failed"}, "no allowed point"),
    ],
)
def test_certificates_in_words(row, words):
    known = {"status": "certified", "starts": 8, "hits": 0, "hits_per_search": "3+4"}
    assert certificate.words(known | row) == words


def test_a_logarithmic_axis():
    scale = Scale.around([1e-3, 8.0], 0, 100)
    assert scale.logarithmic
    np.testing.assert_allclose(scale.at([1e-3, np.sqrt(8e-3), 8.0]), [0, 50, 100], atol=1e-9)
    assert [text for _, text in scale.ticks()] == ["0.001", "0.01", "0.1", "1"]
    assert np.isnan(scale.at([0.0, -1.0])).all()
    edges = scale.edges([1e-3, 1e-2, 1e-1])
    assert len(edges) == 4
    assert (np.diff(edges) > 0).all()


def test_a_linear_axis():
    scale = Scale.around([0.0, 2e-8], 0, 100)
    assert not scale.logarithmic
    assert [as_text(text) for _, text in scale.ticks()][-1] == "2×10^−8"
    for values in ([], [3.0], [np.nan], [0.0], [2.0, 3.0], [-1.0, 1.0]):
        scale = Scale.around(values, 0, 100)
        assert scale.high > scale.low
        assert scale.ticks()


def test_colours():
    palette = Palette()
    assert palette.css("C0") == palette.css("#0072B2") == "var(--k0)"
    assert palette.css("not a colour") == "var(--k1)"
    found = palette.experiments(["meg2+na64", "na64+meg2", "na64"])
    assert found["meg2+na64"] == found["na64+meg2"] != found["na64"]
    style = palette.style()
    assert "--k0:#0072b2" in style
    assert "prefers-color-scheme:dark" in style
    for colour in ("#000000", "#10106A", "#0072B2", "#ffffff"):
        assert contrast(lightened(colour), "#14171c") >= 4


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (1e-13, 2e-12, ["5×10^−13", "1×10^−12", "1.5×10^−12", "2×10^−12"]),
        (0.0, 1e-30, ["0", "2×10^−31", "4×10^−31", "6×10^−31", "8×10^−31", "1×10^−30"]),
        (0.0, 0.7, ["0", "0.2", "0.4", "0.6"]),
        (-0.3, 0.3, ["−0.2", "0", "0.2"]),
        (1.0, 1.0000001, ["1.00000002", "1.00000004", "1.00000006", "1.00000008", "1.0000001"]),
    ],
)
def test_ticks_of_a_linear_axis_of_any_size(low, high, texts):
    ticks = Scale(low, high, 0, 100, False).ticks()
    shown = [as_text(text) for _, text in ticks]
    assert set(texts) <= set(shown)
    assert len(set(shown)) == len(shown)


def test_an_axis_is_logarithmic_where_the_figures_are():
    fits = [
        {"parameters": {"y": {"value": 1.0}}},
        {"parameters": {"y": {"range": [1.0, 2.0], "prior": "log_uniform"}, "t": {"range": [1, 30]}}},
    ]
    known = {"mu_eff": True, "asymmetry": False}
    names = ("mu_eff", "asymmetry", "delta_chi2", "y", "t", "else")
    assert [is_logarithmic(n, known, fits) for n in names] == [True, False, False, True, True, None]
    narrow = Scale.around([1e-12, 4e-12], 0, 100, logarithmic=True)
    assert narrow.logarithmic
    assert [as_text(text) for _, text in narrow.ticks()] == ["10^−12", "2×10^−12"]
    assert not Scale.around([1.0, 1e9], 0, 100, logarithmic=False).logarithmic
    for values in ([], [0.0], [1.1, 1.2], [3.0]):
        scale = Scale.around(values, 0, 100, logarithmic=True)
        assert scale.high > scale.low > 0
        assert len(scale.ticks()) > 1
