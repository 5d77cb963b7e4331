"""What an audit found, as tables that need no statistics to read."""

from collections.abc import Sequence

from earshot.audit.agreement import FieldScore
from earshot.cli.sheets import Cell, Sheet, figure, points, spoken
from earshot.pipeline.audits.audit import Experiment, Judgement, Scored
from earshot.pipeline.money.consent import dollars
from earshot.text.escape import clip

KAPPA = (
    "In brackets: the range that the true figure lies in, 95 times of 100.\n"
    "Kappa is agreement beyond what guessing would reach: 0 is guessing, 1 is perfect; above .8 is as consistent "
    "as careful people, .6 to .8 good, below .4 weak.\n"
    "Weighted kappa forgives near misses on a scale. Macro-F1 gives rare classes the weight of common ones."
)
PEOPLE = (
    "How far two annotations of the same conversations agree: no classifier can be shown to be better than this. "
    "Every other figure is the mean over both annotations."
)
CALIBRATION = "Whether confidence means anything: of conversations read with .8, eight in ten should be right."
FEW = "* fewer than 30 conversations: chance moves these figures a lot."
SHOWN_BAD = 5


def score_sheets(scored: Scored) -> list[Sheet]:
    """All tables of `audit score`."""
    sheets = [Sheet("What was compared", note=_compared(scored, missing=len(scored.missing)))]
    sheets.append(fields_sheet("Agreement with the labels", scored.fields, note=KAPPA))
    if scored.people:
        rows = [(spoken(p.field), figure(p.accuracy), figure(p.kappa), p.n) for p in scored.people]
        sheets.append(Sheet("The annotators among themselves", ("field", "same", "kappa", "n"), rows, PEOPLE))
    if scored.calibration:
        sheets.append(_calibration(scored))
    note = "Mean over both annotations, so half counts occur." if scored.people else ""
    sheets += [_confusion(field, note=note) for field in scored.fields]
    if scored.confusions:
        sheets.append(_worst(scored))
    if scored.parts:
        sheets.append(_parts(scored))
    if scored.bad:
        told = "\n".join(f"Line {bad.line}: {bad.reason}." for bad in scored.bad[:SHOWN_BAD])
        sheets.append(Sheet(f"{len(scored.bad)} lines of the label file were left out", note=told))
    return sheets


def experiment_sheets(found: Experiment) -> list[Sheet]:
    """All tables of `audit experiment`."""
    a, b = found.a.classifier, found.b.classifier
    rows = [
        (
            spoken(d.field),
            figure(d.a),
            figure(d.b),
            points(d.difference),
            d.only_a,
            d.only_b,
            f"{d.p_corrected:.3f}",
        )
        for d in found.differences
    ]
    columns = ("field", f"A {a}", f"B {b}", "B − A, points", "only A right", "only B right", "p")
    note = (
        "p: how often chance alone would give so large a difference (exact test, corrected for looking at several "
        "fields). Where both are right or both wrong, a conversation says nothing."
    )
    costs: list[tuple[Cell, ...]] = [_effort("A", found.a), _effort("B", found.b)]
    return [
        Sheet("Verdict", note="\n".join(found.verdicts) or "Nothing could be compared."),
        Sheet(f"Accuracy on the same {found.compared:,} conversations", columns, rows, note),
        fields_sheet(f"A {a}: agreement with the labels", found.a.fields),
        fields_sheet(f"B {b}: agreement with the labels", found.b.fields, note=KAPPA),
        Sheet("What it took", ("", "classifier", "model", "unread", "cost", "per conversation", "latency"), costs),
        *(Sheet("Stopped early", note=one.stopped) for one in (found.a, found.b) if one.stopped),
    ]


def fields_sheet(title: str, fields: Sequence[FieldScore], *, note: str = "") -> Sheet:
    """Every figure of every field."""
    rows = [
        (spoken(f.field), figure(f.accuracy), figure(f.macro_f1), figure(f.kappa), figure(f.weighted_kappa), f.n)
        for f in fields
    ]
    columns = ("field", "accuracy", "macro-F1", "kappa", "weighted kappa", "n")
    return Sheet(title, columns, rows, note)


def _compared(one: Judgement, *, missing: int) -> str:
    told = [f"Classifier {one.classifier} ({', '.join(one.models) or 'no model'})"]
    if one.prompt_versions:
        told.append(f"prompt {', '.join(one.prompt_versions)}")
    told.append(f"{one.judged:,} of {one.labelled:,} labelled conversations")
    if missing:
        told.append(f"{missing:,} without a text, an insight or an answer, left out")
    if one.unread:
        told.append(f"{one.unread:,} could not be read and count as wrong")
    spent = "unknown" if one.cost_usd is None else dollars(one.cost_usd)
    told.append(f"cost {spent}")
    return "; ".join(told) + "." + (f"\nStopped early: {one.stopped}" if one.stopped else "")


def _calibration(scored: Scored) -> Sheet:
    found = scored.calibration
    rows = [
        (f"{b.low:.1f} to {b.high:.1f}", f"{b.confidence:.3f}", figure(b.accuracy), b.n)
        for b in (found.bins if found else ())
    ]
    error = figure(found.error) if found else None
    return Sheet(
        "Confidence in the issue type", ("said", "mean", "right", "n"), rows, f"{CALIBRATION} Mean gap: {error}."
    )


def _confusion(field: FieldScore, *, note: str) -> Sheet:
    options = field.confusion.options
    used = [
        i for i, row in enumerate(field.confusion.counts) if sum(row) or any(r[i] for r in field.confusion.counts)
    ]
    unread = any(row[-1] for row in field.confusion.counts)
    columns = ["label ↓ read as →", *(options[i] for i in used), *(["not read"] if unread else [])]
    rows = [
        [
            options[i],
            *(_count(field.confusion.counts[i][j]) for j in used),
            *([_count(field.confusion.counts[i][-1])] if unread else []),
        ]
        for i in used
    ]
    return Sheet(f"What {spoken(field.field)} was read as", columns, rows, note)


def _count(value: float) -> str:
    return "·" if value == 0 else f"{value:g}"


def _worst(scored: Scored) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    for c in scored.confusions:
        rows.append((spoken(c.field), c.label, c.read_as, c.n, ", ".join(c.ids)))
        rows += [
            ("", "", "", None, f"{name}: {clip(scored.texts[name], 140)}") for name in c.ids if name in scored.texts
        ]
    note = "Mistakes of which the classifier was surest are named first." + (
        "" if scored.texts else " --show-text shows what the customer wrote."
    )
    return Sheet("Commonest mistakes", ("field", "label", "read as", "n", "conversations"), rows, note)


def _parts(scored: Scored) -> Sheet:
    rows = [
        (
            spoken(p.segment),
            p.value + ("*" if p.few else ""),
            spoken(f.field),
            figure(f.accuracy),
            figure(f.kappa),
            p.n,
        )
        for p in scored.parts
        for f in p.fields
    ]
    return Sheet(
        "By segment",
        ("segment", "value", "field", "accuracy", "kappa", "n"),
        rows,
        FEW if any(p.few for p in scored.parts) else "",
    )


def _effort(letter: str, one: Judgement) -> tuple[Cell, ...]:
    cost = None if one.cost_usd is None else dollars(one.cost_usd)
    each = None if one.cost_usd is None else dollars(one.cost_usd / max(1, one.judged))
    latency = None if one.latency_ms is None else f"{one.latency_ms:,} ms"
    return (letter, one.classifier, ", ".join(one.models), one.unread, cost, each, latency)
