"""Escaping per target: hostile text made harmless in HTML, Markdown, a terminal and CSV, and links checked."""

import html
import re
from urllib.parse import quote, urlsplit

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\|\x9c)"  # OSC and other strings: titles, links, clipboard
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f"
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    r"\u200b\u2060-\u2064\ufeff\u00ad\ufff9-\ufffb"  # zero-width marks and annotations
    r"\U000e0000-\U000e007f]"  # tag characters: text that only machines see
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~&$]")
_MARKDOWN_START = re.compile(r"^([#+=>-]|\d{1,9}(?=[.)]))")
_AUTOLINK = re.compile(r":(?=//)|(?<=\bwww)\.|(?<=\bmailto):|@(?=\w)", re.IGNORECASE)
_FORMULA_START = re.compile(r"^[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]")
_BAD_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_URL_LIMIT = 2000


def visible(text: str) -> str:
    """The text without terminal sequences, control and bidirectional characters; line breaks become `\\n`."""
    text = _LINE_BREAK.sub("\n", _ESCAPE_SEQUENCE.sub("", text))
    return well_formed(_INVISIBLE.sub("", text))


def well_formed(text: str) -> str:
    """The text as it is, but with half characters (lone surrogates) replaced, so that it can be encoded."""
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Visible text on a single line, runs of white space made one space."""
    return " ".join(visible(text).split())


def clip(text: str, limit: int) -> str:
    """At most `limit` characters on one line, cut at a word with an ellipsis."""
    text = one_line(text)
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at_word = head.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > limit // 2 else head).rstrip(" ,.;:") + "…"


def safe_url(url: str | None) -> str | None:
    """The address when it is plain http or https with a host, made safe for attributes; None otherwise.

    Addresses with user names are refused because they disguise where a link leads.
    """
    if not url or len(url) > _URL_LIMIT or _BAD_IN_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or "@" in parts.netloc or port == 0:
        return None
    return quote(url, safe="%/:?#[]@!$&*+,;=-._~")


def for_html(text: str) -> str:
    """Text for HTML content or a quoted attribute (templates escape by themselves and need only `visible`)."""
    return html.escape(visible(text), quote=True)


def for_markdown(text: str) -> str:
    """Text for one line of Markdown that shows as itself: no links, images, HTML, emphasis or blocks."""
    text = _MARKDOWN.sub(r"\\\g<0>", one_line(text))
    text = _MARKDOWN_START.sub(lambda m: f"\\{m[1]}" if not m[1].isdigit() else f"{m[1]}\\", text)
    return _AUTOLINK.sub(r"\\\g<0>", text)


def for_terminal(text: str) -> str:
    """One line that cannot move the cursor, colour, retitle or reorder a terminal."""
    return one_line(text)


def for_csv(text: str) -> str:
    """A cell that no spreadsheet runs as a formula: a dangerous start gets an apostrophe before it."""
    text = well_formed(text.replace("\x00", ""))
    return f"'{text}" if _FORMULA_START.match(text) else text
