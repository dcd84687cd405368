"""What the page says of each experiment: its number, its shape, and what is doubtful about it."""

import re


def cells(page: str) -> dict[str, list[str]]:
    """Return the rows of the table of experiments, by the first word of each."""
    table = re.search(r'<section id="experiments".*?</section>', page, re.DOTALL)[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in table.split("<tr")]
    plain = [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in rows if row]
    return {row[0].split()[-1]: row for row in plain}


def test_a_reader_sees_every_number_and_shape(darkmoment, copied, later_copied):
    for folder in (copied, later_copied):
        assert darkmoment("report", folder).code == 0
    known = cells((copied / "report.html").read_text(encoding="utf-8"))
    future = cells((later_copied / "report.html").read_text(encoding="utf-8"))
    assert "BR(μ" in known["meg2"][2]
    assert re.search(r"&lt; 1\.5.*13 @ 90% CL", known["meg2"][2])
    assert known["meg2"][3] == "half gaussian"
    assert known["mine"][2].endswith("curve @ 90% CL")
    assert "number not read at its source" in known["na64"][2]
    assert "not read" not in known["meg2"][2]
    assert "projected" in future["mu3e"][2]
    assert future["mu3e"][3] == "counting"
