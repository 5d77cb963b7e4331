"""Use case: people label the members of a sample, blind to the model's answer, some of them twice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from earshot.audit.labels import OPTIONS
from earshot.domain.conversation import Author, Message
from earshot.domain.label import Label, Labelling, Member, Ruling, Sample
from earshot.domain.model import Noun
from earshot.errors import BadInput, NotFound
from earshot.pipeline.parts import Parts

LONGEST_NOTE = 500
_LONGEST_LOOK = 1_800.0
"""Whoever took longer did something else meanwhile; the time is not kept."""


class Turn(Noun):
    """What one person is to label next. `member` None: nothing is left for them.

    `earlier` is what they said of it before, `back` the member they labelled last; `done` of `whole` are theirs.
    `went_on`: the conversation has gone on since it was read; only what stood then is shown.
    """

    sample: Sample
    member: Member | None
    title: str | None = None
    messages: tuple[Message, ...] = ()
    went_on: bool = False
    earlier: Labelling | None = None
    back: str | None = None
    done: int = 0
    left: int = 0
    again: bool = False


async def find(parts: Parts, sample_id: str) -> Sample:
    """A sample, by its id or the beginning of it; `latest` is the newest. Raises NotFound."""
    async with parts.store.unit() as unit:
        found = await unit.pages.audits.sample(sample_id)
        if found is None:
            known = [one.sample for one in await unit.pages.audits.samples(limit=200)]
            close = [one for one in known if sample_id == "latest" or (sample_id and one.id.startswith(sample_id))]
            found = close[0] if close and (len(close) == 1 or sample_id == "latest") else None
    if found is None:
        raise NotFound("There is no such sample.", hint="Draw one: earshot audit sample.")
    return found


async def turn(parts: Parts, sample: Sample, *, labeller: str, at: str = "") -> Turn:
    """The next conversation for this person, or (`at`) a certain one. Raises NotFound."""
    async with parts.store.unit() as unit:
        members = await unit.pages.audits.members([sample.id])
        said = await unit.pages.audits.labellings([sample.id])
        own = [one for one in said if one.labeller == labeller]
        todo = waiting(sample, members, said=said, labeller=labeller)
        by_id = {one.conversation_id: one for one in members}
        if at and at not in by_id:
            raise NotFound("This conversation is not in the sample.")
        member = by_id[at] if at else next(iter(todo), None)
        held = await unit.conversations.get([member.conversation_id]) if member else []
    earlier = next((one for one in own if member and one.conversation_id == member.conversation_id), None)
    told = Turn(
        sample=sample,
        member=member,
        earlier=earlier,
        back=_back(own, earlier),
        done=len(own),
        left=len(todo),
        again=any(
            one.labeller != labeller and member and one.conversation_id == member.conversation_id for one in said
        ),
    )
    if member is None or not held:
        return told
    messages, went_on = as_read(held[0].messages, member, content_hash=held[0].content_hash)
    return told.model_copy(update={"title": held[0].title, "messages": messages, "went_on": went_on})


def waiting(sample: Sample, members: Sequence[Member], *, said: Sequence[Labelling], labeller: str) -> list[Member]:
    """The members that this person may label yet: the first `second` are for two people, the others for one."""
    by: defaultdict[str, set[str]] = defaultdict(set)
    for one in said:
        by[one.conversation_id].add(one.labeller)
    return [
        member
        for place, member in enumerate(members)
        if labeller not in by[member.conversation_id]
        and len(by[member.conversation_id]) < (2 if place < sample.second else 1)
    ]


def as_read(messages: Sequence[Message], member: Member, *, content_hash: str) -> tuple[tuple[Message, ...], bool]:
    """The messages that stood when the model read them, and whether there are more by now."""
    if member.answer is None or member.answer.content_hash in {"", content_hash}:
        return tuple(messages), False
    until = member.answer.read_at
    stood = tuple(one for one in messages if one.created_at <= until)
    spoken = any(one.author is Author.CUSTOMER for one in stood)
    return (stood, len(stood) < len(messages)) if spoken else (tuple(messages), True)


async def keep(
    parts: Parts,
    sample: Sample,
    *,
    conversation_id: str,
    given: Mapping[str, str],
    labeller: str,
    skipped: bool = False,
    note: str = "",
    began: datetime | None = None,
) -> None:
    """Keep what a person says; a label needs every field, a skip none. Raises BadInput, NotFound."""
    now = parts.clock.now()
    took = (now - began).total_seconds() if began else None
    one = Labelling(
        sample_id=sample.id,
        conversation_id=conversation_id,
        labeller=labeller,
        label=Label() if skipped else complete(given),
        skipped=skipped,
        note=" ".join(note.split())[:LONGEST_NOTE],
        seconds=took if took is not None and 0 <= took <= _LONGEST_LOOK else None,
        at=now,
    )
    async with parts.store.unit() as unit:
        if not await unit.pages.audits.label(one):
            raise NotFound("This conversation is not in the sample (any more).")
        await unit.commit()


async def rule(parts: Parts, sample: Sample, *, conversation_id: str, given: Mapping[str, str]) -> None:
    """Say what counts as true of a member, whatever its labels say. Raises BadInput, NotFound."""
    label = complete(given)
    at, by = parts.clock.now(), parts.actor
    async with parts.store.unit() as unit:
        ruling = Ruling(sample_id=sample.id, conversation_id=conversation_id, label=label, by=by, at=at)
        if not await unit.pages.audits.rule(ruling):
            raise NotFound("This conversation is not in the sample (any more).")
        await unit.commit()


def complete(given: Mapping[str, str]) -> Label:
    """A label with every field. Raises BadInput naming what is missing."""
    for field, options in OPTIONS.items():
        if given.get(field, "") not in options:
            raise BadInput(f"Please choose the {field.replace('_', ' ')}.", hint=f"One of {', '.join(options)}.")
    return Label.model_validate({field: given[field] for field in OPTIONS})


def _back(own: Sequence[Labelling], earlier: Labelling | None) -> str | None:
    """The member that this person labelled before: before the one they look at, or last."""
    before = [one for one in own if earlier is None or one.at < earlier.at]
    return before[-1].conversation_id if before else None
