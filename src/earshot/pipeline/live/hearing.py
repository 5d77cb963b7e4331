"""Use case: hear what changed: fetch, store, label, judge; what follows is enqueued in the same commit.

The same steps as the batch, for what came at one moment. Webhooks only say that something changed; what is true is
at the source, and what they miss the next sync brings.
"""

import asyncio
from dataclasses import replace
from functools import cache

from earshot.domain.hearing import Fate, Heard
from earshot.domain.notification import Concern, Effect, Turn
from earshot.errors import Misconfigured, NotFound
from earshot.pipeline.arriving import Outdated
from earshot.pipeline.clashes import restart_safe
from earshot.pipeline.deciding import judged
from earshot.pipeline.live.contacts import Contacts
from earshot.pipeline.live.fetching import Fetching
from earshot.pipeline.live.intake import Answer, Case, Intake, Taken
from earshot.pipeline.live.labelling import Labelling
from earshot.pipeline.live.timing import Stages
from earshot.pipeline.live.together import Together
from earshot.pipeline.live.turns import Turns, parse_key
from earshot.pipeline.parts import Parts
from earshot.ports.source import Deletion, Fetched

MARGIN = 5.0
"""Seconds before the end of a turn at which it is given up: nobody works on what another may have begun."""
ROUND = 12
"""Conversations in one transaction; reading more of them would hold up the event loop."""
LLM_ROUND = 25


class Hearing:
    """Hears for one process: its source, readers and rules are made once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts = replace(parts, make_rules=cache(parts.make_rules))
        self._turns = Turns(parts)
        self._fetching = Fetching(parts)
        self._labelling = Labelling(parts)
        self._contacts = Contacts(parts, self._fetching)
        intake = Intake(parts, self._labelling)
        self._taking = Together[Case, Taken](intake.take_in, most=ROUND)
        self._concluding = Together[Answer, Heard](intake.conclude, most=LLM_ROUND)

    async def hear(self, key: str) -> None:
        """Deal with one thing that changed (job HEAR). Raises Later while another worker deals with it."""
        turn = await self._turns.claim(parse_key(key))
        if turn is None:
            return
        try:
            async with asyncio.timeout(self._parts.realtime.lease_seconds - MARGIN):
                await self._deal(turn)
        except asyncio.CancelledError as stopped:
            await self._turns.give_back(turn, stopped)
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, the turn must not be lost)
            await self._turns.give_back(turn, error)

    async def classify_now(self, conversation_id: str) -> Heard:
        """Read and judge one conversation at once, whatever the filters say. NotFound when nobody knows it.

        Fetched anew where the source can be asked; otherwise as it is stored.
        """
        stages = self._stages()
        case = Case(conversation_id, stages, fetched=await self._fetched(conversation_id, stages))
        heard = await self._heard(case)
        return heard if heard.fate is not Fate.UNCHANGED else await self._held(case)

    async def _deal(self, turn: Turn) -> None:
        if turn.concern is Concern.CONVERSATION:
            await (self._gone(turn) if turn.effect is Effect.DELETED else self._changed(turn))
        elif turn.concern in {Concern.CONTACT, Concern.COMPANY}:
            await self._contacts.hear(turn)
        else:
            await self._settle(turn)

    async def _changed(self, turn: Turn) -> Heard:
        stages = self._stages()
        with self._parts.meter.span("earshot.hear", parent=turn.trace):
            with stages.stage("fetch"):
                fetched = await self._fetching.conversation(turn.external_id)
            if fetched is None:
                return await self._gone(turn)
            return await self._heard(Case(fetched.conversation.id, stages, fetched=fetched, turn=turn))

    async def _heard(self, case: Case) -> Heard:
        taken = await self._taken(case)
        if taken.heard is not None:
            return taken.heard
        if taken.conversation is None:
            raise ValueError("what is not heard is to be read")
        with self._labelling.owing() as debt:
            with case.stages.stage("label"):
                read = await self._labelling.read(taken.conversation)
            answer = Answer(case, taken.conversation, read)
            heard = await restart_safe(lambda: self._concluding.one(answer), clock=self._parts.clock)
            debt.saved()
            return heard

    async def _taken(self, case: Case) -> Taken:
        try:
            return await self._taking.one(case)
        except Outdated as outdated:
            if case.fetched is None:
                raise
            again = await self._fetching.anew(case.fetched, outdated)
        return await self._taking.one(replace(case, fetched=again))

    async def _gone(self, turn: Turn) -> Heard:
        """It is not at the source any more: purge it."""
        now = self._parts.clock.now()
        async with self._parts.store.unit() as unit:
            await unit.conversations.delete(turn.source, [Deletion(external_id=turn.external_id, deleted_at=now)])
            await unit.inbox.settle(turn, now=self._parts.clock.now())
            await unit.commit()
        return Heard(conversation_id=turn.external_id, fate=Fate.GONE)

    async def _settle(self, turn: Turn) -> None:
        async with self._parts.store.unit() as unit:
            await unit.inbox.settle(turn, now=self._parts.clock.now())
            await unit.commit()

    async def _fetched(self, conversation_id: str, stages: Stages) -> Fetched | None:
        """As it stands at the source; None where it came from elsewhere or the source cannot be asked."""
        if ":" in conversation_id:
            return None
        try:
            with stages.stage("fetch"):
                found = await self._fetching.conversation(conversation_id)
        except Misconfigured:
            return None
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id!r} at the source.")
        return found

    async def _held(self, case: Case) -> Heard:
        """What is known of a conversation of which nothing new was said; NotFound when nothing is."""
        parts, one = self._parts, case.conversation_id
        async with parts.store.unit() as unit:
            insight, labels = await unit.insights.present(one)
            facts = await unit.decisions.of([one], now=parts.clock.now())
            if not facts and not await unit.conversations.get([one]):
                raise NotFound(f"There is no conversation {one!r}.")
            rules, now = parts.make_rules(), parts.clock.now()
            found = await judged(parts, unit, rules=rules, facts=facts, now=now)
        return Heard(
            conversation_id=one,
            fate=Fate.UNCHANGED if facts else Fate.LEFT,
            why="" if facts else "nobody could read it",
            labels=labels,
            insight=insight,
            rules=tuple(match.rule.name for decided in found for match in decided.verdict.matches),
            postponed=tuple(late.rule for decided in found for late in decided.verdict.postponed),
            actions=tuple(action for decided in found for action in decided.actions),
            seconds=case.stages.seconds,
        )

    def _stages(self) -> Stages:
        return Stages(self._parts.meter, self._parts.clock)


async def hear(parts: Parts, key: str) -> None:
    """Deal with one thing that changed. A process that hears more than one keeps a `Hearing`."""
    await Hearing(parts).hear(key)


async def classify_now(parts: Parts, conversation_id: str) -> Heard:
    """Read and judge one conversation at once. A process that does it more than once keeps a `Hearing`."""
    return await Hearing(parts).classify_now(conversation_id)
