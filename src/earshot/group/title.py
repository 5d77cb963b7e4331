"""A theme's title: the member summary nearest the centre, tidied; kept until another fits clearly better."""

import re
import unicodedata

TITLE_LIMIT = 100
"""Longest title in characters (the guide's backlog items)."""

_SPACE = re.compile(r"\s+")
_OPENINGS = (
    re.compile(
        r"^(?:(?:hi|hello|hey|hallo|hola|olá|ciao|bonjour|dear|good (?:morning|day|afternoon|evening)|morning"
        r"|afternoon|evening)\b"
        r"(?: (?:there|team|all|everyone|support|folks|sirs?))*"
        r"|please|pls|also|and|but|so|well|ok|okay|urgent|asap|important|attention|help"
        r"|quick question)[\s,!.:;–-]+",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:plus|secondly|separately|unrelated(?:ly)?|(?:another|(?:one|a) (?:more|other|last|final))"
        r" (?:thing|question|point|issue)|on another note|by the way|btw|p\.?\s?s)\.?\s*[,:;–-]+\s*",
        re.IGNORECASE,
    ),
    re.compile(r"^it (?:seems|appears) that\s+", re.IGNORECASE),
    re.compile(r"^(?:re|fw|fwd|aw|wg|rv|tr)\s*:\s*", re.IGNORECASE),
    re.compile(r"^\[[^\]]{0,40}\]\s*"),
    re.compile(r"^\(?\d{1,2}[).]\s+"),
    re.compile(
        r"^(?:order|ticket|case|invoice|ref(?:erence)?)?\s*(?:no\.?|nr\.?)?\s*#\s*[\w-]*\d[\w-]*[\s:,;–-]+",
        re.IGNORECASE,
    ),
)
_FALLBACK = "(no words)"
_SHOUTED = 0.7


def tidy(summary: str) -> str:
    """One line without control or direction characters, greetings, alarms, numbers of orders, or a final dot."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in summary)
    line = _SPACE.sub(" ", visible).strip()
    bare = _calm(_without_opening(line).rstrip(" .,;:!-–").strip() or line)
    return _cut(bare[:1].upper() + bare[1:]) if bare else _FALLBACK


def _without_opening(line: str) -> str:
    for _ in range(6):
        shorter = line
        for opening in _OPENINGS:
            shorter = opening.sub("", shorter)
        if shorter == line:
            break
        line = shorter
    return line


def _calm(line: str) -> str:
    """A line that was shouted, in small letters; abbreviations in others are left alone."""
    letters = [c for c in line if c.isalpha()]
    shouted = len(letters) > 8 and sum(c.isupper() for c in letters) > _SHOUTED * len(letters)
    return line.lower() if shouted else line


def _cut(line: str) -> str:
    if len(line) <= TITLE_LIMIT:
        return line
    head = line[: TITLE_LIMIT - 1]
    word_end = head.rfind(" ")
    return (head[:word_end] if word_end > TITLE_LIMIT // 2 else head).rstrip(" ,;:.-–") + "…"
