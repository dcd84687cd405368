"""What a run has to cite, as BibTeX that another parser reads."""

import json
import re

import pytest

from darkmoment.citing import bibtex, used_tools
from darkmoment.experiments.discovery import shipped

KNOWN_FIELDS = {"eprint", "archivePrefix", "note", "title", "howpublished", "year", "doi"}


def parse(text: str) -> dict[str, dict[str, str]]:
    """Read BibTeX by counting braces, as BibTeX does; anything between entries is refused."""
    entries: dict[str, dict[str, str]] = {}
    rest = text
    while rest := re.sub(r"\A(% \w+: a limit of the run file itself\s+)*", "", rest.lstrip()):
        head = re.match(r"@([a-z]+)\{([^\s{}\"#%'(),=\\~]+),", rest)
        assert head, rest[:80]
        depth, end = 0, 0
        for end, letter in enumerate(rest):
            if letter in "{}" and rest[end - 1] != "\\":
                depth += 1 if letter == "{" else -1
            if depth == 0 and letter == "}":
                break
        assert depth == 0, "braces do not match"
        body, rest = rest[head.end() : end], rest[end + 1 :]
        fields: dict[str, str] = {}
        for line in body.strip().splitlines():
            field = re.fullmatch(r"\s*(\w+) = \{(.*)\},", line)
            assert field, line
            assert field[1] not in fields
            fields[field[1]] = field[2]
        assert head[2] not in entries, f"{head[2]} occurs twice"
        assert head[1] == "misc"
        entries[head[2]] = fields
    return entries


RUN = """\
name: citing
extends: global
variants: null
experiments: {meg2: {dataset: 2023}, mu2e: {dataset: full}, mine: {limits: mu_eff, value: 1e-10, cl: 0.9}}
remove: [babar, borexino]
tasks:
  - maximise: {}
"""


@pytest.fixture
def cited(darkmoment, tmp_path):
    def of(*changes: tuple[str, str]) -> dict[str, dict[str, str]]:
        text = RUN
        for old, new in changes:
            text = text.replace(old, new)
        (tmp_path / "run.yaml").write_text(text)
        answer = darkmoment("cite", tmp_path / "run.yaml")
        assert (answer.code, answer.err) == (0, "")
        return parse(answer.out)

    return of


def test_exactly_what_was_used(cited) -> None:
    entries = cited()
    identifiers = {fields["eprint"] for fields in entries.values() if "eprint" in fields}
    assert identifiers == {
        *("2310.12614", "2506.03069", "2505.21476"),  # meg2 2023, muon g-2
        *("2307.02404", "1906.00176"),  # na64, and the curve that continues it to lower masses
        *("1606.05559", "1501.05241", "hep-ph/0203110", "2603.25704"),  # mu2e, its overlap integrals, model
        *("2006.10256", "1907.10121"),  # numpy, scipy
    }
    assert all(key == f"arXiv:{fields['eprint']}" for key, fields in entries.items() if key[:6] == "arXiv:")
    rest = {key for key in entries if not key.startswith("arXiv:")}
    assert rest == {
        *("numpy", "scipy", "pandas", "matplotlib", "iminuit", "darkmoment")
    }  # and no "mine", which has none
    assert all(set(fields) <= KNOWN_FIELDS for fields in entries.values())
    assert entries["arXiv:2310.12614"]["howpublished"] == "Eur. Phys. J. C 84 (2024) 216"
    assert entries["arXiv:2310.12614"]["year"] == "2024"
    assert entries["arXiv:2310.12614"]["note"] == r"MEG II, mu $\to$ e gamma: meg2, dataset 2023"


def test_what_the_posterior_uses(cited) -> None:
    sampled = cited(("  - maximise: {}", "  - sample: {cross_check: nested}"))
    assert sampled["emcee"]["eprint"] == "1202.3665"
    assert {"arviz", "corner", "dynesty", "arXiv:1903.08008"} <= set(sampled)
    assert not {"emcee", "arviz", "dynesty", "arXiv:1903.08008"} & set(cited())


def test_formulas_behind_a_quantity_that_is_asked_for(cited) -> None:
    """The overlap integrals are used by a task as well, whether or not an experiment reads the rate."""
    without = ("mu2e: {dataset: full}, ", "")
    gone = (without, ("  - maximise: {}", "  - maximise: {quantity: BR_mu_e_gamma}"))
    assert "arXiv:hep-ph/0203110" not in cited(*gone)
    asked = (without, ("  - maximise: {}", "  - maximise: {quantity: CR_mu_e_Al}"))
    assert (
        cited(*asked)["arXiv:hep-ph/0203110"]["note"]
        == r"formulas: overlap integrals of mu $\to$ e conversion"
    )
    kept = (without, ("  - maximise: {}", "  - sample: {quantities: [mu_eff, CR_mu_e_Au]}"))
    assert "arXiv:hep-ph/0203110" in cited(*kept)


def test_what_shares_a_formula_is_named_altogether(cited) -> None:
    both = cited(("mu2e: {dataset: full}", "xenonnt: {}, lz: {}"))
    assert both["arXiv:1611.09867"]["note"] == "formulas: input of XENONnT, LZ"
    assert cited(("mu2e: {dataset: full}", "lz: {}"))["arXiv:1611.09867"]["note"] == "formulas: input of LZ"


def test_two_datasets_and_two_uses_of_one_paper() -> None:
    record = {
        "references": {
            "experiments": {
                "one": {
                    "a": {
                        "title": "A & B_c",
                        "arxiv": ["2504.15711"],
                        "doi": "10.1/x_y",
                        "journal": "J (1999)",
                    },
                    "b": {"title": "B", "arxiv": ["2504.15711"], "doi": "", "journal": ""},
                },
                "two": {"a": {"title": "T", "arxiv": [], "doi": "", "journal": "J. 12 (2012) 350"}},
            },
            "formulas": {"2504.15711": "spectra"},
        },
        "tasks": [],
        "versions": {"darkmoment": "1", "numpy": "2"},
    }
    entries = parse(bibtex(record))
    first = entries["arXiv:2504.15711"]
    assert first["note"] == r"A \& B\_c: one, dataset a; B: one, dataset b; formulas: spectra"
    assert (first["doi"], first["year"]) == ("10.1/x_y", "1999")
    assert entries["two_a"] == {
        **{"note": "T: two, dataset a", "howpublished": "J. 12 (2012) 350", "year": "2012"},
    }
    assert entries["numpy"]["note"] == "version 2"
    assert bibtex(record) == bibtex(json.loads(json.dumps(record)))


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_card_makes_valid_bibtex(name: str) -> None:
    card = shipped()[name]
    datasets = {
        key: {"title": card.title, "arxiv": list(d.arxiv), "doi": d.doi, "journal": d.journal}
        for key, d in card.datasets.items()
    }
    about = {"experiments": {name: datasets}, "formulas": dict.fromkeys(card.formulas, "input")}
    entries = parse(bibtex({"references": about, "tasks": [], "versions": {"darkmoment": "1"}}))
    expected = {a for d in card.datasets.values() for a in d.arxiv} | set(card.formulas)
    tools = {"numpy", "scipy"}
    found = {f["eprint"] for key, f in entries.items() if "eprint" in f and key not in tools}
    assert found == expected


def test_a_run_directory_and_its_file_say_the_same(darkmoment, tiny, tmp_path) -> None:
    out = tmp_path / "out"
    assert darkmoment("run", tiny, "--out", out).code == 0
    of_run, of_file = darkmoment("cite", out), darkmoment("cite", tiny)
    assert of_run.out == of_file.out
    assert "arXiv:2504.15711" in parse(of_run.out)
    record = json.loads((out / "record.json").read_text())
    del record["references"]
    (out / "record.json").write_text(json.dumps(record))
    old = darkmoment("cite", out)
    assert (old.code, old.out) == (2, "")
    assert "made by an older version" in old.err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no readable record.json" in darkmoment("cite", empty).err


def test_tools_are_in_the_order_of_use() -> None:
    tasks = [{"kind": "sample", "options": {"cross_check": None}}, {"kind": "maximise", "options": {}}]
    used = ["numpy", "scipy", "pandas", "matplotlib", "iminuit", "emcee", "arviz", "corner"]
    assert used_tools(tasks) == used


def test_a_limit_of_the_run_file_is_a_comment_unless_it_says_where_it_is_from(darkmoment, tmp_path) -> None:
    (tmp_path / "run.yaml").write_text(RUN)
    text = darkmoment("cite", tmp_path / "run.yaml").out
    assert text.splitlines().count("% mine: a limit of the run file itself") == 1
    assert "mine" not in parse(text)
    assert "mine_given" not in text
    (tmp_path / "run.yaml").write_text(RUN.replace("cl: 0.9}", 'cl: 0.9, arxiv: "2504.15711"}'))
    text = darkmoment("cite", tmp_path / "run.yaml").out
    assert "%" not in text
    assert parse(text)["arXiv:2504.15711"]["note"] == "mine: mine, dataset given"
