"""Data lines of a task: `label: "JSON string"`, with personal data masked, and bounded words out of answers.

Only our own labels stand outside strings, so nothing that a customer writes can end the data or pass for a line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from earshot.domain.conversation import Author, Conversation, Message
from earshot.text.asking.forms import Unfilled
from earshot.text.escape import clip
from earshot.text.personal import Masked, mask, unmasked
from earshot.text.personal.spans import Kind
from earshot.text.untrusted import inert, quoted

_MARKUP = re.compile(r"<\s*[/!]?\s*[a-z]|://|\]\(|javascript:|```|\bwww\.", re.IGNORECASE)
_MARK = re.compile(rf"\[(?:{'|'.join(Kind)})(?:_[0-9]{{1,6}})?\]")
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """A label of ours, a text by anybody, and how many characters of it are shown."""

    label: str
    text: str
    most: int


def data(lines: Sequence[Line], *, people: Sequence[Conversation] = (), masking: bool = True) -> str:
    """The lines, one text each, empty ones left out.

    Personal data is masked over all of them together: the same value is the same mark everywhere. The names that
    the conversations of `people` know are masked too (of companies, the first one's).
    """
    told = [line for line in lines if line.text.strip()]
    texts = _masked([line.text[: 4 * line.most] for line in told], people) if masking else [t.text for t in told]
    return "\n".join(
        f"{line.label}: {quoted(_shown(text, line.most))}" for line, text in zip(told, texts, strict=True)
    )


def words(text: str, *, limit: int) -> str:
    """Text of an answer on one line: nothing unseen in it, cut at a word to the limit."""
    return " ".join(inert(clip(text, limit)).split())


def plain(field: str, text: str, *, limit: int) -> str:
    """Words of an answer that will stand in a title or ticket. Raises Unfilled when they are no plain words.

    Refused: nothing at all, marks that stand for personal data, tags, links, code.
    """
    told = words(text, limit=limit).strip("\"'“”„«» ")
    if not told:
        raise Unfilled(f"{field}: empty")
    if _MARK.search(told) or _MARKUP.search(told):
        raise Unfilled(f"{field}: not plain words")
    return told


def _shown(text: str, most: int) -> str:
    """On one line, cut at a word; a cut never leaves half a mark."""
    line = " ".join(inert(text).split())
    if len(line) <= most:
        return line
    cut = line.rfind(" ", most // 2, most)
    return line[: cut if cut > 0 else most].rstrip() + " …"


def _masked(texts: Sequence[str], people: Sequence[Conversation]) -> Sequence[str]:
    return _together(texts, people).texts[: len(texts)]


def _together(texts: Sequence[str], people: Sequence[Conversation]) -> Masked:
    """The texts as one conversation, whose writers are all who have to do with them."""
    if not texts:
        return unmasked(_conversation([], people))
    return mask(_conversation(texts, people))


def _conversation(texts: Sequence[str], people: Sequence[Conversation]) -> Conversation:
    said = [
        Message(id=str(i), author=Author.CUSTOMER, text=text, created_at=_NEVER) for i, text in enumerate(texts)
    ]
    names = {
        (name, author)
        for conversation in people
        for name, author in _names(conversation)
    }  # fmt: skip
    silent = [
        Message(id=f"n{i}", author=author, text="", created_at=_NEVER, author_name=name)
        for i, (name, author) in enumerate(sorted(names))
    ]
    customers = (conversation.customer for conversation in people)
    return Conversation(
        source="task",
        external_id="data",
        created_at=_NEVER,
        updated_at=_NEVER,
        messages=(*said, *silent),
        customer=next((customer for customer in customers if customer is not None), None),
    )


def _names(conversation: Conversation) -> list[tuple[str, Author]]:
    """Everybody whose name a conversation knows; an address counts as a name."""
    found = [(m.author_name, m.author) for m in conversation.messages if m.author_name]
    customer = conversation.customer
    if customer is not None:
        found += [(name, Author.CUSTOMER) for name in (customer.name, customer.email) if name]
    return [(name, author) for name, author in found if author is not Author.BOT]
