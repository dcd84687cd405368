"""The answer at the top: value, leader, badge, point and chi2 come from one row, and it says what that is."""

import json
import re

import pandas as pd
import pytest

from darkmoment.report.largest import all_answers, answers
from darkmoment.saved import SavedRun

SLUG = "strong-g_D-0.5"
GRID = f"{SLUG}/maximise_mu_eff"


def words(html):
    text = re.sub(r"<[^>]+>", "", html).replace("\N{NARROW NO-BREAK SPACE}", "")
    return " ".join(text.split())


def read(page):
    """Return what the header says, and what is said under a heading."""
    head = words(re.search(r"<header>.*?</header>", page, re.DOTALL)[0])
    return head, lambda anchor: words(re.search(f'<section id="{anchor}".*?</section>', page, re.DOTALL)[0])


def shown(value, digits=4):
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}×10−{-int(exponent)}"


def highest(directory):
    """Return the row of the largest value along the parameter."""
    table = SavedRun.read(directory).tables[GRID].table
    return table.loc[table["mu_eff_max"].idxmax()]


@pytest.fixture
def overall(copied):
    """Return a function that adds a maximum over all ranges to a run, that many times the one of the grid."""

    def add(factor):
        row = highest(copied).to_dict() | {"mu_eff_max": factor * highest(copied)["mu_eff_max"]}
        row |= {"m_dark_photon": 0.777, "status": "uncertified", "leading_experiment": "mine"}
        row |= {"chi2_mine": 1.234, "chi2_mine_at_min": 0.034, "hits_per_search": "1+0", "starts": 24}
        pd.DataFrame([row]).to_csv(copied / SLUG / "top.csv", index=False)
        about = json.loads((copied / f"{GRID}.json").read_text()) | {"along": None}
        (copied / SLUG / "top.json").write_text(json.dumps(about))
        return row["mu_eff_max"]

    return add


def test_the_highest_of_some_values_is_called_that(copied, report):
    head, part = read(report(copied))
    row, summary = highest(copied), SavedRun.read(copied).tables["summary"].table
    value = shown(row["mu_eff_max"])
    where = f"{row['m_dark_photon']:.3g}"
    assert (
        f"At 90% CL, of the 4 values of mA′ drawn, the highest allowed μeff is {value} μB at mA′ = {where}"
        in head
    )
    assert f"The profile limit over all ranges is {shown(summary['profile_90'].iloc[0])} μB (Summary)" in head
    assert "at most" not in head
    assert f"{value} μBmA′ = " in part("answers")
    assert "highest of 4 values drawn" in part("answers")


def test_a_maximum_over_all_ranges_is_the_answer(copied, report, overall):
    value = overall(2)
    head, part = read(report(copied))
    assert f"At 90% CL μeff is at most {shown(value)} μB over all ranges; Mine" in head
    assert head.index("forbids more") < head.index(shown(highest(copied)["mu_eff_max"]))
    assert f"Of the 4 values of mA′ drawn, the highest is {shown(highest(copied)['mu_eff_max'])} μB" in head
    # everything else is of that row as well
    assert "not certified" in head
    assert f"{shown(value)} μBover all ranges" in part("answers")
    point = part("point")
    assert "1.2340.0341.2forbids more" in point
    assert "Not certified: reached by 1+0 of 24 starts of two searches" in point
    assert "0.777 GeV" in point


def test_a_search_over_all_ranges_that_missed(copied, report, overall):
    value = overall(0.5)
    head, part = read(report(copied))
    largest = shown(highest(copied)["mu_eff_max"])
    assert f"the highest allowed μeff is {largest} μB" in head
    assert f"The search over all ranges has missed this: it ended at {shown(value)} μB" in head
    assert "0.777 GeV" not in part("point")
    assert largest in part("answers")


def test_a_higher_value_along_a_parameter_may_count_from_another_smallest(copied, report, overall):
    value = overall(0.5)
    table = pd.read_csv(copied / SLUG / "top.csv")
    table["chi2_min"] -= 1.0  # somewhere else the fit is better, and less is allowed above that
    table.to_csv(copied / SLUG / "top.csv", index=False)
    head, _ = read(report(copied))
    assert f"μeff is at most {shown(value)} μB over all ranges" in head
    assert f"the highest is {shown(highest(copied)['mu_eff_max'])} μB" in head
    assert "(there Δχ² counts from the smallest at the same mA′)" in head
    assert "missed" not in head


def test_one_question_has_one_answer_whatever_table_holds_it(copied):
    """A comparison, and the reference of leave one out, ask the same at values of their own."""
    for name, column in (("compare_mu_eff", "variant"), (f"{SLUG}/leave_one_out_mu_eff", "without")):
        path = copied / f"{name}.csv"
        table = pd.read_csv(path, keep_default_na=False)
        first = table[column] == table[column].iloc[0]
        best = table.loc[first, "mu_eff_max"].astype(float).idxmax()
        table.loc[best, "mu_eff_max"] = 3e-6 if column == "variant" else 4e-6
        table.loc[best, "m_dark_photon"] = 0.5 if column == "variant" else 0.6
        table.to_csv(path, index=False)
        run = SavedRun.read(copied)
        label = run.label(SLUG)
        (answer,) = (a for a in all_answers(run) if a.variant == label)
        assert (answer.value, answer.at) == ((3e-6, 0.5) if column == "variant" else (4e-6, 0.6))
        assert answer in answers(run)
    assert {0.5, 0.6} < set(answer.drawn)
    assert len(answer.drawn) == 6


def test_mathematics_of_titles_is_set(copied, report):
    record = json.loads((copied / "record.json").read_text()) | {"title": r"Limits on $\epsilon^2$ & <i>"}
    (copied / "record.json").write_text(json.dumps(record))
    page = report(copied)
    assert '<p class="title">Limits on ε<sup>2</sup> &amp; &lt;i&gt;</p>' in page
    assert "<title>Limits on ε^2 &amp; &lt;i&gt; – darkmoment</title>" in page
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    symbol = "strong, <i>g</i><sub><i>D</i></sub> = 0.5"
    assert [c for c in captions if c.startswith("Map of") and symbol in c]
    assert [c for c in captions if "without each" in c and symbol in c]


def test_a_gain_leans_on_ranges_where_its_limit_does(later_copied, report):
    path = later_copied / "compare_mu_eff_gain.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table["status"], table["certified"] = ["range", "certified"], ["yes", "no"]
    table.to_csv(path, index=False)
    gains = re.search(r"<table><caption>By what factor.*?</table>", report(later_copied), re.DOTALL)[0]
    rows = [words(row) for row in gains.split("<tr>")[2:]]
    assert rows[0].endswith("certified, leans on ranges")
    assert rows[1].endswith("not certified throughout")


@pytest.mark.parametrize("rows", [1, 4])
def test_it_says_what_delta_chi2_counts_from(copied, report, rows):
    for about in [p for p in copied.rglob("*_mu_eff.json") if p.name != "maximise_mu_eff.json"]:
        about.unlink()  # no other table answers
    (copied / "maximise_mu_eff.json").unlink()
    for about in copied.glob("*/maximise_mu_eff.json"):
        counted = json.loads(about.read_text()) | {"counted_from": "chi2 of the Standard Model"}
        about.write_text(json.dumps(counted))
        table = about.with_suffix(".csv")
        pd.read_csv(table).head(rows).to_csv(table, index=False)
    head, _ = read(report(copied))
    assert "(Δχ² counted from χ² of the Standard Model)" in head
    assert ("values of mA′ drawn" in head) == (rows > 1)


def test_what_is_projected_or_not_certified_is_called_so(copied, later_copied, report):
    table = pd.read_csv(copied / "summary.csv")
    table.loc[table["side"] == "upper", "profile_status"] = "uncertified"
    table.to_csv(copied / "summary.csv", index=False)
    head, part = read(report(copied))
    assert "(not certified, it may be higher; Summary)" in head
    assert part("summary").count("not certified") == 6  # three levels of two variants
    head, part = read(report(later_copied))
    assert "projected" not in head  # today comes first
    assert "+ Mu3e projected" in part("answers")
