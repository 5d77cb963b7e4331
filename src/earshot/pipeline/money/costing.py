"""Use cases: what will reading cost and how long will it take, and what did it cost so far."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.call import Mode, Purpose, Tier
from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.pipeline.money.quotation import Expected, Habits, Measured, Sample, as_set, measure, with_tier
from earshot.pipeline.money.spendings import Costs, Dear, tally
from earshot.pipeline.parts import Parts
from earshot.pipeline.quoting import Quoting
from earshot.ports.store import Spending

SAMPLE = 500
"""Conversations whose real prompts are built; the rest is taken to be like them."""
POOL = 5000
"""The queue is sampled from so many at its head: a longer one is not read into memory."""
SEED = 2026
RECENT = timedelta(days=30)
"""How far back the ledger tells about answers' length, latency and escalations."""
ENOUGH_CALLS = 30
GUIDE_TOKENS, GUIDE_PREFIX = 500, 0
"""What an average conversation takes where none is stored to measure: the guide's assumption."""


class Estimate(Noun):
    """What reading will take.

    `as_set` are the settings' choices, online and (where possible) in batch; `tiers` what each tier would take if
    it read everything. `basis` says what was measured, `notes` what to know about it.

    `spent_today_usd` counts against `day_budget_usd`; `over_budget` says which budget stops the run early.
    """

    conversations: int
    sampled: int
    unreadable: int
    shortened: int
    basis: str
    prefix_tokens: int
    as_set: tuple[Expected, ...]
    tiers: tuple[Expected, ...]
    spent_today_usd: float
    over_budget: str | None
    notes: tuple[str, ...]


async def estimate(
    parts: Parts,
    quoting: Quoting,
    *,
    since: datetime | None = None,
    everything: bool = False,
    count: int | None = None,
) -> Estimate:
    """Predict tokens, money and time before anything is spent.

    Of what waits to be read now; with `since`, of all stored conversations from then on; with `everything`, of all
    stored ones; with `count`, of so many that are like the stored ones.
    """
    stored = everything or since is not None or count is not None
    pool, total = await (_stored(parts, since) if stored else _pending(parts))
    drawn = random.Random(SEED).sample(pool, min(SAMPLE, len(pool)))  # noqa: S311 (a sample, no secret)
    sample = measure(quoting, drawn, total=total if count is None else count)
    if count is not None and not drawn:
        sample = Sample([Measured(GUIDE_TOKENS, shortened=False, tier=quoting.chosen)], count, GUIDE_PREFIX)
    habits, spent = await _habits(parts, quoting)
    expected = _as_set(quoting, sample, habits=habits)
    scale = sample.total / max(1, len(sample.measured))
    return Estimate(
        conversations=sample.total,
        sampled=len(drawn),
        unreadable=round(scale * sum(one.tokens is None for one in sample.measured)),
        shortened=round(scale * sum(one.shortened for one in sample.measured)),
        basis=_basis(len(drawn), sample.total, stored=stored, count=count),
        prefix_tokens=sample.prefix,
        as_set=expected,
        tiers=_by_tier(quoting, sample, habits=habits),
        spent_today_usd=spent,
        over_budget=_over(quoting, expected[0], spent=spent),
        notes=tuple(_notes(quoting, sample, habits=habits)),
    )


async def costs(
    parts: Parts,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    by: str = "day",
    top: int = 0,
) -> Costs:
    """What calls cost, by day, model, purpose, tier or mode, with the dearest conversations and a forecast."""
    zone, now = parts.report.timezone, parts.clock.now()
    month = now.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with parts.store.unit() as unit:
        rows = await unit.calls.spending(since, until, zone=zone)
        recent = await unit.calls.spending(min(month, now - timedelta(days=8)), None, zone=zone)
        dearest = await unit.calls.dearest(since, limit=top) if top else []
    told = [Dear(conversation_id=name, calls=calls, usd=usd) for name, calls, usd in dearest]
    return tally(rows, by=by, recent=recent, today=now.astimezone(ZoneInfo(zone)).date(), dearest=told)


async def _pending(parts: Parts) -> tuple[Sequence[Conversation], int]:
    async with parts.store.unit() as unit:
        total = await unit.conversations.count_pending()
        return (await unit.conversations.pending(min(POOL, total)) if total else []), total


async def _stored(parts: Parts, since: datetime | None) -> tuple[Sequence[Conversation], int]:
    """A seeded sample (reservoir) of what is stored, and how many there are."""
    chance = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    kept: list[Conversation] = []
    total = 0
    step = parts.progress.step("Looking at conversations")
    async with parts.store.unit() as unit:
        async for conversations in unit.conversations.export():
            for one in conversations:
                if one.deleted or (since is not None and one.spoken_at < since):
                    continue
                total += 1
                place = chance.randrange(total)
                if len(kept) < SAMPLE:
                    kept.append(one)
                elif place < SAMPLE:
                    kept[place] = one
            step.advance(len(conversations))
    step.done()
    return kept, total


async def _habits(parts: Parts, quoting: Quoting) -> tuple[Habits, float]:
    """What the ledger teaches, and what was spent today."""
    now, zone = parts.clock.now(), parts.report.timezone
    async with parts.store.unit() as unit:
        rows = await unit.calls.spending(now - RECENT, None, zone=zone)
        spent = await unit.calls.spent(now.astimezone(ZoneInfo(zone)).date().isoformat())
    return learn(rows, chosen=quoting.chosen), spent


def learn(rows: Sequence[Spending], *, chosen: Tier) -> Habits:
    """Length of answers, latency and the share of escalations, where there were calls enough to tell."""
    reading = [row for row in rows if row.purpose == Purpose.CLASSIFY]
    output: dict[str, float] = {}
    latency: dict[str, float] = {}
    for name in {f"{row.provider}:{row.model}" for row in reading}:
        own = [row for row in reading if f"{row.provider}:{row.model}" == name]
        answered = sum(row.calls - row.failed for row in own)
        if answered >= ENOUGH_CALLS:
            output[name] = sum(row.output_tokens for row in own) / answered
        timed = [row for row in own if row.latency_ms is not None and row.mode == Mode.ONLINE]
        if timed:
            weight = sum(row.calls for row in timed)
            latency[name] = sum((row.latency_ms or 0) * row.calls for row in timed) / max(1, weight) / 1000
    return Habits(output_tokens=output, latency_seconds=latency, escalated=_escalated(reading, chosen))


def _escalated(rows: Sequence[Spending], chosen: Tier) -> float | None:
    order = list(Tier)
    place = order.index(chosen)
    if place + 1 >= len(order):
        return None
    first = sum(row.conversations for row in rows if row.tier == chosen)
    again = sum(row.conversations for row in rows if row.tier == order[place + 1])
    return min(1.0, again / first) if first >= ENOUGH_CALLS and again else None


def _as_set(quoting: Quoting, sample: Sample, *, habits: Habits) -> tuple[Expected, ...]:
    online = as_set(quoting, sample, mode=Mode.ONLINE, habits=habits)
    chosen = quoting.offer(quoting.chosen)
    if chosen is None or not chosen.batches:
        return (online,)
    return online, as_set(quoting, sample, mode=Mode.BATCH, habits=habits)


def _by_tier(quoting: Quoting, sample: Sample, *, habits: Habits) -> tuple[Expected, ...]:
    modes = [(offer, mode) for offer in quoting.offers for mode in (Mode.ONLINE, Mode.BATCH)]
    return tuple(
        with_tier(quoting, sample, offer=offer, mode=mode, habits=habits)
        for offer, mode in modes
        if mode is Mode.ONLINE or offer.batches
    )


def _basis(drawn: int, total: int, *, stored: bool, count: int | None) -> str:
    what = "stored conversations" if stored else "conversations that wait to be read"
    if count is not None:
        found = f"like {drawn:,} stored ones" if drawn else f"of {GUIDE_TOKENS} tokens each (none is stored yet)"
        return f"{count:,} conversations {found}"
    if not total:
        return f"no {what}"
    if drawn == total:
        return f"all {total:,} {what}"
    head = f" (from the first {POOL:,})" if not stored and total > POOL else ""
    return f"a sample of {drawn:,} of {total:,} {what}{head}"


def _over(quoting: Quoting, expected: Expected, *, spent: float) -> str | None:
    """Which budget stops the run before it is done."""
    if expected.usd is None:
        return None
    run, day = quoting.llm.run_budget_usd, quoting.llm.day_budget_usd
    if run is not None and expected.usd > run:
        return f"run_budget_usd ({run:g}) stops the run early; the next one goes on."
    if day is not None and spent + expected.usd > day:
        return f"day_budget_usd ({day:g}) stops the run early; {spent:.4f} is spent today, tomorrow's run goes on."
    return None


def _notes(quoting: Quoting, sample: Sample, *, habits: Habits) -> list[str]:
    """What a careful reader wants to know about the figures."""
    known = [f"{offer.provider}:{offer.model}" for offer in quoting.offers]
    learnt = [name for name in known if name in habits.output_tokens]
    notes = [
        "Tokens are estimated from the text; a provider's own count differs by some per cent.",
        f"Answers' length: from earlier calls for {', '.join(learnt)}." if learnt else
        "Answers' length is the prompt's usual one; after the first calls it is taken from the ledger.",
    ]  # fmt: skip
    if quoting.classify.escalate_below > 0:
        told = "seen lately" if habits.escalated is not None else "assumed until there are calls to learn from"
        notes.append(f"Escalation to the next tier counts with the share {told}.")
    if quoting.classify.triage or quoting.classify.escalate_below > 0:
        notes.append("In batches the chosen tier reads everything: no triage, no escalation.")
    if any(one.shortened for one in sample.measured) and quoting.classify.summarise:
        notes.append("Long threads count as trimmed; a summary is made only where that costs less.")
    if quoting.llm.most_per_run is not None and sample.total > quoting.llm.most_per_run:
        notes.append(f"most_per_run: one run reads {quoting.llm.most_per_run:,} of them.")
    return notes
