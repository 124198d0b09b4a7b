"""Why: a page with a plot that is not there, or that fetches something, looks fine to whoever wrote it; so a browser
looks. That it would see such faults is shown with pages that have them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser, browser
from loadgen.document import Result
from loadgen.page import MissingPlotsError, check_plots, page
from loadgen.result import as_text, result_of
from loadgen.verdict import judge
from told_runs import silence, storm

# The plots, and how many coloured lines and areas each has; what is grey does not count.
PLOTS = {"occupancy": 4, "latency": 3, "spread": 3, "refusals": 2, "process": 2}
HOSTILE = '"><img src=x>$\\'
WORDS = "</h2><script>document.title = 'owned'</script><svg onload=alert(1)>"
LOOK = """(() => {
  const coloured = words => {
    const parts = (words.match(/^rgb\\((.*)\\)$/) || ["", "0"])[1].split(",").map(Number);
    return Math.max(...parts) - Math.min(...parts) > 40;
  };
  const drawn = svg => [...svg.querySelectorAll("path, use")].filter(path => path.getBoundingClientRect().width > 40
    && [getComputedStyle(path).stroke, getComputedStyle(path).fill].some(coloured));
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
  const html = document.documentElement.outerHTML;
  const used = [...html.matchAll(/url\\((?:&quot;|")?#([^)"&]+)|href="#([^"]+)"/g)].map(found => found[1] || found[2]);
  return {
    plots: Object.fromEntries(
      [...document.querySelectorAll("figure svg[role=img][aria-label*=' ']")].map(
        svg => [svg.closest("section").id, drawn(svg).length])),
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    dangling: used.filter(id => !document.getElementById(id)),
    used: used.length,
    active: document.querySelectorAll('script, img, iframe, object, embed').length,
    handlers: [...document.querySelectorAll('*')].filter(
      each => [...each.attributes].some(attribute => attribute.name.startsWith('on'))).length,
    lang: document.documentElement.lang,
    title: document.title,
    text: document.body.innerText,
  }
})()"""
SHAPE = """({
  wide: document.scrollingElement.scrollWidth > innerWidth,
  ground: getComputedStyle(document.body).backgroundColor,
  plot: getComputedStyle(document.querySelector('.plot')).backgroundColor,
})"""


@pytest.fixture(scope="module")
def result() -> Result:
    """As it is read from a file."""
    fleet = storm(reason=HOSTILE, server=WORDS)
    read: Result = json.loads(as_text(result_of(fleet, judge(fleet), ["p99>1ms: it was 16 ms"], 3)))
    return read


@pytest.fixture(scope="module")
def html(result: Result) -> str:
    return page(result)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


def faults(chromium: Browser, folder: Path, html: str) -> set[str]:
    """What a browser finds wrong with a page."""
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    opened = chromium.open(path.as_uri())
    seen = chromium.evaluate(opened, LOOK)
    assert seen["used"] > 20  # references within the plots, or the next two would find nothing
    return {
        *(f"no plot {name}" for name in PLOTS.keys() - seen["plots"].keys()),
        *(f"{name} lacks something" for name, lines in PLOTS.items() if seen["plots"].get(name, lines) < lines),
        *(f"id {name} twice" for name in seen["twice"][:1]),
        *(f"no id {name}" for name in seen["dangling"][:1]),
        *(f"asks for {address}" for address in opened.requests if address != path.as_uri()),
        *(f"complaint: {text}" for text in opened.complaints),
        *(["something active"] if seen["active"] or seen["handlers"] else []),
        *(["a foreign title"] if seen["title"] != "storm: 3,000 clients at 127.0.0.1:6667" else []),
    }


def test_a_browser_finds_nothing_wrong(chromium: Browser, tmp_path: Path, html: str) -> None:
    assert faults(chromium, tmp_path, html) == set()


def without_policy(html: str) -> str:
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)


def test_it_would_find_a_plot_that_is_missing(chromium: Browser, tmp_path: Path, html: str) -> None:
    latency = html.index('<section id="latency">')
    start, end = html.index("<svg", latency), html.index("</svg>", latency)
    assert faults(chromium, tmp_path, html[:start] + html[end + len("</svg>") :]) == {"no plot latency"}


def test_it_would_find_a_line_that_is_missing(chromium: Browser, tmp_path: Path, html: str) -> None:
    latency = html.index('<section id="latency">')
    spoiled = html[:latency] + re.sub(r"<path[^>]*stroke: #d9822b[^>]*>", "", html[latency:], count=1)
    assert faults(chromium, tmp_path, spoiled) == {"latency lacks something"}


def test_it_would_find_a_plot_that_is_not_shown(chromium: Browser, tmp_path: Path, html: str) -> None:
    spoiled = html.replace("</style>", "#spread svg { display: none }</style>", 1)
    assert faults(chromium, tmp_path, spoiled) == {"spread lacks something"}


def test_it_would_find_ids_that_collide(chromium: Browser, tmp_path: Path, html: str) -> None:
    spoiled = html.replace('"latency-', '"occupancy-').replace("#latency-", "#occupancy-")
    assert any(fault.endswith(" twice") for fault in faults(chromium, tmp_path, spoiled))


def test_it_would_find_an_error_and_a_request(chromium: Browser, tmp_path: Path, html: str) -> None:
    spoiled = without_policy(html).replace("</main>", "<script>nothing.here()</script><img src='x.png'></main>")
    found = faults(chromium, tmp_path, spoiled)
    assert f"asks for {(tmp_path / 'x.png').as_uri()}" in found
    assert any(fault.startswith("complaint: Uncaught") for fault in found)
    assert "something active" in found


def test_whatever_gets_into_the_page_does_nothing_there(chromium: Browser, tmp_path: Path, html: str) -> None:
    spoiled = html.replace("</main>", "<script>document.title = 'owned'</script></main>")
    found = faults(chromium, tmp_path, spoiled)
    assert "a foreign title" not in found
    assert any("Content Security Policy" in fault for fault in found)


def test_a_servers_words_are_words(chromium: Browser, tmp_path: Path, html: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    seen = chromium.evaluate(chromium.open(path.as_uri()), LOOK)
    assert WORDS in seen["text"]
    assert f"2,565 {HOSTILE}" in seen["text"]
    assert seen["lang"] == "en"


def test_all_that_is_known_can_be_read(chromium: Browser, tmp_path: Path, html: str, result: Result) -> None:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    text = chromium.evaluate(chromium.open(path.as_uri()), LOOK)["text"]
    told = [result["headline"], result["began"], result["machine"]["processor"], "queued, then seated", "p99.9"]
    told += [row["what"] for row in result["expected_against_seen"]]
    told += [invariant["name"] for invariant in result["invariants"]]
    told += ["Failed: p99>1ms: it was 16 ms", "message_rate\tnot set", "clients\t3000", "seed\t7"]
    assert [words for words in told if words not in text] == []


def test_it_follows_the_dark_and_fits_a_phone(chromium: Browser, tmp_path: Path, html: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    opened = chromium.open(path.as_uri())
    light = chromium.evaluate(opened, SHAPE)
    chromium.ask("Emulation.setEmulatedMedia", opened, features=[{"name": "prefers-color-scheme", "value": "dark"}])
    chromium.ask(
        "Emulation.setDeviceMetricsOverride", opened, width=360, height=740, deviceScaleFactor=2, mobile=True
    )  # fmt: skip
    dark = chromium.evaluate(opened, SHAPE)
    assert light["ground"] != dark["ground"]
    assert light["plot"] == dark["plot"] == "rgb(255, 255, 255)"
    assert not light["wide"]
    assert not dark["wide"]


def test_of_a_run_that_measured_nothing_there_is_a_page_too() -> None:
    fleet = silence()
    fleet.interrupted = True
    whole = page(result_of(fleet, [], [], 130))
    assert "<svg" not in whole
    assert "nothing follows from it" in whole


def test_without_matplotlib_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    check_plots()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPlotsError, match=re.escape("pip install 'chatd[plots]'")):
        check_plots()
