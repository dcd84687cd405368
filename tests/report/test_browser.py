"""The page in a browser: no errors, no requests, hover, tap, keys, a phone, the dark, paper."""

import json
import zlib

import pytest


@pytest.fixture
def page(copied, report):
    report(copied)
    return copied / "report.html"


def box(browser, selector):
    """Left, top, width and height of an element, scrolled into sight."""
    found = f"document.querySelector({json.dumps(selector)})"
    browser.run(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    return browser.run(
        f"(() => {{const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
        "return [r.left, r.top, r.width, r.height]})()"
    )


def tip(browser, figure):
    """The words shown over a figure; None where nothing is shown."""
    return browser.run(
        f"(() => {{const t = document.querySelector({json.dumps(figure + ' .tip')});"
        "return t.hidden ? null : t.innerText})()"
    )


def data(browser, figure):
    return browser.run(
        f"JSON.parse(document.querySelector({json.dumps(figure + ' script.data')}).textContent)"
    )


def test_it_loads_in_silence(browser, page):
    for dark in (False, True):
        browser.open(page, dark=dark)
        assert browser.complaints == []
        assert browser.requests == [page.resolve().as_uri()]
        assert browser.run("document.querySelectorAll('.interactive').length") >= 6


def test_the_listeners_hear(browser, tmp_path):
    """What the other tests listen to is heard where there is something to hear."""
    bad = tmp_path / "bad.html"
    bad.write_text("<script>console.error('said'); fetch('http://127.0.0.1:9/x'); nobody()</script>")
    browser.open(bad)
    browser.run("new Promise(done => setTimeout(done, 200))")
    assert any("said" in text for text in browser.complaints)
    assert any("nobody" in text for text in browser.complaints)
    assert "http://127.0.0.1:9/x" in browser.requests


def test_hover_over_a_limit(browser, page):
    browser.open(page)
    assert tip(browser, "#p0") is None
    left, top, width, _ = box(browser, "#p0 svg")
    series = data(browser, "#p0")["series"][0]
    k = len(series["x"]) // 2
    scale = width / 560
    browser.point(left + series["x"][k] * scale, top + series["y"][k] * scale)
    shown = tip(browser, "#p0")
    told = [text for text in series["rows"][k] if text]
    assert len(told) >= 4
    assert all(text in shown for text in told)
    assert "forbids more" in shown
    assert "certif" in shown
    browser.point(2, 2)
    assert tip(browser, "#p0") is None


def test_hover_over_a_map(browser, page):
    browser.open(page)
    figure = "[data-kind=map]"
    left, top, width, _ = box(browser, f"{figure} svg")
    about = data(browser, figure)
    i, j = len(about["xs"]) - 1, len(about["ys"]) - 1
    scale = width / 560
    middle = [(about[e][k] + about[e][k + 1]) / 2 * scale for e, k in (("ex", i), ("ey", j))]
    browser.point(left + middle[0], top + middle[1])
    shown = tip(browser, figure)
    assert about["xs"][i] in shown
    assert about["ys"][j] in shown
    cell = [about["words"][column[i * len(about["ys"]) + j]] for column in about["cells"]]
    assert all(word in shown for word in cell)
    # the other layer
    hidden = f"getComputedStyle(document.querySelector('{figure} g[data-layer=leading]')).display == 'none'"
    assert browser.run(hidden)
    browser.run(f"document.querySelector('{figure} input[value=leading]').click()")
    assert not browser.run(hidden)


def test_keys(browser, page):
    browser.open(page)
    series = data(browser, "#p0")["series"]
    browser.run("document.querySelector('#p0 svg').focus()")
    browser.press("ArrowRight")
    assert series[0]["rows"][0][1] in tip(browser, "#p0")
    browser.press("End")
    assert series[0]["rows"][-1][1] in tip(browser, "#p0")
    browser.press("ArrowDown")
    assert series[1]["label"] in tip(browser, "#p0")
    browser.press("Escape")
    assert tip(browser, "#p0") is None


def test_a_curve_can_be_switched_off(browser, page):
    browser.open(page)
    browser.run("document.querySelector('#p0 .legend button').click()")
    off = "getComputedStyle(document.querySelector('#p0 .series[data-k=\"0\"]')).display"
    assert browser.run(off) == "none"
    assert browser.run("document.querySelector('#p0 .legend button').getAttribute('aria-pressed')") == "false"


def test_a_phone(browser, page):
    for width in (320, 390):
        browser.open(page, width, 800)
        assert browser.run("document.documentElement.scrollWidth") <= width
        # also unfolded
        browser.run("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert browser.run("document.documentElement.scrollWidth") <= width
        smallest = browser.run(
            "Math.min(...[...document.querySelectorAll('.tick')].map(t => t.getBoundingClientRect().height))"
        )
        assert smallest > 9
    left, top, width, height = box(browser, "#p0 svg")
    browser.tap(left + width / 2, top + height / 2)
    assert tip(browser, "#p0") is not None
    assert browser.complaints == []


def luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_read_in_the_light_and_in_the_dark(browser, page, dark):
    browser.open(page, dark=dark)
    ground = luminance(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert (ground < 0.05) == dark
    for selector in ("h1", ".kicker", "a", "#warnings li", ".badge", "td", "caption", "summary"):
        pair = browser.run(
            f"(() => {{let e = document.querySelector('{selector}'); const ink = getComputedStyle(e).color;"
            "let back = 'rgba(0, 0, 0, 0)';"
            "for (; e && back == 'rgba(0, 0, 0, 0)'; e = e.parentElement)"
            "  back = getComputedStyle(e).backgroundColor;"
            "return [ink, back]})()"
        )
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (selector, pair)
    # curves stand out from the card they are drawn on
    for ink in browser.run(
        "[...document.querySelectorAll('path.line')].map(l => getComputedStyle(l).stroke)"
    ):
        card = browser.run("getComputedStyle(document.querySelector('.interactive')).backgroundColor")
        low, high = sorted((luminance(ink), luminance(card)))
        assert (high + 0.05) / (low + 0.05) >= (3 if dark else 1.9), ink


def test_paper(browser, page, tmp_path):
    browser.open(page, dark=True)
    browser.print(tmp_path / "page.pdf")
    content = (tmp_path / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") >= 2
    browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
    assert luminance(browser.run("getComputedStyle(document.body).backgroundColor")) > 0.9
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"


def test_pictures_are_not_blank(browser, page, tmp_path):
    browser.open(page)
    box(browser, "#p0 svg")
    browser.picture(tmp_path / "page.png")
    content = (tmp_path / "page.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    # a blank window compresses to next to nothing
    assert len(content) > 20_000
    assert len(zlib.compress(content)) > 10_000


def test_without_script_nothing_is_lost(browser, page):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        assert browser.complaints == []
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)
