"""The page itself: complete, escaped, the same bytes every time, whatever a run directory holds."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from darkmoment.saved import SavedRun

VOID = {"meta", "link", "img", "input", "br"}


class Reader(HTMLParser):
    """Elements, ids and links of a page; every element has to be closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_a_run_of_every_task(copied, report):
    page = report(copied)
    found = read(page)
    assert len(found.ids) == len(set(found.ids))
    sections = ("plots", "answers", "point", "summary", "chains", "figures", "experiments", "parameters")
    assert {*sections, "tables", "record", "cite", "warnings"} <= set(found.ids)
    links = [value[1:] for tag, name, value in found.attributes if name == "href" and value.startswith("#")]
    assert set(links) <= set(found.ids)
    # the question, the answer, and warnings before the first figure
    assert page.index("How large can") < page.index('id="warnings"') < page.index('id="plots"')
    # every table there is, also those no section is made for
    for name in SavedRun.read(copied).tables:
        assert f"{name}.csv" in found.text.replace("<", "&lt;").replace("&lt;", "<"), name
    record = json.loads((copied / "record.json").read_text())
    assert record["digest"] in found.text
    for files in record["data"].values():
        assert all(digest in found.text for name, digest in files.items() if name != "(package)")
    assert "@misc{arXiv:2504.15711," in found.text
    assert "2504.15711" in found.text


def test_nothing_of_a_run_is_taken_for_html(copied, report):
    page = report(copied)
    found = read(page)
    scripts = [tag for tag, name, value in found.attributes if tag == "script"]
    assert set(scripts) == {"script"}
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "Mine <b>own</b>" in found.text
    assert 'Every task <script>alert("title")</script> & more' in found.text
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    for content in re.findall(r'<script type="application/json" class="data">(.*?)</script>', page):
        assert not set("<>&") & set(content)
        json.loads(content)


def test_nothing_comes_from_a_network(copied, report):
    found = read(report(copied))
    fetched = [value for _, name, value in found.attributes if name in ("src", "srcset", "data", "action")]
    assert fetched
    assert all(value.startswith("data:") for value in fetched)
    assert not [value for tag, name, value in found.attributes if tag == "link" and not value]
    links = [value for tag, name, value in found.attributes if tag == "link" and name == "href"]
    assert links == ["data:,"]


def test_pictures_are_described(copied, report):
    found = read(report(copied))
    pictures = [value for tag, name, value in found.attributes if (tag, name) == ("img", "alt")]
    assert len(pictures) == len(list(copied.rglob("*.png")))
    assert all(len(text) > 8 for text in pictures)
    plots = [value for tag, name, value in found.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(plots) >= 6
    assert any("highest" in text for text in plots)


def test_the_same_run_gives_the_same_bytes(copied, report):
    first = report(copied)
    assert report(copied) == first
    moved = copied.rename(copied.with_name("moved"))
    assert report(moved) == first


@pytest.mark.parametrize(
    "removed",
    [
        ["result.json"],
        ["summary.csv"],
        ["compare_mu_eff.json"],
        ["compare_mu_eff.csv"],
        ["run.yaml", "best_fit.yaml"],
    ],
)
def test_files_that_are_missing(copied, report, removed):
    for name in removed:
        (copied / name).unlink()
    found = read(report(copied))
    if removed[0].endswith(("json", "csv")):
        assert "warnings" in found.ids
        assert "not finished" in found.text or "cannot be read" in found.text


def test_a_run_that_has_only_begun(copied, report):
    for entry in copied.iterdir():
        if entry.name not in ("record.json", "run.yaml"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    found = read(report(copied))
    assert "Not answered yet." in found.text
    assert found.text.count("this run is not finished") == 1
    missing = re.search(r"not finished: (.*?) and (\d+) more are missing", found.text)
    assert "strong-g_D-0.5/maximise_mu_eff, " in missing[1]
    assert len(missing[1].split(", ")) + int(missing[2]) == len(SavedRun.read(copied).missing)
    assert {"experiments", "parameters", "record", "cite"} <= set(found.ids)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"text_columns": 3}', "\xff"])
def test_files_that_are_broken(copied, report, content):
    (copied / "compare_mu_eff.json").write_text(content, encoding="latin-1")
    (copied / "result.json").write_text(content, encoding="latin-1")
    (copied / "maximise_mu_eff.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    found = read(report(copied))
    assert "compare_mu_eff.csv cannot be read" in found.text


def test_a_table_nobody_knows_is_shown(copied, report):
    (copied / "fancy.csv").write_text("a,b\n1,<i>x</i>\n2,y\n")
    (copied / "fancy.json").write_text(json.dumps({"task": "fancy", "text_columns": ["b"]}))
    (copied / "loose.csv").write_text("c\n7.25e-12\n")
    found = read(report(copied))
    assert "fancy.csv" in found.text
    assert "<i>x</i>" in found.text
    assert "loose.csv" in found.text
    assert "7.25×10−12" in found.text


def test_no_run_directory(darkmoment, tmp_path):
    for directory in (tmp_path, tmp_path / "nowhere"):
        answer = darkmoment("report", directory)
        assert answer.code == 2
        assert "is no run directory" in answer.err
    (tmp_path / "record.json").write_text("[]")
    assert darkmoment("report", tmp_path).code == 2


def test_another_place_for_the_page(darkmoment, finished, tmp_path):
    assert darkmoment("report", finished, "--out", tmp_path / "x.html").code == 0
    assert (tmp_path / "x.html").read_text().startswith("<!DOCTYPE html>")
    answer = darkmoment("report", finished, "--out", tmp_path / "none" / "x.html")
    assert answer.code == 2  # the place is wrong input, as with every other command
    assert "Traceback" not in answer.err
