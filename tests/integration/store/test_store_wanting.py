"""Which conversations are to be read: random histories against a simple model in memory, and the plans used."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from store_samples import NOW, T0, arrival, conversation, first_labels, insight, keep, query, read, unread

from earshot.domain.batch import BatchEntry, BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Tier
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.insight import FirstLabels, Insight, Provenance, Stage, Unread
from earshot.ports.source import Deletion
from earshot.ports.store import DEFAULT_WANT, Want
from earshot.store import PostgresStore
from earshot.store.wanting import listing

READERS = ("llm", "local")
PROMPTS = ("p1", "p2", None)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Held:
    """What the model knows of one conversation."""

    conversation: Conversation
    deleted: bool = False
    excluded: bool = False
    full: Insight | None = None
    labels: FirstLabels | None = None
    unread: Unread | None = None
    open_hash: str | None = None

    @property
    def hash(self) -> str:
        return self.conversation.content_hash

    def read(self, one: Insight | FirstLabels | Unread | None) -> bool:
        return one is not None and one.content_hash == self.hash

    def forget(self) -> None:
        self.full = self.labels = self.unread = None


@dataclass
class Model:
    """The rules in a few lines."""

    held: dict[str, Held] = field(default_factory=dict[str, Held])

    def save(self, insights: list[Insight], unread: list[Unread], labels: list[FirstLabels]) -> None:
        for one in insights:
            here = self.held[one.conversation_id]
            if self._takes(here, one, here.full):
                here.full, here.labels, here.unread = one, None, None
        for one in labels:
            here = self.held[one.conversation_id]
            if not here.read(here.full) and self._takes(here, one, here.labels):
                here.labels, here.unread = one, None
        for one in unread:
            here = self.held[one.conversation_id]
            if not here.deleted and one.content_hash == here.hash:
                here.unread = one

    def _takes(self, here: Held, one: Insight | FirstLabels, old: Insight | FirstLabels | None) -> bool:
        if here.deleted or one.content_hash != here.hash:
            return False
        better = old is not None and here.read(old) and not old.provenance.provisional
        return not (better and one.provenance.provisional)

    def wanted(self, want: Want) -> set[str]:
        return {one for one, here in self.held.items() if self._free(here, want) and self._wants(here, want)}

    def _free(self, here: Held, want: Want) -> bool:
        waits = here.open_hash == here.hash
        return not (here.deleted or here.excluded or waits or here.conversation.id in want.skip)

    def _wants(self, here: Held, want: Want) -> bool:
        reading = here.labels if want.stage is Stage.LABELS else here.full
        if here.read(here.full) and want.stage is Stage.LABELS:
            return False
        if not here.read(reading):
            if here.unread is None or not here.read(here.unread):
                return not here.read(here.full)
            missing = not here.read(here.full)
            return missing and want.unread_before is not None and here.unread.attempted_at < want.unread_before
        assert reading is not None
        tried = want.unread_before or NEVER
        if self._older(here, reading, want.provisional_before, tried=tried) and reading.provenance.provisional:
            return True
        classifier = want.only_classifier in {None, reading.provenance.classifier}
        prompt = want.not_prompt is None or reading.provenance.prompt_hash != want.not_prompt
        return self._older(here, reading, want.again_before, tried=want.again_before) and classifier and prompt

    def _older(
        self, here: Held, reading: Insight | FirstLabels, moment: datetime | None, *, tried: datetime | None
    ) -> bool:
        if moment is None or tried is None or reading.classified_at >= moment:
            return False
        return here.unread is None or not here.read(here.unread) or here.unread.attempted_at < tried


class History:
    """A random history that is told to the store and to the model alike."""

    def __init__(self, store: PostgresStore, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.model = Model()
        self.now = NOW
        self.batches: list[tuple[ReadingBatch, list[BatchEntry]]] = []
        self.older: dict[str, list[Conversation]] = {}

    async def begin(self) -> None:
        given = [conversation(n) for n in range(12)]
        await keep(self.store, *given)
        self.model.held = {c.id: Held(c) for c in given}
        self.older = {c.id: [c] for c in given}

    async def step(self) -> None:
        self.now += timedelta(minutes=1)
        kinds = [self.read, self.read, self.read, self.claim, self.settle, self.text, self.text, self.remove]
        await self.random.choice(kinds)()

    def some(self, most: int) -> list[Held]:
        return self.random.sample(list(self.model.held.values()), self.random.randint(1, most))

    def at(self) -> datetime:
        return self.now - timedelta(minutes=self.random.randint(0, 40))

    def origin(self) -> Provenance:
        return Provenance(
            classifier=self.random.choice(READERS),
            model="m",
            prompt_hash=self.random.choice(PROMPTS),
            provisional=self.random.random() < 0.4,
        )

    def version(self, here: Held) -> Conversation:
        recent = self.older[here.conversation.id]
        return recent[-1] if self.random.random() < 0.8 else self.random.choice(recent)

    async def read(self) -> None:
        insights = [
            insight(self.version(one), provenance=self.origin(), classified_at=self.at()) for one in self.some(3)
        ]
        labels = [
            first_labels(self.version(one), provenance=self.origin(), classified_at=self.at())
            for one in self.some(4)
        ]
        failed = [unread(self.version(one)).model_copy(update={"attempted_at": self.at()}) for one in self.some(2)]
        keeps = [self.random.random() < 0.5 for _ in range(3)]
        parts = (insights if keeps[0] else [], failed if keeps[1] else [], labels if keeps[2] else [])
        await read(self.store, *parts[0], unread=parts[1], labels=parts[2])
        self.model.save(parts[0], parts[1], parts[2])

    async def text(self) -> None:
        (here,) = self.some(1)
        old = here.conversation
        shorter = self.random.random() < 0.3
        extra = Message(id=f"x{self.now}", author=Author.CUSTOMER, text=f"more {self.now}", created_at=self.now)
        messages = (extra,) if shorter else (*old.messages, extra)
        new = old.model_copy(update={"messages": messages, "updated_at": self.now})
        excluded = "spam" if self.random.random() < 0.2 else None
        async with self.store.unit() as unit:
            await unit.conversations.save([arrival(new, excluded=excluded)], now=self.now)
            await unit.commit()
        if excluded or (shorter and not here.deleted):
            here.forget()
        here.conversation, here.deleted, here.excluded = new, False, bool(excluded)
        self.older[new.id].append(new)

    async def remove(self) -> None:
        if self.random.random() < 0.6:
            return
        (here,) = self.some(1)
        deletion = Deletion(external_id=here.conversation.external_id, deleted_at=self.now)
        async with self.store.unit() as unit:
            await unit.conversations.delete("intercom", [deletion])
            await unit.commit()
        here.forget()
        here.deleted, here.excluded, here.open_hash = True, False, None

    async def claim(self) -> None:
        batch = ReadingBatch(id=f"b{self.now}", provider="p", model="m", tier=Tier.CHEAP, created_at=self.now)
        chosen = self.some(4)
        entries = [
            BatchEntry(
                id=f"{batch.id}-{n}",
                batch_id=batch.id,
                conversation_id=here.conversation.id,
                content_hash=here.hash,
                prompt_version="3",
                prompt_hash="p",
            )
            for n, here in enumerate(chosen)
        ]
        async with self.store.unit() as unit:
            kept = await unit.batches.claim(batch, entries)
            await unit.commit()
        free = [e for e, h in zip(entries, chosen, strict=True) if h.open_hash is None and not h.deleted]
        assert kept == free
        for entry in kept:
            self.model.held[entry.conversation_id].open_hash = entry.content_hash
        if kept:
            self.batches.append((batch, kept))

    async def settle(self) -> None:
        if not self.batches:
            return
        batch, entries = self.random.choice(self.batches)
        closed = self.random.random() < 0.3
        chosen = self.random.sample(entries, self.random.randint(0, len(entries)))
        states = [EntryState.ANSWERED, EntryState.RELEASED]
        new = [e.model_copy(update={"state": self.random.choice(states)}) for e in chosen]
        async with self.store.unit() as unit:
            found = await unit.batches.find([e.id for e in entries])
            settled = await unit.batches.settle(new)
            if closed:
                await unit.batches.save(batch.model_copy(update={"status": BatchStatus.COLLECTED}))
            await unit.commit()
        waiting = {one for one, entry in found.items() if entry.state is EntryState.WAITING}
        assert settled == [e.id for e in new if e.id in waiting]
        freed = [found[e.id] for e in (entries if closed else chosen) if e.id in waiting]
        if batch not in [b for b, _ in self.batches]:
            freed = []
        for entry in freed:
            self.model.held[entry.conversation_id].open_hash = None
        if closed:
            self.batches = [one for one in self.batches if one[0] != batch]

    def want(self) -> Want:
        def maybe(value: Any) -> Any:
            return value if self.random.random() < 0.5 else None

        return Want(
            stage=self.random.choice(list(Stage)),
            provisional_before=maybe(self.at()),
            unread_before=maybe(self.at()),
            again_before=maybe(self.at()),
            only_classifier=maybe(self.random.choice(READERS)),
            not_prompt=maybe("p1"),
            skip=tuple(one.conversation.id for one in self.some(3)) if maybe(1) else (),
        )

    async def check(self) -> None:
        async with self.store.unit() as unit:
            full = {i.conversation_id: i async for batch in unit.insights.export() for i in batch}
            labels = {i.conversation_id: i async for batch in unit.insights.export_labels() for i in batch}
            assert full == {one: h.full for one, h in self.model.held.items() if h.full}
            expected = {
                one: h.labels
                for one, h in self.model.held.items()
                if h.labels and (h.full is None or h.full.content_hash != h.labels.content_hash)
            }
            assert labels == expected
            for want in (DEFAULT_WANT, Want(stage=Stage.LABELS), *(self.want() for _ in range(6))):
                wanted = self.model.wanted(want)
                pending = await unit.conversations.pending(50, want=want)
                assert {c.id for c in pending} == wanted, want
                assert len(pending) == await unit.conversations.count_pending(want=want) == len(wanted)
                if wanted:
                    assert len(await unit.conversations.pending(1, want=want)) == 1


@pytest.mark.parametrize("seed", range(5))
async def test_random_histories_equal_the_model(store: PostgresStore, seed: int) -> None:
    history = History(store, seed)
    await history.begin()
    for _ in range(30):
        await history.step()
        await history.check()


async def test_unread_ones_come_first_and_the_oldest_reading_next(store: PostgresStore) -> None:
    given = [conversation(n) for n in range(5)]
    await keep(store, *given)
    late, early = (insight(c, classified_at=NOW + timedelta(n)) for n, c in ((2, given[0]), (1, given[1])))
    failed = unread(given[4])
    await read(store, late, early, unread=[failed])
    want = Want(again_before=NOW + timedelta(9), unread_before=NOW + timedelta(9))
    async with store.unit() as unit:
        ids = [c.id for c in await unit.conversations.pending(9, want=want)]
        assert ids == ["1002", "1003", "1004", "1001", "1000"]
        assert [c.id for c in await unit.conversations.pending(4, want=want)] == ["1002", "1003", "1004", "1001"]


async def plan(store: PostgresStore, statement: str, values: dict[str, Any]) -> dict[str, Any]:
    async with store.unit() as unit:
        document = await unit.sql.value(f"explain (analyze, format json) {statement}", **values)
        return json.loads(document)[0]["Plan"]


def nodes(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [of, *(inner for part in of.get("Plans", []) for inner in nodes(part))]


async def fill_many(store: PostgresStore) -> None:
    """20,000 conversations, all read but thirty."""
    await query(
        store,
        """insert into conversation (id, source, external_id, state, created_at, updated_at, spoken_at,
            content_hash, read_hash)
        select n::text, 'intercom', n::text, 'open', $1, $1, $1::timestamptz + n * interval '1 minute', 'h' || n,
            case when n % 700 > 0 then 'h' || n end from generate_series(1, 20000) n""",
        T0,
    )
    await query(
        store,
        """insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
            churn_risk, summary, content_hash, conversation_at, created_at, provisional)
        select n::text, 'OTHER', 'LOW', 'NEUTRAL', 0, 'LOW', 's', 'h' || n, $1,
            $1::timestamptz + n * interval '1 second', n % 1000 = 1
        from generate_series(1, 20000) n where n % 700 > 0""",
        T0,
    )
    await query(store, "analyze")


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_full_table_is_never_read_whole(store: PostgresStore, stage: Stage) -> None:
    await fill_many(store)
    wants = [
        Want(stage=stage),
        Want(stage=stage, provisional_before=NOW),
        Want(stage=stage, unread_before=NOW),
        Want(stage=stage, again_before=NOW, skip=("1", "2")),
    ]
    for want in wants:
        statement, values = listing(want)
        found = nodes(await plan(store, statement, {**values, "limit": 20}))
        assert max(node["Actual Rows"] for node in found) <= 200, want
        whole = [n["Relation Name"] for n in found if n["Node Type"] == "Seq Scan"]
        assert not {"conversation", "conversation_insights"} & set(whole), want
