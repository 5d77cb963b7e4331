"""Taking in conversations that were fetched, in one transaction with all that needs no waiting for others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from earshot.domain.conversation import Conversation
from earshot.domain.hearing import Fate, Heard
from earshot.domain.job import Job, JobName
from earshot.domain.notification import Turn
from earshot.pipeline.arriving import store
from earshot.pipeline.deciding import Decided
from earshot.pipeline.live.filtering import unheard_reason
from earshot.pipeline.live.judging import judge
from earshot.pipeline.live.labelling import Labelling
from earshot.pipeline.live.timing import LATENCY, Stages, timed
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.keeping import Answered, Sorted, keep
from earshot.ports.reader import Read
from earshot.ports.source import Fetched
from earshot.ports.store import Unit

READ_PRIORITY = 50
"""Priority of a full reading that follows labels."""


@dataclass
class Case:
    """One conversation on its way. `fetched` None: as it is stored; `turn` None: nobody's webhook asked for it."""

    conversation_id: str
    stages: Stages
    fetched: Fetched | None = None
    turn: Turn | None = None


@dataclass
class Taken:
    """What came of taking it in: `heard` when that was all, otherwise what is to be read."""

    heard: Heard | None = None
    conversation: Conversation | None = None


@dataclass
class Answer:
    """A case with what a reader said about it."""

    case: Case
    conversation: Conversation
    read: Read


class Intake:
    """The transactions of real time, each for several conversations at once; the same steps as the batch takes."""

    def __init__(self, parts: Parts, labelling: Labelling) -> None:
        self._parts = parts
        self._labelling = labelling

    async def take_in(self, cases: Sequence[Case]) -> list[Taken]:
        """Store what was fetched; read, keep and judge at once where the reader waits for nobody."""
        parts = self._parts
        async with parts.store.unit() as unit:
            with timed([case.stages for case in cases], "store"):
                wanted, reasons = await self._store(unit, cases)
            taken = [self._taken(case, wanted, reasons=reasons) for case in cases]
            if self._labelling.at_once:
                taken = await self._judge_at_once(unit, cases, taken=taken)
            await self._settle(unit, [c for c, t in zip(cases, taken, strict=True) if t.heard is not None])
            await unit.commit()
        return taken

    async def conclude(self, answers: Sequence[Answer]) -> list[Heard]:
        """Keep, judge and settle what a reader answered after a while."""
        async with self._parts.store.unit() as unit:
            heard = await self._conclude(unit, answers)
            await self._settle(unit, [answer.case for answer in answers])
            await unit.commit()
        return heard

    async def _store(self, unit: Unit, cases: Sequence[Case]) -> tuple[dict[str, Conversation], dict[str, str]]:
        """The conversations to be read now, and why others that nobody read are not, by id."""
        parts = self._parts
        fetched = [case.fetched for case in cases if case.fetched is not None]
        if fetched:
            await store(parts, unit, fetched=fetched)
        wanted: dict[str, Conversation] = {}
        reasons: dict[str, str] = {}
        for one in await unit.conversations.unheard([case.conversation_id for case in cases]):
            asked = any(case.conversation_id == one.id and case.turn is None for case in cases)
            reason = None if asked else await unheard_reason(parts, unit, conversation=one)
            if reason is None:
                wanted[one.id] = one
            else:
                reasons[one.id] = reason
        return wanted, reasons

    def _taken(self, case: Case, wanted: dict[str, Conversation], *, reasons: dict[str, str]) -> Taken:
        if case.conversation_id in wanted:
            return Taken(conversation=wanted[case.conversation_id])
        why = reasons.get(case.conversation_id, "")
        fate = Fate.LEFT if why else Fate.UNCHANGED
        return Taken(heard=Heard(conversation_id=case.conversation_id, fate=fate, why=why))

    async def _judge_at_once(self, unit: Unit, cases: Sequence[Case], *, taken: Sequence[Taken]) -> list[Taken]:
        new = [(c, t.conversation) for c, t in zip(cases, taken, strict=True) if t.conversation is not None]
        if not new:
            return list(taken)
        with timed([case.stages for case, _ in new], "label"):
            reads = await self._labelling.read_at_once([conversation for _, conversation in new])
        answers = [Answer(case, said, read) for (case, said), read in zip(new, reads, strict=True)]
        said = [conversation for case, conversation in new if case.fetched is not None]  # held until the commit
        heard = {one.conversation_id: one for one in await self._conclude(unit, answers, stored=said)}
        return [Taken(heard=t.heard or heard[c.conversation_id]) for c, t in zip(cases, taken, strict=True)]

    async def _conclude(
        self, unit: Unit, answers: Sequence[Answer], *, stored: Sequence[Conversation] = ()
    ) -> list[Heard]:
        parts, now = self._parts, self._parts.clock.now()
        with timed([answer.case.stages for answer in answers], "decide"):
            pairs: list[Answered] = [(answer.conversation, answer.read) for answer in answers]
            kept = await keep(unit, pairs, now=now)
            ids = [conversation.id for conversation, _ in pairs]
            found = await judge(parts, unit, ids=ids, now=now, stored=stored)
            decided = {one.conversation_id: one for one in found}
            jobs = [_read_job(one.case, now) for one in answers if self._labelling.follows(one.read)]
            if jobs:
                await unit.jobs.enqueue(jobs)
        return [self._heard(one, kept, decided=decided.get(one.conversation.id)) for one in answers]

    def _heard(self, answer: Answer, kept: Sorted, *, decided: Decided | None) -> Heard:
        conversation_id = answer.conversation.id
        good = answer.read.reading is not None or answer.read.labels is not None
        self._count(answer.read, good=good)
        return Heard(
            conversation_id=conversation_id,
            fate=Fate.JUDGED if good else Fate.LEFT,
            why="" if good else answer.read.failure or "nobody answered",
            labels=next((one for one in kept.labels if one.conversation_id == conversation_id), None),
            insight=next((one for one in kept.insights if one.conversation_id == conversation_id), None),
            rules=tuple(match.rule.name for match in decided.verdict.matches) if decided else (),
            postponed=tuple(one.rule for one in decided.verdict.postponed) if decided else (),
            actions=decided.actions if decided else (),
            seconds=answer.case.stages.seconds,
            follows=self._labelling.follows(answer.read),
        )

    def _count(self, read: Read, *, good: bool) -> None:
        stage = "labels" if read.labels is not None else "full"
        outcome = "provisional" if good and read.provenance.provisional else "ok" if good else "unread"
        self._parts.meter.count("earshot_readings_total", stage=stage, outcome=outcome)

    async def _settle(self, unit: Unit, cases: Sequence[Case]) -> None:
        turns = [case.turn for case in cases if case.turn is not None]
        now = self._parts.clock.now()
        for turn, settled in zip(turns, await unit.inbox.settle_all(turns, now=now), strict=True):
            if settled:
                self._parts.meter.observe(LATENCY, max(0.0, (now - turn.asked_at).total_seconds()))


def _read_job(case: Case, now: datetime) -> Job:
    """The full reading. Its key holds the version, so that one under way does not swallow it."""
    version = case.turn.version if case.turn is not None else int(now.timestamp() * 1000)
    return Job(name=JobName.READ, key=f"conversation/{case.conversation_id}/{version}", priority=READ_PRIORITY)
