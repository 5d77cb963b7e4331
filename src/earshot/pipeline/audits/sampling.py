"""Use case: draw conversations that people are to label, each with a known chance, and keep what the model said."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from earshot.audit.drawing import allocate
from earshot.domain.label import Member, Sample, SampleKind
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.pipeline.parts import Parts
from earshot.ports.pages.audits import Candidate

MOST_WAITING = 1_000
_DAYS = 91
"""How far back a baseline goes by default."""


class DrawnSample(Noun):
    """A sample; `new`: it was drawn just now."""

    sample: Sample
    members: int
    new: bool


async def draw_week(parts: Parts, moment: datetime) -> DrawnSample | None:
    """The sample of the last whole week (Monday to Monday in the report's zone); None where nothing was read."""
    start = week_before(moment, parts.report.timezone)
    async with parts.store.unit() as unit:
        held = await unit.pages.audits.weekly(start)
        if held is not None:
            return DrawnSample(sample=held, members=len(await unit.pages.audits.members([held.id])), new=False)
    return await draw(
        parts,
        SampleKind.WEEKLY,
        since=start,
        until=start + timedelta(days=7),  # on the zone's clock, so that a week with a change of clocks is whole
        size=parts.audit.weekly_size,
        seed=f"week {start:%Y-%m-%d}",
    )


async def draw_baseline(
    parts: Parts,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    size: int | None = None,
    seed: str = "",
) -> DrawnSample:
    """A baseline from a window (the last 91 days by default). Raises BadInput where nothing was read in it."""
    end = until or parts.clock.now()
    start = since or end - timedelta(days=_DAYS)
    if start >= end:
        raise BadInput("The window ends before it begins.", hint="Give --since before --until.")
    wanted = size or parts.audit.baseline_size
    if not 20 <= wanted <= 500:
        raise BadInput("A sample has 20 to 500 conversations.")
    chosen = seed or parts.ids.new()[:8]
    found = await draw(parts, SampleKind.BASELINE, since=start, until=end, size=wanted, seed=chosen)
    if found is None:
        raise BadInput(
            "Nothing was read of that time.",
            hint="Read conversations first (earshot run), or choose a longer window.",
        )
    return found


async def draw(
    parts: Parts, kind: SampleKind, *, since: datetime, until: datetime, size: int, seed: str
) -> DrawnSample | None:
    """Draw and keep a sample; None where there is nothing to draw from."""
    rules = parts.audit
    async with parts.store.unit() as unit:
        audits = unit.pages.audits
        loose = kind is SampleKind.BASELINE
        found = await audits.candidates(since, until, seed=seed, most=size, strata=rules.strata, timeless=loose)
        if not found:
            return None
        sample = Sample(
            id=parts.ids.new(),
            kind=kind,
            since=since,
            until=until,
            drawn_at=parts.clock.now(),
            drawn_by=parts.actor,
            seed=seed,
            size=size,
            second=rules.second,
            populations={one.member.stratum: one.population for one in found},
            waiting=await audits.waiting(since, until, most=MOST_WAITING),
        )
        members = chosen(found, sample, least=rules.least_per_stratum)
        new = await audits.add(sample, members)
        await unit.commit()
        if not new and (held := await audits.weekly(since)):
            return DrawnSample(sample=held, members=len(await audits.members([held.id])), new=False)
    return DrawnSample(sample=sample, members=len(members), new=True)


def chosen(found: Sequence[Candidate], sample: Sample, *, least: int) -> list[Member]:
    """The members: of each stratum the first by chance, in an order of labelling that chance decides anew."""
    counts = allocate(sample.populations, sample.size, least=least)
    drawn = [one for one in found if one.rank <= counts[one.member.stratum]]
    drawn.sort(key=lambda one: _turn(sample.seed, one.member.conversation_id))
    return [
        one.member.model_copy(
            update={
                "sample_id": sample.id,
                "place": place,
                "probability": counts[one.member.stratum] / one.population,
            }
        )
        for place, one in enumerate(drawn)
    ]


def week_before(moment: datetime, zone: str) -> datetime:
    """When the last whole week before a moment began: a Monday's midnight in the zone."""
    local = ZoneInfo(zone)
    day = moment.astimezone(local).date()
    return datetime.combine(day - timedelta(days=day.weekday() + 7), time(), tzinfo=local)


def _turn(seed: str, conversation_id: str) -> str:
    """Another chance than the one of being drawn, so that the order says nothing about the stratum's size."""
    return hashlib.sha256(f"{seed}\x1f{conversation_id}".encode("utf-8", "surrogatepass")).hexdigest()
