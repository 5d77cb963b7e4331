"""Hostile text made harmless, target by target."""

import csv
import html
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from earshot.text.escape import (
    clip,
    for_csv,
    for_html,
    for_markdown,
    for_terminal,
    one_line,
    safe_url,
    visible,
    well_formed,
)

ANY = st.text(alphabet=st.characters(), max_size=80)
NASTY = st.text(alphabet="<>&\"'`*_[]()!#+-=|~\\:/.@$^{}1 \n\twwhtps\x1b\u202e", max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://x.invalid\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("open \x1b]unfinished stays", "open unfinished stays"),
        ("\x1bc reset", " reset"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("bell\x07 back\x08space null\x00", "bell backspace null"),
        ("one\r\ntwo\u2028three\rfour\x0bfive", "one\ntwo\nthree\nfour\nfive"),
        ("family \U0001f468\u200d\U0001f469 کتاب\u200cها", "family \U0001f468\u200d\U0001f469 کتاب\u200cها"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_what_is_left_is_what_a_person_sees(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY | NASTY)
def test_visible_text_holds_no_control_and_is_stable(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert visible(shown) == shown
    shown.encode()


@given(ANY | NASTY)
def test_a_terminal_line_is_one_line(text: str) -> None:
    line = for_terminal(text)
    assert "\n" not in line
    assert "\x1b" not in line
    assert line == one_line(line)


@given(ANY, st.integers(min_value=2, max_value=60))
def test_clipped_text_fits(text: str, limit: int) -> None:
    short = clip(text, limit)
    assert len(short) <= limit
    assert short == one_line(text) or short.endswith("…")


def test_clipping_cuts_between_words() -> None:
    assert clip("the export stops at half and never arrives", 30) == "the export stops at half and…"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>1</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.invalid/x",
        "/inbox/1",
        "https:",
        "https:///nohost",
        "https://user:password@evil.invalid/",
        "https://app.example.com@evil.invalid/",
        "http://[::1",
        "http://x.invalid:99999/",
        "http://x.invalid:0/",
        " https://x.invalid",
        "https://x.invalid/a b",
        "https://x.invalid/\nSet-Cookie: x",
        "https://x.invalid\\@evil.invalid/",
        "https://x.invalid/\u202ecod.exe",
        "https://x.invalid/" + "a" * 2000,
    ],
)
def test_addresses_that_are_not_plainly_web_are_refused(url: str | None) -> None:
    assert safe_url(url) is None


def test_a_plain_address_passes_unchanged() -> None:
    url = "https://app.intercom.com/a/inbox/abc/inbox/conversation/215300?x=1&y=%20z#part"
    assert safe_url(url) == url


def test_characters_that_end_attributes_and_links_are_encoded() -> None:
    assert safe_url("https://x.invalid/\"><script>'`(1)") == "https://x.invalid/%22%3E%3Cscript%3E%27%60%281%29"


@given(ANY | NASTY)
def test_a_passed_address_is_safe_in_any_quoting(path: str) -> None:
    url = safe_url(f"https://x.invalid/{path}")
    assert url is None or not set(url) & set("\"'`<>() \n\t\\")
    if url is not None:
        assert url.isascii()


@given(ANY | NASTY)
def test_html_shows_the_text_and_nothing_else(text: str) -> None:
    escaped = for_html(text)
    assert not set(escaped) & set("<>\"'")
    assert html.unescape(escaped) == visible(text)


@pytest.mark.parametrize(
    "text",
    [
        "[click](javascript:alert(1))",
        "![pixel](https://evil.invalid/p.png)",
        "<img src=x onerror=alert(1)>",
        "# heading",
        "- item",
        "1. item",
        "> quote",
        "---",
        "***",
        "```sh",
        "`code` and *stress* and __more__ and ~~gone~~",
        "a | b | c",
        "&lt;b&gt; &#x3c;",
        "[label]: https://evil.invalid",
        "<https://evil.invalid>",
        "back\\slash \\[x]",
        "+ plus",
        "2) two",
        "=== under",
        "5 * 3 = 15_000",
    ],
)
def test_markdown_is_shown_as_typed(text: str) -> None:
    _is_plain(text)


@given(NASTY | ANY)
def test_no_text_becomes_markup(text: str) -> None:
    _is_plain(text)


def test_bare_addresses_do_not_become_links() -> None:
    assert for_markdown("see https://evil.invalid or www.evil.invalid") == (
        "see https\\://evil.invalid or www\\.evil.invalid"
    )
    assert for_markdown("mail me@evil.invalid") == "mail me\\@evil.invalid"


def _is_plain(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(for_markdown(text))
    shown = one_line(text)
    if not shown:
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == shown


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "＝1", "|x", "%x", "\n=1"],
)
def test_formulas_become_text(cell: str) -> None:
    assert for_csv(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["plain words", "3 - 2", "", "a=b", "O'Brien", "mail@example.com"])
def test_ordinary_cells_stay(cell: str) -> None:
    assert for_csv(cell) == cell


@given(ANY | NASTY)
def test_a_cell_survives_writing_and_reading(cell: str) -> None:
    safe = for_csv(cell)
    out = io.StringIO()
    csv.writer(out).writerow([safe, "next"])
    out.seek(0)
    assert next(csv.reader(io.StringIO(out.getvalue(), newline="")))[0] == safe
    assert safe.removeprefix("'") == well_formed(cell.replace("\x00", "")).removeprefix("'")
    assert not safe.lstrip().startswith(("=", "+", "-", "@"))
