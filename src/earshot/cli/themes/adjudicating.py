"""`earshot themes adjudicate, consolidate`: doubts put to a language model, themes checked from scratch."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.asking import asker
from earshot.cli.console import err, out, print_json
from earshot.cli.options import AsJson, Yes
from earshot.cli.session import go, opened
from earshot.domain.model import Noun
from earshot.errors import Misconfigured
from earshot.pipeline.adjudication.exchange import VerdictsRead, WrittenQuestions, read_verdicts, write_questions
from earshot.pipeline.adjudication.online import Adjudicated
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.consolidating import Consolidated, consolidate
from earshot.pipeline.theming.settling import obey, settle
from earshot.settings import Settings, load_settings

OFFLINE = "offline"
"""The model's name in a question file when nobody says another."""
_COUNTS = {
    "settled": "decided before",
    "changed": "about texts that changed meanwhile",
    "unsure": "answers that decide nothing",
    "unknown": "answers to no question of ours",
    "failed": "without a usable answer",
    "bad": "lines that cannot be read",
}


class Ruled(Noun):
    """What became of doubts, one way or the other, and how many mentions changed their theme."""

    written: WrittenQuestions | None = None
    answers: VerdictsRead | None = None
    online: Adjudicated | None = None
    moved: int = 0


def adjudicate_command(
    *,
    batch_out: Annotated[
        Path | None,
        typer.Option(
            "--batch-out", metavar="FILE", help="Write the questions as an OpenAI batch file, spend nothing."
        ),
    ] = None,
    batch_in: Annotated[
        Path | None, typer.Option("--batch-in", metavar="FILE", help="Take in the answers to such a file.")
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="The model that a file names.")] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many doubts, the likeliest matches first.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have a language model decide open doubts ("is this the same matter as one of these?"), and obey its verdicts.

    Without a file, the model of the settings is asked at once. With --batch-out and --batch-in any model can be the
    adjudicator. What a person decided is never overruled.
    """
    if batch_out and batch_in:
        raise typer.BadParameter("--batch-out and --batch-in exclude each other.")
    if batch_in and limit:
        raise typer.BadParameter("--batch-in takes in the whole file.")
    done = go(_adjudicate(batch_out, batch_in, model=model, limit=limit, yes=yes, quiet=as_json))
    if as_json:
        print_json(done.model_dump(mode="json", exclude_none=True))
    else:
        _tell(done)
    if done.answers is not None and (done.answers.bad or done.answers.failed):
        raise typer.Exit(1)


async def _adjudicate(
    batch_out: Path | None, batch_in: Path | None, *, model: str, limit: int | None, yes: bool, quiet: bool
) -> Ruled:
    settings = load_settings()
    async with opened(quiet=quiet, settings=settings) as earshot:
        parts = earshot.parts
        if batch_out is not None:
            return await _write(parts, settings, file=batch_out, model=model, limit=limit)
        if batch_in is not None:
            return await _take_in(parts, settings, file=batch_in, model=model)
        if parts.make_tasks is None:
            raise Misconfigured(
                "No language model is switched on, so there is nobody to ask.",
                hint="Name one: [llm] provider. --batch-out writes the questions for any other model; "
                "`earshot themes decide` settles a doubt yourself.",
            )
        online, moved = await settle(parts, parts.make_tasks(), limit=limit, yes=yes, ask=asker(parts.progress))
        return Ruled(online=online, moved=moved)


async def _write(parts: Parts, settings: Settings, *, file: Path, model: str, limit: int | None) -> Ruled:
    from earshot.group.asking.adjudicating import Adjudicator

    adjudicator = Adjudicator(product=settings.taxonomy.product, masking=settings.classify.mask_personal_data)
    name = model or _model_name(settings)
    return Ruled(written=await write_questions(parts, file, adjudicator=adjudicator, model=name, limit=limit))


async def _take_in(parts: Parts, settings: Settings, *, file: Path, model: str) -> Ruled:
    from earshot.group.asking.adjudicating import Adjudicator

    adjudicator = Adjudicator(product=settings.taxonomy.product, masking=settings.classify.mask_personal_data)
    answers = await read_verdicts(parts, file, adjudicator=adjudicator, model=model)
    return Ruled(answers=answers, moved=await obey(parts))


def _model_name(settings: Settings) -> str:
    from earshot.domain.call import Tier
    from earshot.llm.catalogue import model_string

    if not settings.llm.provider:
        return OFFLINE
    return model_string(settings.llm, Tier(settings.group.tier)).partition(":")[2]


def _tell(done: Ruled) -> None:
    if done.written is not None:
        out.print(f"Wrote {done.written.questions:,} questions. Answers to them come back with --batch-in.")
        if done.written.kept_back:
            out.print(f"Doubts that hold orders to their reader and wait for a person: {done.written.kept_back:,}.")
        if done.written.undecided:
            out.print(
                f"Doubts that this model left open before, for a person or another: {done.written.undecided:,}."
            )
        return
    if done.answers is not None:
        _tell_answers(done.answers)
    if done.online is not None:
        found = done.online
        out.print(
            f"Of {found.doubts:,} doubts {found.undecided:,} stay open; pairings found the same {found.same:,}, "
            f"different {found.different:,}."
        )
    out.print(f"{done.moved:,} mention{'s' * (done.moved != 1)} changed their theme.")


def _tell_answers(found: VerdictsRead) -> None:
    out.print(f"Took in verdicts: the same {found.same:,}, different {found.different:,}.")
    for name, what in _COUNTS.items():
        if count := getattr(found, name):
            out.print(f"{count:,} {what}")
    for mistake in found.mistakes:
        err.print(f"  line {mistake.line}: {mistake.text}", markup=False)


def consolidate_command(*, as_json: AsJson = False) -> None:
    """Group everything from scratch in memory and compare. Merges are proposed; nothing moves by itself."""
    found = go(_consolidate(quiet=as_json))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out.print(
        f"{found.mentions:,} mentions in {found.themes:,} themes; from scratch they would be {found.fresh:,}."
    )
    out.print(f"The two agree by {found.agreement:.3f} (adjusted Rand index, 1 is equal).")
    if found.proposals:
        out.print(f"Proposed merges: {len(found.proposals):,} (earshot themes proposals)")


async def _consolidate(*, quiet: bool) -> Consolidated:
    async with opened(quiet=quiet) as earshot:
        return await consolidate(earshot.parts)
