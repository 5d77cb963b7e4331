"""A thread as it is shown: every message cut where a finding's quote begins and ends."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from earshot.domain.conversation import Author, Message
from earshot.domain.model import Noun
from earshot.domain.reading import Finding


class Piece(Noun):
    """A part of a message. `finding` is the number (from 1) of the finding that it proves, 0 for none.

    `begins`: the finding's quote begins with it.
    """

    text: str
    finding: int = 0
    begins: bool = False


class Said(Noun):
    """One message in pieces that give its text again, character for character."""

    id: str
    author: Author
    name: str | None
    at: datetime
    pieces: tuple[Piece, ...]
    attachments: int = 0


def thread(messages: Sequence[Message], findings: Sequence[Finding]) -> tuple[Said, ...]:
    """All messages in order, with the findings' quotes cut out where they still stand."""
    return tuple(
        Said(
            id=one.id,
            author=one.author,
            name=one.author_name,
            at=one.created_at,
            pieces=pieces(one, findings),
            attachments=one.attachments,
        )
        for one in messages
    )


def pieces(message: Message, findings: Sequence[Finding]) -> tuple[Piece, ...]:
    """A message cut at quotes; where quotes overlap, the earlier finding has the words."""
    spans = [
        (finding.start, finding.end, number)
        for number, finding in enumerate(findings, start=1)
        if finding.message_id == message.id and _stands(message, finding)
    ]
    cuts = sorted({0, len(message.text), *(at for start, end, _ in spans for at in (start or 0, end or 0))})
    found = list[Piece]()
    begun = set[int]()
    for start, end in pairwise(cuts):
        number = next((n for first, last, n in spans if (first or 0) <= start and end <= (last or 0)), 0)
        begins = bool(number) and number not in begun
        begun.add(number)
        found.append(Piece(text=message.text[start:end], finding=number, begins=begins))
    return tuple(found)


def _stands(message: Message, finding: Finding) -> bool:
    """Whether the quote is where the finding says: a reading may be of an earlier text."""
    start, end = finding.start, finding.end
    if start is None or end is None or not 0 <= start < end <= len(message.text):
        return False
    return bool(finding.quote) and message.text[start:end] == finding.quote
