"""Quotes are checked against the conversation, byte for byte; what is stored is the original's own slice."""

from collections.abc import Iterator
from dataclasses import dataclass

from earshot.domain.conversation import Conversation, Message
from earshot.text.untrusted import Inert

QUOTE_LIMIT = 200
_LEAST = 2
_MARKS = "\"'“”‘’«»„…"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: `quote == message.text[start:end]` of the message `message_id`."""

    quote: str
    message_id: str
    start: int
    end: int


def find(conversation: Conversation, quote: str, *, number: int | None) -> Place | None:
    """The place of a quote in the customer message of that number, or in any other customer message.

    Only whitespace and invisible characters may differ, because those were tidied before the text was sent.
    """
    for wanted in _readings(quote):
        for message in _candidates(conversation, number):
            span = _exact(message.text, wanted) or _loose(message.text, wanted)
            if span:
                start, end = _within(message.text, span[0], end=span[1])
                return Place(quote=message.text[start:end], message_id=message.id, start=start, end=end)
    return None


def _readings(quote: str) -> Iterator[str]:
    """The quote as given, then without marks round it."""
    plain = quote.strip()
    bare = plain.strip(_MARKS).strip()
    for wanted in dict.fromkeys((plain, bare)):
        if sum(c.isalnum() for c in wanted) >= _LEAST:
            yield wanted


def _candidates(conversation: Conversation, number: int | None) -> list[Message]:
    customers = conversation.customer_messages
    if number is None or not 1 <= number <= len(conversation.messages):
        return list(customers)
    named = conversation.messages[number - 1]
    return sorted(customers, key=lambda message: message is not named)


def _exact(text: str, wanted: str) -> tuple[int, int] | None:
    start = text.find(wanted)
    return None if start < 0 else (start, start + len(wanted))


def _loose(text: str, wanted: str) -> tuple[int, int] | None:
    """Where the text equals the quote but for whitespace and invisible characters."""
    shown, places = _folded(text)
    sought = _folded(wanted)[0].strip()
    start = shown.find(sought) if sought else -1
    return None if start < 0 else (places[start], places[start + len(sought) - 1] + 1)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text without invisible characters, runs of whitespace as one blank; where each character stood."""
    seen = Inert(text)
    kept: list[str] = []
    places: list[int] = []
    for place, char in enumerate(seen.text):
        shown = " " if char.isspace() else char
        if shown != " " or not kept or kept[-1] != " ":
            kept.append(shown)
            places.append(seen.original_offset(place))
    return "".join(kept), places


def _within(text: str, start: int, *, end: int) -> tuple[int, int]:
    """The span cut to the limit, at a blank where there is one near."""
    if end - start <= QUOTE_LIMIT:
        return start, end
    end = start + QUOTE_LIMIT
    blank = max(text.rfind(" ", start + QUOTE_LIMIT // 2, end), text.rfind("\n", start + QUOTE_LIMIT // 2, end))
    return start, blank if blank > 0 else end
