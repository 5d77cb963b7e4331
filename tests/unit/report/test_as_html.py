"""The page: one file, sound structure, hostile words shown and never run."""

import re
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from earshot.domain.report import Report
from earshot.report import to_html

from . import sample

REPORTS = {"full": sample.report(), "empty": sample.empty(), "hostile": sample.hostile()}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "main", "footer", "nav", "section", "figure",
    "figcaption", "blockquote", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "h1", "h2", "h3", "p", "ul", "ol", "li", "dl", "dt", "dd", "div", "span", "strong", "bdi", "code", "pre",
    "svg", "g", "path", "rect", "line", "text", "tspan",
}  # fmt: skip


@pytest.fixture(params=REPORTS, scope="module")
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    return to_html(report)


@pytest.fixture(scope="module")
def page(text: str) -> LexborHTMLParser:
    return LexborHTMLParser(text)


def first(parent: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    node = parent.css_first(selector)
    assert node is not None, selector
    return node


def nodes(page: LexborHTMLParser) -> Iterator[LexborNode]:
    assert page.root is not None
    yield from (node for node in page.root.traverse() if node.tag and not node.tag.startswith(("-", "!", "_")))


def test_only_harmless_elements(page: LexborHTMLParser) -> None:
    assert {node.tag for node in nodes(page)} <= ALLOWED


def test_no_attribute_runs_or_loads_anything(page: LexborHTMLParser) -> None:
    for node in nodes(page):
        for name, value in node.attributes.items():
            assert not name.startswith("on"), name
            assert name not in {"src", "srcset", "action", "formaction", "background", "srcdoc", "xlink:href"}
            if name == "href":
                assert (value or "").startswith(("https://", "http://", "#"))
            if name == "style":
                assert re.fullmatch(r"(width|left):\d+\.\d\d%", value or "")


def test_nothing_is_fetched(text: str) -> None:
    assert "@import" not in text
    assert "url(" not in text
    assert "<link" not in text
    assert "default-src 'none'" in text


def test_the_text_is_well_formed_and_holds_no_control_characters(text: str) -> None:
    text.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_headings_and_landmarks(page: LexborHTMLParser) -> None:
    levels = [int(node.tag[1]) for node in nodes(page) if node.tag in {"h1", "h2", "h3"}]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.css(landmark)) == 1
    assert first(page, "html").attributes["lang"] == "en"


def test_tables_have_captions_and_scopes(page: LexborHTMLParser) -> None:
    for table in page.css("table"):
        assert table.css_first("caption") is not None
    assert all(head.attributes.get("scope") in {"row", "col"} for head in page.css("th"))


def test_every_id_is_there_once_and_every_anchor_leads_somewhere(page: LexborHTMLParser) -> None:
    ids = [node.attributes["id"] for node in nodes(page) if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    for link in page.css("a"):
        href = link.attributes["href"] or ""
        if href.startswith("#"):
            assert href[1:] in ids


def test_every_drawing_has_a_text_and_a_table(page: LexborHTMLParser) -> None:
    for figure in page.css("figure.chart"):
        drawings = figure.css("svg")
        assert len(drawings) == 2
        for drawing in drawings:
            assert drawing.attributes["role"] == "img"
            title = first(drawing, "title")
            assert title.attributes["id"] == drawing.attributes["aria-labelledby"]
            assert len(title.text()) > 40
        assert figure.css_first("details table") is not None


def test_the_page_shows_the_figures() -> None:
    page = LexborHTMLParser(to_html(sample.report()))
    assert first(page, "h1").text() == (
        "“Large CSV exports stop at half and never arrive” rose from 12 to 41 conversations"
    )
    assert [node.text() for node in page.css(".figures .value")] == ["383", "237", "14", "23", "\u22120.18"]
    assert len(page.css(".themes > li")) == 6
    assert first(page, ".themes blockquote").text().startswith("Every export over ten thousand rows")
    link = first(page, ".themes figcaption a")
    assert link.attributes["href"] == "https://app.example.com/inbox/215300000000"
    assert "noopener" in (link.attributes["rel"] or "")
    assert "Dry run" in first(page, "#actions").text()


def test_hostile_words_are_shown_as_they_were_typed() -> None:
    page = LexborHTMLParser(to_html(sample.hostile()))
    shown = first(page, "#critical h3").text().removeprefix("“")
    assert shown.startswith("<script>document.title='OWNED'</script><img src=x")
    assert "{{7*7}}" in shown
    assert "49" not in shown
    assert page.css("#critical .who a") == []


def test_contrast_of_every_text_colour() -> None:
    text = to_html(sample.empty())
    light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]
    for block in (light, dark):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for ink in ("ink", "soft", "accent", "good", "warn", "bad"):
            for back in ("paper", "card", "plain-back"):
                assert contrast(colours[ink], colours[back]) >= 4.5, (ink, back)
        for tone in ("good", "warn", "bad"):
            assert contrast(colours[tone], colours[f"{tone}-back"]) >= 4.5, tone


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_only_our_own_style_and_drawings_skip_escaping() -> None:
    folder = resources.files("earshot.report") / "templates"
    unescaped = [
        match
        for file in folder.iterdir()
        for match in re.findall(r"\{\{([^}]*?)\|\s*safe", file.read_text(encoding="utf-8"))
    ]
    assert sorted(name.strip() for name in unescaped) == ["drawing", "style"]
    assert "autoescape false" not in "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())
