"""A conversation with placeholders in place of personal data, and the way back.

The placeholders follow from the conversation alone: any process that masks it again has the same map, which lives
in memory only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from earshot.domain.conversation import Conversation
from earshot.text.personal import addresses, ids, names, numbers, phones, secrets
from earshot.text.personal.names import Name
from earshot.text.personal.spans import BREAK, Kind, Searched, Span, merged
from earshot.text.untrusted import Inert

_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(Kind)})_[0-9]{{1,6}}\]", re.IGNORECASE | re.ASCII)
_DETECTORS = (
    addresses.web, addresses.emails, addresses.ips, numbers.ibans, numbers.cards, ids.ids, phones.phones,
    secrets.secrets,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Masked:
    """A conversation's texts as they may leave the machine; `texts` stand as its messages do.

    `count` says how many passages were replaced. Nothing of it shows in its `repr`.
    """

    texts: tuple[str, ...] = field(repr=False)
    title: str | None = field(repr=False)
    count: int
    _originals: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    _placeholders: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    _names: tuple[Name, ...] = field(default=(), repr=False)
    _on: bool = True

    def restore(self, text: str) -> str:
        """The text with this conversation's placeholders replaced by what they stand for; others stay.

        For parsed text, not for JSON: a value may hold quotes. Values are not looked through again.
        """
        if not self._originals or "[" not in text:
            return text
        return _PLACEHOLDER.sub(lambda found: self._originals.get(found[0].upper(), found[0]), text)

    def hide(self, text: str) -> str:
        """Other text about the same conversation (names, plan, a summary) as it may leave the machine.

        What the conversation does not hold gets a placeholder without a number, which is never put back.
        """
        return self._hidden(text) if self._on else text

    def _hidden(self, text: str) -> str:
        source = Inert(text)
        pieces: list[str] = []
        position = 0
        for span in passages(source.text, self._names):
            start, end = _original(source, span)
            known = self._placeholders.get(_folded(text[start:end]))
            pieces += text[position:start], known or f"[{span.kind}]"
            position = end
        return "".join((*pieces, text[position:]))


def mask(conversation: Conversation) -> Masked:
    """The conversation with personal data replaced; the same value always gets the same placeholder."""
    wanted = tuple(names.known(conversation))
    texts = [conversation.title or "", *(message.text for message in conversation.messages)]
    work = _Work()
    title, *shown = work.replaced(texts, wanted)
    count = work.count
    work.replaced(names.metadata(conversation), wanted)
    return Masked(
        texts=tuple(shown),
        title=None if conversation.title is None else title,
        count=count,
        _originals=work.originals,
        _placeholders={_folded(value): name for name, value in reversed(work.originals.items())},
        _names=wanted,
    )


def unmasked(conversation: Conversation) -> Masked:
    """The conversation as it is: masking switched off."""
    return Masked(tuple(m.text for m in conversation.messages), conversation.title, 0, _on=False)


class _Work:
    """The placeholders given so far."""

    def __init__(self) -> None:
        self.count = 0
        self.originals: dict[str, str] = {}
        self._given: dict[tuple[Kind, str], str] = {}
        self._numbers: dict[Kind, int] = {}

    def replaced(self, texts: list[str], wanted: tuple[Name, ...]) -> list[str]:
        """The texts with placeholders, searched as one, so that an answer is understood by its question."""
        sources = [Inert(text) for text in texts]
        spans = passages(BREAK.join(source.text for source in sources), wanted)
        if not spans:
            return texts
        shown: list[str] = []
        offset = taken = 0
        for text, source in zip(texts, sources, strict=True):
            first, stop = taken, offset + len(source.text)
            while taken < len(spans) and spans[taken].start < stop:
                taken += 1
            shown.append(self._with_placeholders(text, source, spans=spans[first:taken], offset=offset))
            offset = stop + 1
        return shown

    def _with_placeholders(self, text: str, source: Inert, *, spans: list[Span], offset: int) -> str:
        pieces: list[str] = []
        position = 0
        for span in spans:
            start, end = _original(source, Span(span.start - offset, span.end - offset, span.kind))
            pieces += text[position:start], self._placeholder(span.kind, text[start:end])
            position = end
        return "".join((*pieces, text[position:])) if spans else text

    def _placeholder(self, kind: Kind, value: str) -> str:
        self.count += 1
        given = self._given.get((kind, value))
        if given is None:
            self._numbers[kind] = number = self._numbers.get(kind, 0) + 1
            given = self._given[kind, value] = f"[{kind}_{number}]"
            self.originals[given] = value
        return given


def passages(text: str, wanted: tuple[Name, ...] = ()) -> list[Span]:
    """The personal data in inert text, in order, no two overlapping."""
    return merged(_all(Searched(text), wanted))


def _all(text: Searched, wanted: tuple[Name, ...]) -> Iterator[Span]:
    if "[" in text.text:
        for found in _PLACEHOLDER.finditer(text.text):
            yield Span(*found.span(), Kind.TEXT)
    for detector in _DETECTORS:
        yield from detector(text)
    yield from names.names(text, wanted)


def _original(source: Inert, span: Span) -> tuple[int, int]:
    return source.original_offset(span.start), source.original_offset(span.end - 1) + 1


def _folded(value: str) -> str:
    return Inert(value).text.casefold()
