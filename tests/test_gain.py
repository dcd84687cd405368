"""`compare` with `gain_over`: how much more each variant forbids than one of them."""

import json

import numpy as np
import pandas as pd
import pytest

from darkmoment.tasks.gain import gain_table, gains_along, sentences

ALONG = "m_dark_photon"


def cells(variant, values, status="certified", hits="2+2", x=(0.1, 1.0, 5.0)):
    """Return the rows of one variant as `compare` has them."""
    n = len(values)
    states = [status] * n if isinstance(status, str) else status
    certificate = {"hits_per_search": hits, "migrad": "valid"}
    return pd.DataFrame(
        {"variant": variant, ALONG: x[:n], "mu_eff_max": values, "status": states, **certificate}
    )


def compared(*parts, over="now"):
    table = gain_table(pd.concat(parts, ignore_index=True), "mu_eff", ALONG, over)
    return table.set_index("variant")


NOW = cells("now", [1.0, 8.0, 4.0])


def test_the_gain_in_the_largest_and_along():
    table = compared(NOW, cells("soon", [0.5, 2.0, 4.0], status="range"))
    soon = table.loc["soon"]
    assert (soon["mu_eff_max"], soon[ALONG], soon["status"]) == (4.0, 5.0, "range")
    assert soon["mu_eff_max_of_reference"] == 8.0
    assert soon["gain"] == 2.0
    assert (soon["gain_min"], soon["gain_min_at"]) == (1.0, 5.0)
    assert (soon["gain_max"], soon["gain_max_at"]) == (4.0, 1.0)
    assert soon["compared"] == 3
    assert soon[["gain_is", "gain_min_is", "gain_max_is"]].tolist() == ["", "", ""]
    assert soon["certified"] == "yes"
    assert table.loc["now", ["gain", "gain_min", "gain_max"]].tolist() == [1.0, 1.0, 1.0]


def test_a_variant_that_forbids_less_has_a_gain_below_one():
    table = compared(NOW, cells("looser", [2.0, 80.0, 4.0]))
    assert table.loc["looser", "gain"] == 0.1
    (said,) = sentences(table.reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert said == (
        "looser: largest mu_eff higher by a factor of 10 than now; at one m_dark_photon up to 10 times "
        "weaker (at 1 GeV), nowhere stronger"
    )


def test_a_loss_at_one_mass_is_called_one_though_the_largest_is_lower():
    table = compared(NOW, cells("mixed", [79.0, 2.0, 4.0]).assign(mu_eff_max=[1 / 0.0127, 2.0, 1.0]))
    (said,) = sentences(table.assign(gain=1.06).reset_index(), "mu_eff", ALONG, "GeV", "now")[:1]
    assert said.startswith("mixed: largest mu_eff lower by a factor of 1.06 than now; at one m_dark_photon ")
    assert said.endswith("up to 78.7 times weaker (at 0.1 GeV), up to 4 times stronger (at 1 GeV)")
    doubtful = cells("mixed", [10.0, 2.0, 1.0], status=["uncertified", "certified", "certified"], hits="3+0")
    (said,) = sentences(compared(NOW, doubtful).reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert (
        "at one m_dark_photon at least 10 times weaker (at 0.1 GeV), up to 4 times stronger (at 1 GeV)"
        in said
    )


DOUBTFUL = ["certified", "uncertified", "certified"]


@pytest.mark.parametrize(
    ("now", "soon", "gain_is", "words"),
    [
        # what one search alone reached is allowed: the true limit is there or above
        ({}, {"status": DOUBTFUL, "hits": "3+0"}, "at most", "lower by a factor of at most 2"),
        ({"status": DOUBTFUL, "hits": "0+3"}, {}, "at least", "lower by a factor of at least 2"),
        ({"status": DOUBTFUL, "hits": "0+3"}, {"status": DOUBTFUL, "hits": "3+0"}, "about", "of about 2"),
        # both searches agree on the largest, so it was the smallest chi2 they did not agree on
        ({}, {"status": "uncertified", "hits": "1+1"}, "about", "lower by a factor of about 2"),
        ({"status": "uncertified", "hits": "1+10"}, {}, "about", "lower by a factor of about 2"),
        # a cell without an answer may hold anything
        ({}, {"status": ["failed", "certified", "certified"]}, "at most", "at most 2"),
    ],
)
def test_what_is_not_certified_is_never_said_plainly(now, soon, gain_is, words):
    table = compared(cells("now", [1.0, 8.0, 4.0], **now), cells("soon", [0.5, 4.0, 2.0], **soon))
    assert table.loc["soon", "gain"] == 2.0
    assert table.loc["soon", "gain_is"] == gain_is
    assert table.loc["soon", "certified"] == "no"
    (said,) = sentences(table.reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert words in said
    assert said.endswith("; not certified throughout")


def test_the_doubt_of_one_cell_is_not_that_of_another():
    soon = cells("soon", [0.5, 2.0, 4.0])
    soon.loc[0, ["status", "hits_per_search"]] = ["uncertified", "1+0"]
    row = compared(NOW, soon).loc["soon"]
    assert (row["gain_max"], row["gain_max_is"]) == (4.0, "")
    assert (row["gain_min"], row["gain_min_is"]) == (1.0, "")
    along = gains_along(pd.concat([NOW, soon]), "mu_eff", ALONG, "now")["soon"]
    assert along["gain"].tolist() == [2.0, 4.0, 1.0]
    assert along["gain_is"].tolist() == ["at most", "", ""]
    assert along["status"].tolist() == ["uncertified", "certified", "certified"]


def test_uncertified_and_higher_turns_the_words_round():
    """The gain is at most 0.5: the largest value is higher by at least 2."""
    table = compared(NOW, cells("looser", [16.0], status="uncertified", hits="1+0", x=(1.0,)))
    assert table.loc["looser", "gain_is"] == "at most"
    (said,) = sentences(table.reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert "higher by a factor of at least 2 than now" in said


def test_no_limit_and_no_common_value_are_said():
    nothing = cells("nothing", [np.nan, np.nan, np.nan], status="failed", hits="0+0")
    elsewhere = cells("elsewhere", [2.0, 1.0], x=(0.2, 0.3))
    table = compared(NOW, nothing, elsewhere)
    assert table.index.tolist() == ["now", "nothing", "elsewhere"]
    assert table.loc["nothing", ["gain", "gain_min", "gain_max"]].isna().all()
    assert table.loc["elsewhere", ["gain", "compared"]].tolist() == [4.0, 0]
    said = sentences(table.reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert said[0] == "nothing: no gain over now can be named: one of them has no limit on mu_eff"
    assert said[1].endswith("lower by a factor of 4 than now; they share no value of m_dark_photon")


def test_equal_limits_are_called_equal():
    table = compared(NOW, cells("same", [1.0, 8.0, 4.0]))
    (said,) = sentences(table.reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert said == "same: largest mu_eff as for now, within 1%, and so at each of 3 values of m_dark_photon"
    table = compared(NOW, cells("same", [1.0, 8.0, 4.0], status="uncertified", hits="0+1"))
    (said,) = sentences(table.reset_index(), "mu_eff", ALONG, "GeV", "now")
    assert said.startswith(
        "same: largest mu_eff as for now, within 1% (a gain of at most 1), and so at each of"
    )
    assert said.endswith("; not certified throughout")


def test_in_a_run(darkmoment, tiny, tmp_path):
    """mu_eff is linear in g_D: a tenth of it is a gain of ten, at every mass."""
    text = tiny.read_text().partition("tasks:")[0]
    text += """\
variants:
  - {label: "$g_D = 0.5$"}
  - {label: weak, parameters: {g_D: 0.05}}
tasks:
  - compare: {points: 3, starts: 1, gain_over: "$g_D = 0.5$"}
"""
    tiny.write_text(text)
    out = tmp_path / "out"
    answer = darkmoment("run", tiny, "--out", out)
    assert answer.code == 0, answer.err
    table = pd.read_csv(out / "compare_mu_eff_gain.csv").set_index("variant")
    np.testing.assert_allclose(
        table.loc["weak", ["gain", "gain_min", "gain_max"]].astype(float), 10, rtol=1e-6
    )
    assert table["experiments"].tolist() == ["measured", "measured"]
    about = json.loads((out / "compare_mu_eff_gain.json").read_text())
    assert about["gain_over"] == "$g_D = 0.5$"
    assert "share one Delta chi2" in about["meaning"]
    assert about["units"]["mu_eff_max"] == "muB"
    assert about["units"]["gain_max_at"] == "GeV"
    assert "weak: largest mu_eff lower by a factor of 10 than g_D = 0.5, and so at each of 3" in answer.out
    assert (out / "compare_mu_eff_gain.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "compare_mu_eff_gain.pdf").read_bytes().startswith(b"%PDF")


def test_a_variant_has_one_colour_in_both_figures(darkmoment, tiny, tmp_path, monkeypatch):
    """None asks for one, and the reference is not drawn among the gains."""
    from darkmoment.plots import comparison

    drawn = {}
    makers = {name: getattr(comparison, name) for name in ("comparison_figure", "gain_figure")}
    for name in makers:

        def watched(curves, *given, of=name):
            figure = makers[of](curves, *given)
            # of each curve a line and its lone points
            lines = [line.get_color() for line in figure.axes[0].lines[: 2 * len(curves) : 2]]
            drawn[of] = dict(zip([c.label for c in curves], lines, strict=True))
            return figure

        monkeypatch.setattr(comparison, name, watched)
    text = tiny.read_text().partition("tasks:")[0]
    text += """\
variants:
  - {label: now}
  - {label: weak, parameters: {g_D: 0.05}}
  - {label: weaker, parameters: {g_D: 0.005}}
tasks:
  - compare: {points: 2, starts: 1, gain_over: now}
"""
    tiny.write_text(text)
    assert darkmoment("run", tiny, "--out", tmp_path / "out").code == 0
    limits, gains = drawn["comparison_figure"], drawn["gain_figure"]
    assert list(gains) == ["weak", "weaker"]
    assert gains == {name: limits[name] for name in gains}
    assert len(set(limits.values())) == 3
