"""What a source gave, ready to be stored: merged with what it no longer gives, and filtered."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from earshot.decide.rules import Rules
from earshot.domain.action import ActionKind
from earshot.domain.conversation import Conversation
from earshot.domain.notification import Concern
from earshot.errors import Transient
from earshot.pipeline.parts import Parts
from earshot.ports.source import Behind, Fetched, Source
from earshot.ports.store import Arrival, Unit
from earshot.pull.filters import filter_reason
from earshot.pull.merge import merge_truncated


class Outdated(Transient):
    """Who is behind conversations changed between looking it up and storing them: it is to be looked up again."""

    def __init__(self, behind: frozenset[Behind]) -> None:
        super().__init__("who is behind the conversation changed meanwhile")
        self.behind = behind


@runtime_checkable
class Renewing(Protocol):
    """A source that knows who is behind conversations."""

    async def refresh(self, concern: Concern, external_id: str) -> None:
        """Ask anew about a contact or company; one that is gone there keeps nothing but its id."""
        ...

    def forget(self, behind: Iterable[Behind]) -> None:
        """Let go what is known of these: it is no longer so."""
        ...

    async def renewed(self, raw: bytes) -> Fetched:
        """A conversation from its stored JSON, with its customer as known now."""
        ...


async def anew(source: Source, fetched: Fetched, *, outdated: Outdated) -> Fetched:
    """What was fetched, with its customer as known now where that is outdated."""
    if not isinstance(source, Renewing) or outdated.behind.isdisjoint(fetched.behind):
        return fetched
    source.forget(outdated.behind)
    return await source.renewed(fetched.raw)


async def store(parts: Parts, unit: Unit, *, fetched: Sequence[Fetched]) -> list[Arrival]:
    """Store conversations of one source.

    Raises Outdated where who is behind one changed since it was fetched. Until the transaction ends it cannot: a
    change that is heard of meanwhile waits, and then finds what was stored. That is looked at last, because what
    deletes takes conversations before contacts, too.
    """
    arriving = await arrivals(parts, unit, fetched=fetched)
    await unit.conversations.save(arriving, now=parts.clock.now())
    if changed := await unit.directory.changed({one for some in fetched for one in some.behind}):
        raise Outdated(changed)
    return arriving


async def arrivals(parts: Parts, unit: Unit, *, fetched: Sequence[Fetched]) -> list[Arrival]:
    """Conversations of one source as they are to be stored, in the given order."""
    cut = [one.conversation.id for one in fetched if one.conversation.truncated]
    older = {one.id: one for one in await unit.conversations.get(cut)} if cut else {}
    whole = [(merge_truncated(older.get(one.conversation.id), one), one.raw) for one in fetched]
    reasons = await shut_out(parts, unit, conversations=[conversation for conversation, _ in whole])
    return [
        Arrival(conversation=conversation, raw=raw, excluded=reasons.get(conversation.id))
        for conversation, raw in whole
    ]


async def shut_out(parts: Parts, unit: Unit, *, conversations: Sequence[Conversation]) -> dict[str, str]:
    """Why `[pull.filters]` keep conversations from being read, by id; those that are read are not in it.

    The store is asked only about those that a filter would shut out: whether they were read before.
    """
    filters = parts.pull.filters
    shut = [one for one in conversations if filter_reason(one, filters)]
    begun = await begun_of(unit, shut)
    tags = own_tags(parts.make_rules()) if begun else frozenset[str]()
    reasons = {one.id: filter_reason(one, filters, own_tags=tags, begun=one.id in begun) for one in shut}
    return {conversation_id: reason for conversation_id, reason in reasons.items() if reason}


async def begun_of(unit: Unit, conversations: Sequence[Conversation]) -> frozenset[str]:
    """The ids of those of which we hold labels or a reading, of whatever version."""
    begun: set[str] = set()
    for source in {one.source for one in conversations}:
        ids = {one.external_id: one.id for one in conversations if one.source == source}
        known = await unit.conversations.known(source, list(ids))
        begun |= {ids[external_id] for external_id, one in known.items() if one.begun}
    return frozenset(begun)


def own_tags(rules: Rules) -> frozenset[str]:
    """The tags that rules put on."""
    return frozenset(
        wanted.parameters["tag"]
        for rule in rules.ordered
        for wanted in rule.settings.actions
        if wanted.do is ActionKind.TAG and "tag" in wanted.parameters
    )
