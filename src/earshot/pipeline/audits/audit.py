"""Use cases: how well does a classifier agree with labels, and is one classifier better than another?

Nothing is saved as an insight; calls of a language model are booked with purpose `audit`.
"""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from earshot.audit.agreement import (
    Calibration,
    Consistency,
    FieldScore,
    Judged,
    annotators,
    calibration,
    field_score,
    given_fields,
)
from earshot.audit.compare import FieldDifference, compare, in_words
from earshot.audit.confusions import Confusion, worst
from earshot.audit.labels import OPTIONS, BadLine, said
from earshot.audit.segments import Part, facts, split
from earshot.domain.insight import FirstLabels, Insight, Provenance
from earshot.domain.model import Noun
from earshot.errors import BadInput, Misconfigured
from earshot.pipeline.audits.labelled import FILE_PREFIX, LabelledSet, load
from earshot.pipeline.audits.rereading import Rereading, reread
from earshot.pipeline.money.consent import Ask, agree
from earshot.pipeline.money.quotation import Expected, expect
from earshot.pipeline.parts import Parts
from earshot.pipeline.variants import CLASSIFIER, Variant, VariantMaker, parse_variant
from earshot.ports.reader import Read

STORED = "stored"
"""Compare the insights that are in the database, whoever made them; nothing is read or spent."""
LOCAL, AUTO = "local", "auto"
WORST = 10


class Judgement(Noun):
    """How well one classifier agrees with the labels, and what it took. `cost_usd` None: unknown.

    `labelled` are the labels given, `judged` those with an answer or a failure to compare; `stopped` says why not
    everything was read. `people` is how far two annotations agree with each other, where there are two.
    """

    classifier: str
    models: tuple[str, ...]
    prompt_versions: tuple[str, ...]
    labelled: int
    judged: int
    unread: int
    fields: tuple[FieldScore, ...]
    calibration: Calibration | None
    people: tuple[Consistency, ...]
    confusions: tuple[Confusion, ...]
    parts: tuple[Part, ...]
    cost_usd: float | None
    latency_ms: int | None
    stopped: str | None = None


class Scored(Judgement):
    """A judgement with what was wrong with the file. `missing` ids have no text, no insight or no answer."""

    missing: tuple[str, ...]
    bad: tuple[BadLine, ...]
    texts: dict[str, str] = {}


class Experiment(Noun):
    """Two classifiers on the same labelled conversations; `verdicts` say field by field what is shown."""

    a: Judgement
    b: Judgement
    compared: int
    differences: tuple[FieldDifference, ...]
    verdicts: tuple[str, ...]
    missing: tuple[str, ...]
    bad: tuple[BadLine, ...]


async def score(
    parts: Parts,
    labels: Path,
    *,
    classifier: str = STORED,
    segments: Sequence[str] = (),
    make_variant: VariantMaker | None = None,
    yes: bool = False,
    ask: Ask | None = None,
    show_text: bool = False,
) -> Scored:
    """Compare a classifier with labels: `stored`, or a variant (`local`, `llm:template=2`) that reads afresh."""
    given = await load(parts, labels, stored_only=classifier == STORED)
    if classifier == STORED:
        answers = await _stored(parts, given)
    else:
        variant = _variant(parts, classifier, make_variant=make_variant)
        await _agree(parts, given, variants={classifier: variant}, yes=yes, ask=ask)
        answers = await reread(parts, variant.make_reader(), wanted=given.found)
    own = _judgement(given, answers, classifier=classifier, segments=segments)
    answered = {name for name, read in answers.reads.items() if not read.unanswered}
    told = [name for confusion in own.confusions for name in confusion.ids] if show_text else []
    return Scored(
        **dict(own),
        missing=tuple(row.id for row in given.rows if row.id not in answered),
        bad=given.labels.bad,
        texts={name: _opening(given, name) for name in told},
    )


async def experiment(
    parts: Parts,
    labels: Path,
    *,
    a: str,
    b: str,
    make_variant: VariantMaker | None = None,
    yes: bool = False,
    ask: Ask | None = None,
) -> Experiment:
    """Read the same labelled conversations with two variants and say whether the difference is real."""
    given = await load(parts, labels)
    chosen = {name: _variant(parts, name, make_variant=make_variant) for name in (a, b)}
    if len(chosen) < 2:
        raise Misconfigured("Both variants are the same.", hint="Name two: --a local --b llm.")
    await _agree(parts, given, variants=chosen, yes=yes, ask=ask)
    first = await reread(parts, chosen[a].make_reader(), wanted=given.found)
    second = await reread(parts, chosen[b].make_reader(), wanted=given.found)
    left, right = _rows(given, first), _rows(given, second)
    differences = compare(left, right)
    return Experiment(
        a=_judgement(given, first, classifier=a),
        b=_judgement(given, second, classifier=b),
        compared=len({row.id for row in left} & {row.id for row in right}),
        differences=tuple(differences),
        verdicts=tuple(in_words(one, a=a, b=b) for one in differences),
        missing=given.missing,
        bad=given.labels.bad,
    )


def _variant(parts: Parts, name: str, *, make_variant: VariantMaker | None) -> Variant:
    wanted = parse_variant(name)
    classifier = wanted[CLASSIFIER]
    if classifier == STORED:
        raise Misconfigured("`stored` cannot read anything afresh.", hint="Name who reads: local, llm, auto.")
    if classifier == LOCAL or (classifier == AUTO and make_variant is None):
        return Variant(lambda: parts.make_reader(LOCAL))
    if make_variant is None:
        raise Misconfigured(
            "No language model is switched on.", hint='Choose who reads: [llm] provider = "anthropic" or "openai".'
        )
    return make_variant(wanted)


async def _agree(
    parts: Parts, given: LabelledSet, *, variants: Mapping[str, Variant], yes: bool, ask: Ask | None
) -> None:
    """Say what it will cost, and ask; nothing is asked where nothing is spent."""
    if not given.found:
        raise BadInput(
            "None of the labelled conversations is here.",
            hint="Put `messages` into the label file, or sync or import the conversations first.",
        )
    expected: dict[str, Expected] = {
        name: expect(variant.quoting, list(given.found.values()))
        for name, variant in variants.items()
        if variant.quoting
    }
    if expected:
        await agree(parts, expected, yes=yes, ask=ask)


async def _stored(parts: Parts, given: LabelledSet) -> Rereading:
    """What the database says of the labelled conversations."""
    wanted = {row.id: row.id for row in given.rows} | {f"{FILE_PREFIX}{row.id}": row.id for row in given.rows}
    answers = Rereading()
    step = parts.progress.step("Looking up insights")
    async with parts.store.unit() as unit:
        async for labels in unit.insights.export_labels():
            answers.reads.update(
                {wanted[o.conversation_id]: _read(o) for o in labels if o.conversation_id in wanted}
            )
            step.advance(len(labels))
        async for insights in unit.insights.export():
            answers.reads.update(
                {wanted[o.conversation_id]: _read(o) for o in insights if o.conversation_id in wanted}
            )
            step.advance(len(insights))
    step.done()
    return answers


def _read(one: Insight | FirstLabels) -> Read:
    if isinstance(one, Insight):
        return Read(conversation_id=one.conversation_id, reading=one.reading, provenance=one.provenance)
    return Read(conversation_id=one.conversation_id, labels=one.labels, provenance=one.provenance)


def _rows(given: LabelledSet, answers: Rereading) -> list[Judged]:
    rows: list[Judged] = []
    for row in given.rows:
        answer = answers.reads.get(row.id)
        if answer is None or answer.unanswered:
            continue
        labels = answer.reading or answer.labels
        rows.append(
            Judged(
                id=row.id,
                truths=row.labels,
                guess=said(labels) if labels else None,
                confidence=labels.confidence if labels else None,
                facts=facts(given.conversations.get(row.id), source=row.source),
            )
        )
    return rows


def _judgement(
    given: LabelledSet, answers: Rereading, *, classifier: str, segments: Sequence[str] = ()
) -> Judgement:
    rows = _rows(given, answers)
    origins = [read.provenance for read in answers.reads.values()]
    return Judgement(
        classifier=classifier,
        models=tuple(sorted({origin.model for origin in origins})),
        prompt_versions=tuple(sorted({origin.prompt_version for origin in origins if origin.prompt_version})),
        labelled=len(given.rows),
        judged=len(rows),
        unread=sum(row.guess is None for row in rows),
        fields=tuple(field_score(rows, field) for field in given_fields(rows)),
        calibration=calibration(rows),
        people=tuple(found for field in OPTIONS if (found := annotators(rows, field))),
        confusions=tuple(worst(rows, limit=WORST)),
        parts=tuple(part for segment in segments for part in split(rows, segment)),
        cost_usd=_cost(origins),
        latency_ms=_latency(origins),
        stopped=answers.stopped,
    )


def _cost(origins: Sequence[Provenance]) -> float | None:
    """The sum, unknown as soon as one price is."""
    costs = [origin.cost_usd for origin in origins]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def _latency(origins: Sequence[Provenance]) -> int | None:
    known = [origin.latency_ms for origin in origins if origin.latency_ms is not None]
    return round(statistics.median(known)) if known else None


def _opening(given: LabelledSet, name: str) -> str:
    """What the customer wrote first, for a person who asked to see it."""
    conversation = given.conversations.get(name)
    written = conversation.customer_messages if conversation else ()
    return written[0].text[:300] if written else ""
