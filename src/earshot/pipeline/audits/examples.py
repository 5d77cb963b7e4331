"""Use case: members of samples become few-shot examples, without personal data, and are drawn no more."""

import json
from collections.abc import Sequence

from earshot.domain.conversation import Author, Conversation
from earshot.domain.label import Label, Member, Sample
from earshot.domain.model import Noun
from earshot.errors import BadInput, NotFound
from earshot.pipeline.audits.gauging import Labelled, load
from earshot.pipeline.parts import Parts
from earshot.text.personal import mask

LEAST = 40
"""Shorter texts teach nothing: reading an examples file leaves them out."""
_LONGEST = 2_000
FILE = "examples.jsonl"
PASTE = f'[classify]\nexamples_file = "{FILE}"\nexamples_per_type = 2\n'
"""What makes readers use the file."""


class Example(Noun):
    """A member that serves as an example: its text without personal data, and what counts as true of it.

    `lacks` says why it is left out of the file, "" where it is not.
    """

    member: Member
    text: str
    label: Label | None
    lacks: str = ""


async def use(parts: Parts, sample: Sample, *, conversation_id: str, wanted: bool) -> None:
    """Make a member an example, or one no more. Raises BadInput where nobody knows what is true of it."""
    if wanted:
        [held] = await load(parts, [sample])
        _truth(held, conversation_id)
    at = parts.clock.now() if wanted else None
    async with parts.store.unit() as unit:
        if not await unit.pages.audits.use(sample.id, conversation_id, at=at):
            raise NotFound("This conversation is not in the sample (any more).")
        await unit.commit()


async def examples(parts: Parts) -> list[Example]:
    """All examples, in the order in which they were chosen."""
    async with parts.store.unit() as unit:
        members = await unit.pages.audits.examples()
        ids = sorted({one.sample_id for one in members})
        samples = [one for name in ids if (one := await unit.pages.audits.sample(name))]
        held = {one.id: one for one in await unit.conversations.get([one.conversation_id for one in members])}
    known = {one.sample.id: one for one in await load(parts, samples)}
    return [
        _example(member, known[member.sample_id], conversation=held.get(member.conversation_id))
        for member in members
    ]


def lines(found: Sequence[Example]) -> list[str]:
    """The lines of the examples file; each as `[classify] examples_file` reads it."""
    return [
        json.dumps({"text": one.text, **one.label.model_dump(mode="json")}, ensure_ascii=False)
        for one in found
        if one.label and not one.lacks
    ]


def _example(member: Member, known: Labelled, *, conversation: Conversation | None) -> Example:
    text = _text(conversation) if conversation else ""
    try:
        label = _truth(known, member.conversation_id)
    except BadInput as error:
        return Example(member=member, text=text, label=None, lacks=str(error))
    lacks = f"shorter than {LEAST} characters: it teaches nothing" if len(text) < LEAST else ""
    return Example(member=member, text=text, label=label, lacks=lacks)


def _truth(held: Labelled, conversation_id: str) -> Label:
    truths = held.truths(conversation_id)
    if not truths:
        raise BadInput("Nobody labelled this conversation yet.", hint="An example needs a label.")
    if any(one != truths[0] for one in truths):
        raise BadInput("Two people differ on this conversation.", hint="Say first what counts as true of it.")
    if None in truths[0].model_dump().values():
        raise BadInput("Its label leaves a field out.", hint="Say first what counts as true of it.")
    return truths[0]


def _text(conversation: Conversation) -> str:
    """The title and the customer's first words, personal data masked whatever the settings say."""
    masked = mask(conversation)
    said = (
        text
        for message, text in zip(conversation.messages, masked.texts, strict=True)
        if message.author is Author.CUSTOMER and text.strip()
    )
    parts = (" ".join(part.split()) for part in (masked.title or "", next(said, "")))
    return ". ".join(filter(None, parts))[:_LONGEST]
