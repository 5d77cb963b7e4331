"""What the audit pages show: agreement with people, what is taken for what, drift, and a sample's members."""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from earshot.audit.agreement import Consistency
from earshot.audit.drift import ALPHA, false_alarms, labels_for, least_fall
from earshot.audit.labels import OPTIONS
from earshot.domain.label import Label, Labelling, Member, Ruling, Sample, SampleKind
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.pipeline.audits.gauging import (
    RECENT,
    Comparison,
    FieldGauge,
    Labelled,
    PartGauge,
    baseline_of,
    comparisons,
    gauges,
    load,
    looked_back,
    split,
    weeks,
)
from earshot.pipeline.audits.labelling import waiting
from earshot.pipeline.parts import Parts
from earshot.ports.pages.audits import Progress
from earshot.report.plots import Level, Mark, Plot, Series, Shape, Unit

UNREAD = "UNREAD"
"""The column of conversations that nobody could read."""
STATES = ("wrong", "differ", "right", "open")
"""Members by what is known: the model differs from people, people differ, all agree, no label yet."""
PAGE = 100


class Cell(Noun):
    """How many members people label one way and the model read another; each counts one."""

    label: str
    answer: str
    n: int
    right: bool


class Overview(Noun):
    """Everything on the audit page. `chosen` None: there is no sample yet. `todo` is left for this visitor.

    `unfinished` is the newest sample with members that nobody labelled or skipped.
    """

    samples: tuple[Progress, ...]
    chosen: Progress | None
    field: str
    todo: int = 0
    unfinished: Progress | None = None
    gauges: tuple[FieldGauge, ...] = ()
    answers: tuple[str, ...] = ()
    table: tuple[tuple[str, tuple[Cell, ...]], ...] = ()
    parts: tuple[PartGauge, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    power: tuple[str, ...] = ()
    plot: Plot | None = None
    target: float = 0.0
    bound: float = 0.0

    @property
    def people(self) -> tuple[Consistency, ...]:
        """How far people agree among themselves, by field."""
        return tuple(one.people for one in self.gauges if one.people)


class Row(Noun):
    """A member with what is said of it. `hidden`: this visitor may still label it, so the answer is not shown."""

    member: Member
    said: tuple[Labelling, ...]
    ruling: Ruling | None
    truths: tuple[Label, ...]
    hidden: bool
    states: frozenset[str]

    @property
    def weight(self) -> float:
        """How many conversations it stood for when it was drawn."""
        return 1 / self.member.probability

    def answer(self, field: str) -> str:
        """What the model said."""
        return (self.member.answer.labels.value(field) or "") if self.member.answer else UNREAD

    def opinions(self, field: str) -> tuple[str, ...]:
        """What counts as true, one value where all agree."""
        return tuple(dict.fromkeys(value for one in self.truths if (value := one.value(field))))

    def agrees(self, field: str) -> bool:
        """Whether people and the model say the same."""
        return self.opinions(field) == (self.answer(field),)


async def overview(parts: Parts, *, sample_id: str, field: str, labeller: str) -> Overview:
    """The audit page, about one sample (the newest with labels by default). Raises BadInput."""
    if field not in OPTIONS:
        raise BadInput("There is no such field.", hint=f"One of {', '.join(OPTIONS)}.")
    known, back = await looked_back(parts)
    rules = parts.audit
    if not known:
        return Overview(samples=(), chosen=None, field=field, target=rules.target, bound=rules.drift_bound)
    chosen = _chosen(known, sample_id)
    held = next((one for one in back if one.sample.id == chosen.sample.id), None)
    one = held or (await load(parts, [chosen.sample]))[0]
    said = [labelling for some in one.labellings.values() for labelling in some]
    measured = gauges(one, target=rules.target)
    answers, table = confusion(one, field)
    return Overview(
        samples=tuple(known),
        chosen=chosen,
        field=field,
        unfinished=next((some for some in known if some.labelled + some.skipped < some.members), None),
        todo=len(waiting(one.sample, one.members, said=said, labeller=labeller)),
        gauges=tuple(measured),
        answers=answers,
        table=table,
        parts=tuple(split(one, field)),
        comparisons=tuple(comparisons(back, chosen.sample, bound=rules.drift_bound)),
        power=tuple(power(measured, back, field=field, bound=rules.drift_bound))
        if chosen.sample.kind is SampleKind.WEEKLY
        else (),
        plot=_plot(parts, back, field=field),
        target=rules.target,
        bound=rules.drift_bound,
    )


def _chosen(known: Sequence[Progress], sample_id: str) -> Progress:
    if sample_id:
        found = next((one for one in known if one.sample.id == sample_id), None)
        if found is None:
            raise BadInput("There is no such sample.", hint="Choose one of the list.")
        return found
    labelled = [one for one in known if one.labelled]
    weekly = [one for one in labelled if one.sample.kind is SampleKind.WEEKLY]
    return next(iter(weekly or labelled or known))


def confusion(one: Labelled, field: str) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[Cell, ...]], ...]]:
    """What people's labels (rows) were read as. Where two people differ, a member counts in both rows."""
    counts: Counter[tuple[str, str]] = Counter()
    for member in one.members:
        answer = (member.answer.labels.value(field) or "") if member.answer else UNREAD
        labels = {value for truth in one.truths(member.conversation_id) if (value := truth.value(field))}
        counts.update((label, answer) for label in labels if answer)
    used = [*(value for value in OPTIONS[field] if any(value in pair for pair in counts))]
    answers = (*used, *([UNREAD] if any(answer == UNREAD for _, answer in counts) else []))
    rows = tuple(
        (
            label,
            tuple(Cell(label=label, answer=a, n=counts[label, a], right=a == label) for a in answers),
        )
        for label in used
        if any(counts[label, a] for a in answers)
    )
    return answers, rows


def power(measured: Sequence[FieldGauge], back: Sequence[Labelled], *, field: str, bound: float) -> list[str]:
    """What the labels there are could show, in sentences."""
    now = next((one for one in measured if one.field == field), None)
    base = baseline_of(back)
    if now is None or now.score.accuracy.value is None or base is None:
        return []
    then = base.weighed(field).effective
    level = min(0.98, max(0.02, now.score.accuracy.value))
    told: list[str] = []
    if (fall := least_fall(level, now.effective, then=then)) is not None:
        told.append(
            f"With labels worth {now.effective:.0f} now and {then:.0f} in the baseline, a fall of "
            f"{100 * fall:.0f} points would be shown four times of five; a smaller one is mostly missed."
        )
    if (wide := least_fall(level, now.effective * RECENT, then=then)) is not None:
        told.append(f"{RECENT} such weeks together would show {100 * wide:.0f} points.")
    needed = labels_for(bound, level, then=then)
    told.append(
        f"The bound of {100 * bound:.0f} points would take about {needed:,} labels."
        if needed
        else f"No number of labels would show the bound of {100 * bound:.0f} points against so small a baseline."
    )
    told.append(
        f"Where nothing changes, a comparison says “fell” in {100 * ALPHA:.1f} of 100 weeks, all fields together: "
        f"about {false_alarms(52):.1f} times a year. They come in runs, since all weeks meet the same baseline."
    )
    return told


def _plot(parts: Parts, back: Sequence[Labelled], *, field: str) -> Plot | None:
    found = weeks(back)
    if not found:
        return None
    zone = ZoneInfo(parts.report.timezone)
    marks = tuple(
        Mark(
            at=one.sample.since.astimezone(zone).date(),
            value=one.agreement[field].value,
            low=one.agreement[field].low,
            high=one.agreement[field].high,
            n=one.labelled,
            href=f"/audit/{one.sample.id}",
        )
        for one in found
    )
    name = field.replace("_", " ")
    return Plot(
        title=f"Agreement on {name} by week",
        description="The share on which people and the model agree, weighted, with its 95% interval.",
        shape=Shape.LINES,
        marks=marks,
        series=(Series(name="", title="Agreement"),),
        unit=Unit.SHARE,
        step="week",
        what="Agreement",
        levels=(Level(value=parts.audit.target, text="target"),),
        lowest=0.0,
        highest=1.0,
    )


class Choice(Noun):
    """Which members are shown; empty means any. `field` is what the others are about."""

    field: str = ""
    label: str = ""
    answer: str = ""
    state: str = ""
    reveal: bool = False


async def rows(parts: Parts, sample: Sample, *, choice: Choice, labeller: str) -> list[Row]:
    """The members of a sample as chosen, in the order of labelling. Raises BadInput."""
    if choice.field and choice.field not in OPTIONS:
        raise BadInput("There is no such field.", hint=f"One of {', '.join(OPTIONS)}.")
    if choice.state and choice.state not in STATES:
        raise BadInput("There is no such state.", hint=f"One of {', '.join(STATES)}.")
    [held] = await load(parts, [sample])
    said = [one for some in held.labellings.values() for one in some]
    todo = {one.conversation_id for one in waiting(sample, held.members, said=said, labeller=labeller)}
    found = [_row(held, member, choice=choice, hidden=member.conversation_id in todo) for member in held.members]
    return [one for one in found if _wanted(one, choice)]


def _row(held: Labelled, member: Member, *, choice: Choice, hidden: bool) -> Row:
    name = member.conversation_id
    row = Row(
        member=member,
        said=held.labellings.get(name, ()),
        ruling=held.rulings.get(name),
        truths=held.truths(name),
        hidden=hidden and not (choice.reveal and held.truths(name)),
        states=frozenset(),
    )
    fields = [choice.field] if choice.field else list(OPTIONS)
    return row.model_copy(update={"states": _states(row, fields, opinions=held.opinions(name))})


def _states(row: Row, fields: Sequence[str], *, opinions: Sequence[Label]) -> frozenset[str]:
    """The states of a member; a hidden one is only `open`, so that no filter tells what the model said."""
    if not row.truths or row.hidden:
        return frozenset({"open"})
    given = [field for field in fields if row.answer(field)]
    wrong = any(not row.agrees(field) for field in given)
    differ = any(len({one.value(field) for one in opinions}) > 1 for field in fields)
    return frozenset(name for name, so in (("wrong", wrong), ("differ", differ), ("right", not wrong)) if so)


def _wanted(row: Row, choice: Choice) -> bool:
    if choice.state and choice.state not in row.states:
        return False
    if not choice.field or not (choice.label or choice.answer):
        return True
    if row.hidden:
        return False
    return choice.label in {"", *row.opinions(choice.field)} and choice.answer in {"", row.answer(choice.field)}
