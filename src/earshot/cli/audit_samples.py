"""`earshot audit sample`, `label`, `drift`, `export`, `import`, `examples`: people's labels beside the model's."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from earshot.audit.drift import Drift
from earshot.cli.audit_asking import ask_all
from earshot.cli.console import err, out, print_json
from earshot.cli.options import AsJson, Since, Until
from earshot.cli.report_files import write_text
from earshot.cli.session import go, moment, opened
from earshot.cli.sheets import Cell, Sheet, figure, points, show, spoken
from earshot.errors import BadInput
from earshot.pipeline.audits.examples import PASTE, examples, lines
from earshot.pipeline.audits.exchanging import exported, imported
from earshot.pipeline.audits.gauging import Comparison, FieldGauge, comparisons, gauges, looked_back
from earshot.pipeline.audits.labelling import find
from earshot.pipeline.audits.sampling import DrawnSample, draw_baseline, draw_week
from earshot.pipeline.parts import Parts

Which = Annotated[str, typer.Argument(metavar="[SAMPLE]", help="The sample: its id, or the newest.")]
Who = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who labels; your account's name if left out.")
]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to; the screen if left out.")]


class Kind(StrEnum):
    """What is drawn."""

    WEEKLY = "weekly"
    BASELINE = "baseline"


def sample_command(
    *,
    kind: Annotated[
        Kind, typer.Option("--kind", help="weekly: of the last whole week, once; baseline: of the window.")
    ] = Kind.WEEKLY,
    since: Since = None,
    until: Until = None,
    size: Annotated[int | None, typer.Option("--size", help="Conversations of a baseline, 20 to 500.")] = None,
    seed: Annotated[str, typer.Option("--seed", help="Draws a baseline again exactly.")] = "",
    as_json: AsJson = False,
) -> None:
    """Draw conversations for people to label, each with a known chance, so that figures stand for all of them."""
    if kind is Kind.WEEKLY and (since or until or size or seed):
        raise typer.BadParameter("--since, --until, --size and --seed are for --kind baseline")
    go(_sample(kind, since, until, size=size, seed=seed, as_json=as_json))


async def _sample(
    kind: Kind, since: str | None, until: str | None, *, size: int | None, seed: str, as_json: bool
) -> None:
    async with opened(quiet=as_json) as earshot:
        done = await _drawn(earshot.parts, kind, since=since, until=until, size=size, seed=seed)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    sample = done.sample
    words = "were drawn" if done.new else "were drawn before"
    out.print(f"{done.members:,} conversations {words}: sample {sample.id}.", markup=False)
    if sample.waiting:
        out.print(f"{sample.waiting:,} of that time were not read yet and could not be drawn.", markup=False)
    out.print(f"Label them on the page /audit, or here: earshot audit label {sample.id[:8]}", markup=False)


async def _drawn(
    parts: Parts, kind: Kind, *, since: str | None, until: str | None, size: int | None, seed: str
) -> DrawnSample:
    if kind is Kind.BASELINE:
        return await draw_baseline(parts, since=moment(since), until=moment(until), size=size, seed=seed)
    done = await draw_week(parts, parts.clock.now())
    if done is None:
        raise BadInput(
            "Nothing was read of last week.", hint="Draw a baseline: earshot audit sample --kind baseline."
        )
    return done


def label_command(sample: Which = "latest", *, who: Who = None) -> None:
    """Label a sample in the terminal, blind to the model's answer. Whatever was answered is kept when you stop."""
    go(_label(sample, who))


async def _label(sample: str, who: str | None) -> None:
    async with opened() as earshot:
        found = await find(earshot.parts, sample)
        await ask_all(earshot.parts, found, labeller=who or earshot.parts.actor)


def drift_command(*, as_json: AsJson = False) -> None:
    """Agreement with people in the newest sample, and whether it fell, with how sure that is."""
    go(_drift(as_json=as_json))


async def _drift(*, as_json: bool) -> None:
    async with opened(quiet=as_json) as earshot:
        rules = earshot.parts.audit
        known, back = await looked_back(earshot.parts)
        labelled = [one for one in known if one.labelled]
        if not labelled:
            raise BadInput("Nobody has labelled a sample yet.", hint="Draw and label one: earshot audit sample.")
        newest = labelled[0].sample
        chosen = [one for one in back if one.sample.id == newest.id]
        measured = gauges(chosen[0], target=rules.target) if chosen else []
        compared = comparisons(back, None, bound=rules.drift_bound)
    if as_json:
        print_json(
            {
                "sample": newest.model_dump(mode="json"),
                "fields": [one.model_dump(mode="json") for one in measured],
                "comparisons": [one.model_dump(mode="json") for one in compared],
            }
        )
        return
    show([_levels(measured, target=rules.target), *(_compared(one, rules.drift_bound) for one in compared)])


STANDING = {"met": "target met", "missed": "below the target", "unsure": "not sure yet", "unknown": "no labels"}
FALL = {"real": "fell", "kept": "within the bound", "unsure": "not sure", "unknown": "no labels"}


def _levels(measured: list[FieldGauge], *, target: float) -> Sheet:
    rows: list[tuple[Cell, ...]] = [
        (
            spoken(one.field),
            figure(one.score.accuracy),
            STANDING[one.standing],
            figure(one.score.kappa),
            figure(one.people.kappa) if one.people else None,
            one.score.n,
            round(one.effective),
        )
        for one in measured
    ]
    columns = ("field", "agreement", f"target {target:.0%}", "kappa", "kappa of two people", "labels", "worth")
    note = "Weighted, so that it stands for all conversations of the sample's window; 95 % intervals in brackets."
    return Sheet("Agreement with people, newest labelled sample", columns, rows, note)


def _compared(one: Comparison, bound: float) -> Sheet:
    rows = [_fallen(drift) for drift in one.drifts if drift.fall != "unknown"]
    columns = ("field", "verdict", "now", "before", "difference, points", "p", "labels", "would be seen")
    note = f"Within the bound: a fall of more than {100 * bound:.0f} points does not fit the labels."
    return Sheet(f"{one.now[:1].upper()}{one.now[1:]} against {one.then}", columns, rows, note)


def _fallen(one: Drift) -> tuple[Cell, ...]:
    verdict = FALL[one.fall] + (", beyond the bound" if one.beyond else "")
    seen = None if one.seen is None else f"from {100 * one.seen:.0f} points"
    labels = f"{one.n_now} / {one.n_then}"
    p = f"{one.p_corrected:.3f}"
    return (spoken(one.field), verdict, figure(one.now), figure(one.then), points(one.difference), p, labels, seen)


def export_command(
    sample: Which = "latest",
    *,
    out_file: OutFile = None,
    with_examples: Annotated[
        bool, typer.Option("--with-examples", help="Also those that serve as few-shot examples.")
    ] = False,
) -> None:
    """Write a sample's labels as JSON lines, as `audit score`, `audit experiment` and `audit import` read them."""
    go(_export(sample, out_file, with_examples=with_examples))


async def _export(sample: str, out_file: Path | None, *, with_examples: bool) -> None:
    async with opened(quiet=True) as earshot:
        found = await find(earshot.parts, sample)
        told = await exported(earshot.parts, found, with_examples=with_examples)
    _write(told, out_file)


def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Labels as JSON lines.")],
    *,
    sample: Annotated[
        str, typer.Option("--sample", metavar="SAMPLE", help="The sample they belong to.")
    ] = "latest",
    who: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="Whose labels they are; twice where lines hold two annotations."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in labels that were given elsewhere, in a spreadsheet for example."""
    go(_import(file, sample, who or [], as_json=as_json))


async def _import(file: Path, sample: str, who: list[str], *, as_json: bool) -> None:
    async with opened(quiet=True) as earshot:
        found = await find(earshot.parts, sample)
        done = await imported(earshot.parts, found, path=file, labellers=who or [earshot.parts.actor])
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    out.print(f"{done.kept:,} labels were kept.", markup=False)
    if done.strange:
        out.print(f"{len(done.strange):,} lines are about conversations outside the sample.", markup=False)
    for bad in done.bad[:20]:
        err.print(f"Line {bad.line}: {bad.reason}.", markup=False)


def examples_command(*, out_file: OutFile = None) -> None:
    """Write the few-shot examples that were chosen on the audit pages, personal data masked."""
    go(_examples(out_file))


async def _examples(out_file: Path | None) -> None:
    async with opened(quiet=True) as earshot:
        found = await examples(earshot.parts)
    told = lines(found)
    if not told:
        raise BadInput("No example was chosen yet.", hint="Choose some on the page /audit, under Members.")
    _write(told, out_file)
    for one in found:
        if one.lacks:
            err.print(f"Left out {one.member.conversation_id}: {one.lacks}", markup=False)
    if out_file is not None:
        err.print(f"To use it:\n{PASTE.replace('examples.jsonl', out_file.name)}", markup=False)


def _write(told: list[str], out_file: Path | None) -> None:
    if out_file is None:
        for line in told:
            typer.echo(line)
        return
    write_text(out_file, "".join(f"{line}\n" for line in told))
    err.print(f"{len(told):,} lines written to {out_file}", markup=False)
