"""`at: [0.02, 50 MeV]`: the values of `along` that a task is to ask for."""

import pandas as pd
import pytest

TASKS = {
    "maximise": "maximise_mu_eff",
    "leave_one_out": "leave_one_out_mu_eff",
    "compare_conventions": "compare_conventions_mu_eff",
}


@pytest.mark.parametrize("kind", TASKS)
def test_a_task_asks_at_the_chosen_values(darkmoment, tiny, kind):
    text = tiny.read_text()
    text = text[: text.index("tasks:")]
    tiny.write_text(
        text + f"tasks:\n  - {kind}: {{along: m_dark_photon, at: [50 MeV, 0.02, 0.7], starts: 1}}\n"
    )
    out = tiny.parent / "out"
    assert darkmoment("run", tiny, "--out", out).code in (0, 1)
    table = pd.read_csv(out / f"{TASKS[kind]}.csv")
    assert sorted(set(table["m_dark_photon"])) == [0.02, 0.05, 0.7]
    assert darkmoment("verify", out).code == 0


def test_the_same_from_the_command_line(darkmoment, tiny):
    out = tiny.parent / "out"
    asked = ("--along", "m_dark_photon", "--at", "0.02", "50 MeV", "--starts", "1", "--out", out)
    assert darkmoment("maximise", tiny, *asked).code in (0, 1)
    assert list(pd.read_csv(out / "maximise_mu_eff.csv")["m_dark_photon"]) == [0.02, 0.05]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("at: [0.1]", "say of which with along"),
        ("along: m_dark_photon, at: [0.1], edges: true", "choose one"),
        ("along: m_dark_photon, at: [0.1, 100 MeV]", "a value twice"),
        ("along: m_dark_photon, at: [-0.1]", "must be > 0"),
        ("along: m_dark_photon, at: []", "is empty"),
        ("along: m_dark_photon, at: [0.1, 20]", "20 lies outside its range 0.01 .. 1 in tiny"),
        ("along: m_dark_photon, at: [100, 200]", "was this meant in MeV? [100, 200] MeV is [0.1, 0.2] GeV"),
        ("along: m_dark_photon, at: [a]", "at of task maximise"),
    ],
)
def test_what_is_no_list_of_values(darkmoment, tiny, options, said):
    text = tiny.read_text()
    tiny.write_text(text[: text.index("tasks:")] + f"tasks:\n  - maximise: {{{options}}}\n")
    answer = darkmoment("check", tiny)
    assert answer.code == 2
    assert said in answer.err
    assert "tiny.yaml:18" in answer.err
