"""Sentences of a message with their places in the original text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from earshot.classify.local.words import own_words

FURTHEST = 8000
"""Sentences are looked for in so many characters of a message."""

_BREAK = re.compile(r"(?<=[.!?…。！？])[\"')\]]*\s+|\n+")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_SIGN_OFF = re.compile(
    r"^(?:(?:best|kind|warm|many|with)?\s*(?:regards|wishes|thanks)|thanks?(?: you)?"
    r"(?: so much| in advance| a lot)?"
    r"|thx|ty|cheers|tia|sincerely|sent from my .*|yours\b.*|--+.*|rgds|br)"
    r"[\s,.!]*(?:(?<![\w.])[\w.]+\s{0,3}){0,3}$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day)|greetings|hallo|hola|bonjour|ciao|howdy)\b"
    r"[^.!?,\n]{0,30}[\s,.!:]*$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:hi|hello|hey|good (?:morning|afternoon|evening))\b[^.!?,\n]{0,20}[,!]\s*|@\w+[\s:,]*|[-*•>#]+\s+)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A span of a message: `text == message[start:end]`."""

    text: str
    start: int
    end: int


def is_courtesy(text: str) -> bool:
    """Whether it is a greeting or a sign-off only."""
    bare = text.strip()
    return bool(_GREETING.match(bare) or _SIGN_OFF.match(bare))


def sentences(message: str, *, most: int = 12, longest: int = 300) -> Iterator[Sentence]:
    """The telling sentences in order: no quoted history, code, greetings or sign-offs; at most so many."""
    message = message[:FURTHEST]
    blocked = [match.span() for match in _CODE.finditer(message)]
    kept = own_words(message) if ">" in message or ":" in message or "____" in message else message
    given = 0
    for start, end in _spans(message):
        span = _trim(message, start, end=end, longest=longest)
        if span is None or any(a < span[1] and span[0] < b for a, b in blocked):
            continue
        text = message[span[0] : span[1]]
        if text not in kept or is_courtesy(text) or not any(c.isalnum() for c in text):
            continue
        yield Sentence(text, *span)
        given += 1
        if given == most:
            return


def _spans(message: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _BREAK.finditer(message):
        yield start, match.start()
        start = match.end()
    yield start, len(message)


def _trim(message: str, start: int, *, end: int, longest: int) -> tuple[int, int] | None:
    """The span without surrounding space and leading greeting, cut at a word."""
    lead = _LEAD.match(message[start:end])
    start += lead.end() if lead else 0
    while start < end and message[start].isspace():
        start += 1
    while end > start and message[end - 1].isspace():
        end -= 1
    if end - start > longest:
        space = message.rfind(" ", start + longest // 2, start + longest)
        end = space if space > 0 else start + longest
    return (start, end) if end > start else None
