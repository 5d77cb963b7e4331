"""A theme's title: the member summary nearest the centre, tidied; kept until another fits clearly better."""

import re
import unicodedata

TITLE_LIMIT = 100
"""Longest title in characters (the guide's backlog items)."""

_SPACE = re.compile(r"\s+")
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))\b(?: (?:there|team|all|everyone|support|folks))*"
    r"|please|also|and|but|so|well|ok|okay)[\s,!.:;–-]+",
    re.IGNORECASE,
)
_FALLBACK = "(no words)"


def tidy(summary: str) -> str:
    """One line without control or direction characters, greetings or a final dot, cut at a word's end."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in summary)
    line = _SPACE.sub(" ", visible).strip()
    bare = _without_greeting(line).rstrip(" .,;:!-–").strip() or line
    return _cut(bare[:1].upper() + bare[1:]) if bare else _FALLBACK


def _without_greeting(line: str) -> str:
    for _ in range(3):
        shorter = _GREETING.sub("", line)
        if shorter == line:
            break
        line = shorter
    return line


def _cut(line: str) -> str:
    if len(line) <= TITLE_LIMIT:
        return line
    head = line[: TITLE_LIMIT - 1]
    word_end = head.rfind(" ")
    return (head[:word_end] if word_end > TITLE_LIMIT // 2 else head).rstrip(" ,;:.-–") + "…"
