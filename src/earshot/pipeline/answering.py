"""Use cases: classify one conversation for somebody who waits, and say what was found and decided."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

from earshot.decide.evaluate import Match, evaluate
from earshot.decide.standing import standings
from earshot.domain.conversation import Conversation
from earshot.domain.customer import Segment
from earshot.domain.insight import FirstLabels, Insight, Stage
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, RecommendedAction, Sentiment
from earshot.domain.rows import InsightRow, LabelsRow
from earshot.errors import BadInput, Rejected, Transient
from earshot.pipeline.arriving import store
from earshot.pipeline.browsing import ActionEntry, entries_of, held
from earshot.pipeline.exporting import insight_row, labels_row
from earshot.pipeline.live.hearing import Hearing
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import Accounted
from earshot.pipeline.reading.keeping import keep
from earshot.pipeline.reading.ledger import StoreLedger
from earshot.pipeline.reading.sharing import CONVERSATION, Shares
from earshot.pipeline.ruling.suspicion import LOCAL, Judged, doubts
from earshot.ports.reader import Read
from earshot.ports.source import Fetched
from earshot.ports.store import Arrival, Unit

_TRIED = "tried:"
"""How the ids begin of conversations that are classified and not kept."""
FOLLOWS = "Labels only so far; a worker or the next run reads the whole."


class Progress(StrEnum):
    """How far the classification of a conversation's present text is.

    DONE: there is a reading, or as much of it as was asked for. WORKING: it goes on. LEFT_OUT: a filter keeps it
    from being read. UNREAD: nobody could read it. NOTHING: nobody has tried yet.
    """

    DONE = "done"
    WORKING = "working"
    LEFT_OUT = "left_out"
    UNREAD = "unread"
    NOTHING = "nothing"


class MatchedRule(Noun):
    """A rule that holds, and why. `live`: it acts for real here. `doubt` says why its actions wait for a person."""

    name: str
    priority: int
    live: bool
    because: str
    doubt: str
    actions: list[str]


class Classification(Noun):
    """What is known of a conversation: labels come first, the reading (`stage` full) follows.

    The closed fields stand at the top under the guide's names, from the reading or else from the labels; null is
    not known. `frequency` is how many distinct conversations raise the first matter's theme.
    """

    conversation_id: str
    state: Progress
    stage: Stage | None = None
    reason: str | None = Field(default=None, description="Why it is left out or unread, or what follows.")
    conversation_state: str
    plan: str | None
    tags: list[str]
    url: str | None
    issue_type: IssueType | None = None
    priority: Priority | None = None
    sentiment: Sentiment | None = None
    sentiment_score: float | None = None
    churn_risk: ChurnRisk | None = None
    confidence: float | None = None
    summary: str | None = None
    affected_feature: str | None = None
    customer_segment: Segment | None = None
    recommended_action: RecommendedAction | None = None
    theme_id: str | None = None
    frequency: int | None = None
    rules: list[MatchedRule] = []
    actions: list[ActionEntry] = []
    insight: InsightRow | None = None
    labels: LabelsRow | None = None


class Answering:
    """Classifies for one process: what hears and reads is made once, and shared with nobody else."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hearing = Hearing(parts)
        self._shares = Shares(parts, judge=self._judge, stop=asyncio.Event())
        self._warm = False
        self._warming = asyncio.Lock()

    async def classify(self, conversation_id: str) -> Classification:
        """Fetch a conversation where it has a source, read and judge it; nothing is done twice for one text.

        Where labels come first, the whole reading is waited for too, unless a worker is at it already.
        """
        await self.warm()
        heard = await self._hearing.classify_now(conversation_id)
        if heard.insight is None and heard.labels is not None and self._parts.realtime.full_reading:
            await self._shares.serve(f"{CONVERSATION}/{conversation_id}/api")
        return await classification(self._parts, conversation_id)

    async def warm(self) -> None:
        """Load what reading and judging take, once and in a thread: the loop serves webhooks meanwhile."""
        async with self._warming:
            if not self._warm:
                await asyncio.to_thread(self._parts.make_reader, LOCAL)
                await asyncio.to_thread(self._parts.make_rules)
                self._warm = True

    async def _judge(self, conversation_ids: Sequence[str]) -> None:
        await judge_read(self._parts, conversation_ids)


async def classification(parts: Parts, conversation_id: str) -> Classification:
    """What is known of a conversation now; NotFound where we do not hold it."""
    async with parts.store.unit() as unit:
        found = await _found(parts, unit, conversation=await held(unit, conversation_id))
        actions = await entries_of(unit, await unit.rulebook.actions_of(conversation_id))
        await unit.commit()
    return found.model_copy(update={"actions": actions})


async def take_in(parts: Parts, fetched: Fetched) -> str:
    """Keep a conversation that was handed in, as an import does; its public id. Doing it again changes nothing.

    Raises Rejected where it, or its customer, was erased, or a newer version is held.
    """
    conversation = fetched.conversation
    if conversation.deleted:
        raise BadInput("A deleted conversation cannot be classified.")
    async with parts.store.unit() as unit:
        await store(parts, unit, fetched=[fetched])
        kept = await unit.conversations.get([conversation.id])
        await unit.commit()
    if not kept or kept[0].deleted:
        raise Rejected(
            "This conversation was erased or deleted and is not taken in again.", hint="Give another id."
        )
    return conversation.id


async def try_out(parts: Parts, fetched: Fetched) -> Classification:
    """Classify and judge a conversation as if it were kept; nothing is stored but what the model cost.

    Everything happens in a transaction that is rolled back, under an id that no conversation has.
    """
    given = fetched.conversation
    trial = given.model_copy(update={"external_id": f"{_TRIED}{parts.ids.new()}", "deleted": False})
    answer = await _read(parts, trial)
    async with parts.store.unit() as unit:
        await unit.conversations.save([Arrival(conversation=trial, raw=fetched.raw)], now=parts.clock.now())
        await keep(unit, [(trial, answer)], now=parts.clock.now())
        found = await _found(parts, unit, conversation=trial)
    return _renamed(found, given.id)


async def _found(parts: Parts, unit: Unit, *, conversation: Conversation) -> Classification:
    """What the store says of a conversation, without the actions."""
    insight = await unit.browse.insight(conversation.id)
    current = insight if insight and insight.content_hash == conversation.content_hash else None
    labels = None if current else await unit.browse.labels(conversation.id)
    told = _told(current, labels) | await _standing(
        unit, conversation, known=bool(current or labels), full=current is not None
    )
    customer = conversation.customer
    plain = Classification(
        conversation_id=conversation.id,
        conversation_state=conversation.state.value,
        plan=customer.plan if customer else None,
        tags=list(conversation.tags),
        url=conversation.url,
        **told,
    )
    return (
        plain.model_copy(update=await _judged(parts, unit, conversation_id=conversation.id))
        if current or labels
        else plain
    )


async def _standing(unit: Unit, conversation: Conversation, *, known: bool, full: bool) -> dict[str, Any]:
    if known:
        return {"state": Progress.DONE, "reason": None if full else FOLLOWS}
    if reason := await unit.browse.excluded(conversation.id):
        return {"state": Progress.LEFT_OUT, "reason": reason}
    if reason := await unit.browse.unread(conversation.id):
        return {"state": Progress.UNREAD, "reason": reason}
    return {"state": Progress.NOTHING}


def _told(insight: Insight | None, labels: FirstLabels | None) -> dict[str, Any]:
    """The fields of a reading, or else those of labels, under the names of `Classification`."""
    own = Classification.model_fields.keys() - {"conversation_id", "rules", "actions", "stage"}
    if insight is not None:
        row = insight_row(insight)
        return {"stage": Stage.FULL, "insight": row, **_fields(row, own)}
    if labels is not None:
        first = labels_row(labels)
        return {"stage": Stage.LABELS, "labels": first, **_fields(first, own)}
    return {}


def _fields(row: InsightRow | LabelsRow, names: Any) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in names if name in type(row).model_fields}


async def _judged(parts: Parts, unit: Unit, *, conversation_id: str) -> dict[str, Any]:
    """Which rules hold, and what is known of the theme. Nothing is decided here."""
    found = await unit.decisions.of([conversation_id], now=parts.clock.now())
    if not found:
        return {}
    (facts,) = found
    rules = parts.make_rules()
    states = standings([rule.settings for rule in rules.ordered], await unit.rulebook.states())
    verdict = evaluate(rules, facts, standings=states)
    doubted = await doubts(parts, unit, rules=rules, judged=[Judged(facts, verdict)])
    why = doubted.get(conversation_id, {})
    theme = facts.theme
    return {
        "rules": [_rule(match, why.get(match.rule.name, "")) for match in verdict.matches],
        "theme_id": theme.id or None,
        "frequency": theme.frequency if theme.id else None,
    }


def _rule(match: Match, doubt: str) -> MatchedRule:
    return MatchedRule(
        name=match.rule.name,
        priority=match.rule.priority,
        live=match.live,
        because=match.because,
        doubt=doubt,
        actions=[wanted.said for wanted in match.rule.actions],
    )


async def _read(parts: Parts, conversation: Conversation) -> Read:
    """Ask the reader of the settings about one conversation, booked. Raises Transient where nobody answers."""
    reader = parts.make_reader("auto")
    ledger = reader.ledger if isinstance(reader, Accounted) else None
    if isinstance(ledger, StoreLedger):
        ledger.begin(None)
    try:
        (answer,) = await reader.read([conversation])
    finally:
        if ledger is not None:
            await ledger.flush()
    if answer.unanswered:
        raise Transient("Nobody who can read answered.", hint="Try again in a minute.", retry_after=60.0)
    return answer


def _renamed(found: Classification, conversation_id: str) -> Classification:
    """The same under the id that was given."""
    update: dict[str, Any] = {"conversation_id": conversation_id}
    for name in ("insight", "labels"):
        row: InsightRow | LabelsRow | None = getattr(found, name)
        update[name] = row and row.model_copy(update={"conversation_id": conversation_id})
    return found.model_copy(update=update)
