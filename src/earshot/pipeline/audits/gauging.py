"""Use case: what the labels of samples say: agreement, people among themselves, parts, and drift."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import TypeVar

from earshot.audit.agreement import Agreement, Consistency, Judged, agreement, annotators
from earshot.audit.chance import Figure
from earshot.audit.drift import Drift, Standing, drifts, standing
from earshot.audit.labels import OPTIONS
from earshot.audit.weighting import Drawn, Weighed, part, pooled, weigh
from earshot.domain.label import Label, Labelling, Member, Ruling, Sample, SampleKind
from earshot.domain.model import Noun
from earshot.domain.report import AuditState
from earshot.pipeline.parts import Parts
from earshot.ports.pages.audits import Progress

T = TypeVar("T")
Side = tuple[str, Sequence["Labelled"]]
"""Samples taken together, and what they are called."""
WEEKS = 13
"""Weekly samples that are looked back on."""
FIELD = "issue_type"
"""The field whose agreement stands for the readings."""
RECENT = 4
SAMPLES = 60
FEW = 30
"""Below so many labels a part is marked as resting on few."""


@dataclass(frozen=True)
class Labelled:
    """A sample with everything that is known of its members."""

    sample: Sample
    members: tuple[Member, ...]
    labellings: Mapping[str, tuple[Labelling, ...]]
    rulings: Mapping[str, Ruling]
    _weighed: dict[str, Weighed] = dataclass_field(default_factory=dict[str, Weighed], compare=False)

    def truths(self, conversation_id: str) -> tuple[Label, ...]:
        """What counts as true: the ruling, otherwise what the first two people said."""
        ruled = self.rulings.get(conversation_id)
        return (ruled.label,) if ruled else self.opinions(conversation_id)

    def opinions(self, conversation_id: str) -> tuple[Label, ...]:
        """What the first two people said who did not skip it."""
        said = self.labellings.get(conversation_id, ())
        return tuple(one.label for one in said if not one.skipped)[:2]

    @cached_property
    def drawn(self) -> list[Drawn]:
        """The members that somebody labelled."""
        return [
            Drawn(row=judged(member, truths), stratum=member.stratum)
            for member in self.members
            if (truths := self.truths(member.conversation_id))
        ]

    @property
    def finished(self) -> bool:
        """Whether somebody labelled or skipped each member."""
        return all(self.labellings.get(member.conversation_id) for member in self.members)

    def weighed(self, field: str) -> Weighed:
        """The labelled members with their weights. An answer that leaves a field out is not held against it."""
        if field not in self._weighed:
            rows = [one for one in self.drawn if one.row.guess is None or one.row.guess.value(field)]
            self._weighed[field] = weigh(rows, field, populations=self.sample.populations)
        return self._weighed[field]


class FieldGauge(Noun):
    """Agreement on one field. `covered`: the share of conversations whose stratum has a label.

    `people` is how far two people agree on the members that both labelled; None where nobody labelled twice.
    """

    field: str
    score: Agreement
    effective: float
    covered: float
    standing: Standing
    people: Consistency | None


class PartGauge(Noun):
    """Agreement on one field in a part of the sample."""

    part: str
    value: str
    n: int
    few: bool
    agreement: Figure


class Comparison(Noun):
    """Now against before, in words, and field by field."""

    now: str
    then: str
    drifts: tuple[Drift, ...]


class Week(Noun):
    """One weekly sample's agreement by field."""

    sample: Sample
    labelled: int
    agreement: dict[str, Figure]


def judged(member: Member, truths: tuple[Label, ...]) -> Judged:
    """A member as the statistics see it."""
    answer = member.answer
    return Judged(
        id=member.conversation_id,
        truths=truths,
        guess=answer.labels if answer else None,
        confidence=answer.confidence if answer else None,
        facts={
            "model": answer.model if answer else "nobody could read it",
            "prompt": (answer.prompt_version if answer else None) or "none",
            "segment": member.segment.value if member.segment else "unknown",
        },
    )


async def load(parts: Parts, samples: Sequence[Sample]) -> list[Labelled]:
    """Samples with their members and labels, in three statements."""
    ids = [one.id for one in samples]
    async with parts.store.unit() as unit:
        members = _by(await unit.pages.audits.members(ids), lambda one: one.sample_id)
        said = _by(await unit.pages.audits.labellings(ids), lambda one: one.sample_id)
        rulings = _by(await unit.pages.audits.rulings(ids), lambda one: one.sample_id)
    return [
        Labelled(
            sample=one,
            members=tuple(members.get(one.id, ())),
            labellings={
                name: tuple(given) for name, given in _by(said.get(one.id, ()), lambda x: x.conversation_id).items()
            },
            rulings={ruling.conversation_id: ruling for ruling in rulings.get(one.id, ())},
        )
        for one in samples
    ]


def _by(rows: Iterable[T], key: Callable[[T], str]) -> Mapping[str, list[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def gauges(one: Labelled, *, target: float) -> list[FieldGauge]:
    """Every field that is labelled."""
    found: list[FieldGauge] = []
    for field in OPTIONS:
        weighed = one.weighed(field)
        if weighed.rows:
            score = agreement(weighed.rows, field)
            found.append(
                FieldGauge(
                    field=field,
                    score=score,
                    effective=weighed.effective,
                    covered=weighed.covered,
                    standing=standing(score.accuracy, target),
                    people=people(one, field),
                )
            )
    return found


def people(one: Labelled, field: str) -> Consistency | None:
    """How far two people agree on what both labelled; what was ruled afterwards does not count here."""
    pairs = [
        Judged(id=member.conversation_id, truths=opinions)
        for member in one.members
        if len(opinions := one.opinions(member.conversation_id)) == 2
    ]
    return annotators(pairs, field)


def split(one: Labelled, field: str) -> list[PartGauge]:
    """Agreement by model, prompt version and segment."""
    rows = one.weighed(field).rows
    found: list[PartGauge] = []
    for name in ("model", "prompt", "segment"):
        inside = _by(rows, lambda row, name=name: row.facts.get(name, "unknown"))
        for value, some in sorted(inside.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            weighed = part(some, field)
            found.append(
                PartGauge(
                    part=name,
                    value=value,
                    n=len(weighed.rows),
                    few=len(weighed.rows) < FEW,
                    agreement=weighed.agreement,
                )
            )
    return found


def weeks(found: Sequence[Labelled]) -> list[Week]:
    """Agreement week by week, oldest first; weeks without labels are left out."""
    told: list[Week] = []
    for one in sorted(found, key=lambda one: one.sample.since):
        labelled = len(one.drawn)
        if one.sample.kind is SampleKind.WEEKLY and labelled:
            told.append(
                Week(
                    sample=one.sample,
                    labelled=labelled,
                    agreement={field: one.weighed(field).agreement for field in OPTIONS},
                )
            )
    return told


def comparisons(found: Sequence[Labelled], now: Sample | None, *, bound: float) -> list[Comparison]:
    """This week, and the last weeks together, against the baseline and the weeks before."""
    labelled = [one for one in found if one.drawn]
    weekly = sorted(
        (one for one in labelled if one.sample.kind is SampleKind.WEEKLY), key=lambda one: one.sample.since
    )
    if now is not None and now.kind is SampleKind.WEEKLY:
        weekly = [one for one in weekly if one.sample.since <= now.since]
    if not weekly:
        return []
    base = baseline_of(labelled)
    last, before = weekly[-1], weekly[:-1][-(WEEKS - 1) :]
    week = f"week of {last.sample.since:%Y-%m-%d}"
    told: list[tuple[Side, Side]] = []
    if base:
        against = f"baseline of {base.sample.drawn_at:%Y-%m-%d}"
        told.append(((week, [last]), (against, [base])))
        told += [
            ((f"last {count} weeks", weekly[-count:]), (against, [base]))
            for count in (RECENT, WEEKS)
            if len(weekly) >= count
        ]
    if before:
        earlier = f"{len(before)} weeks before" if len(before) > 1 else "week before"
        told.insert(1, ((week, [last]), (earlier, before)))
    return [_compare(now_, then, bound=bound) for now_, then in told]


def baseline_of(found: Sequence[Labelled]) -> Labelled | None:
    """The newest baseline that is finished; while there is none, the newest that has a label."""
    baselines = [one for one in found if one.drawn and one.sample.kind is SampleKind.BASELINE]
    return max(baselines, key=lambda one: (one.finished, one.sample.drawn_at), default=None)


def _compare(now: Side, then: Side, *, bound: float) -> Comparison:
    pairs = [(_pool(now[1], field), _pool(then[1], field)) for field in OPTIONS]
    return Comparison(now=now[0], then=then[0], drifts=tuple(drifts(pairs, bound=bound)))


def _pool(some: Sequence[Labelled], field: str) -> Weighed:
    return pooled([one.weighed(field) for one in some]).model_copy(update={"field": field})


def agreement_of(labelled: Sequence[Labelled], target: float) -> AuditState | None:
    """Agreement on the issue type by the newest of these samples; None while there is none."""
    measured = gauges(labelled[-1], target=target) if labelled else []
    found = next((one for one in measured if one.field == FIELD), None)
    figure = found.score.accuracy if found else None
    if found is None or figure is None or figure.value is None or figure.low is None or figure.high is None:
        return None
    return AuditState(
        labels=found.score.n,
        agreement=figure.value,
        low=figure.low,
        high=figure.high,
        target=target,
        standing=found.standing,
    )


async def agreement_now(parts: Parts) -> AuditState | None:
    """Agreement on the issue type by the newest labelled sample; None while there is none."""
    _, labelled = await looked_back(parts)
    return agreement_of(labelled, parts.audit.target)


async def looked_back(parts: Parts) -> tuple[list[Progress], list[Labelled]]:
    """All samples shown, and those that drift is judged by: the last weeks, and the latest baselines.

    Those are the latest that has a label, and, where it is not finished, the latest one that is.
    """
    async with parts.store.unit() as unit:
        known = await unit.pages.audits.samples(limit=SAMPLES)
    labelled = [one.sample for one in known if one.labelled]
    weekly = sorted((one for one in labelled if one.kind is SampleKind.WEEKLY), key=lambda one: one.since)[-WEEKS:]
    based = [one for one in known if one.labelled and one.sample.kind is SampleKind.BASELINE]
    based.sort(key=lambda one: one.sample.drawn_at)
    ended = [one for one in based if one.finished]
    bases = {one.sample.id: one.sample for one in [*ended[-1:], *based[-1:]]}
    return known, await load(parts, [*bases.values(), *weekly])
