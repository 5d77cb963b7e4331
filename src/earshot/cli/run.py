"""`earshot run`: the whole daily batch."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.acted import tell_acted
from earshot.cli.asking import asker
from earshot.cli.classify_words import told
from earshot.cli.console import err, out, print_json
from earshot.cli.options import AsJson, Classifier, Since, Until, Yes
from earshot.cli.report_files import Format, deliver
from earshot.cli.session import go, moment, opened
from earshot.cli.statement import show, show_seconds
from earshot.domain.call import Mode
from earshot.errors import Misconfigured
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.daily import DailyRun
from earshot.pipeline.embedding.consent import ensure as ensure_embedding
from earshot.pipeline.money.consent import agreed, ensure
from earshot.pipeline.rounds import Round
from earshot.pipeline.syncing import Preview, preview
from earshot.report import to_terminal
from earshot.settings import load_settings


def command(
    *,
    since: Since = None,
    until: Until = None,
    classifier: Classifier = "auto",
    form: Annotated[Format, typer.Option("--format", help="The report's format.")] = "html",
    to: Annotated[Path | None, typer.Option("--out", help="Where the report goes; - is standard output.")] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Read in the provider's batches: half the price, within a day.")
    ] = False,
    yes: Yes = False,
    offline: Annotated[bool, typer.Option("--no-sync", help="Work on what is already here.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be fetched and read.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Show the seconds of each stage.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sync, read, group, apply rules and report. Safe to repeat and to interrupt.

    The first run brings in the last 30 days; later runs only what changed. The exit code is 1 when anything
    could not be fetched: the completeness statement names it.

    With a language model in the settings, the first run shows what reading will cost and asks. With --batch the
    requests are handed in, and a later run takes the answers.
    """
    if dry_run:
        shown = go(_preview(since, until, quiet=as_json))
        print_json(shown.model_dump(mode="json")) if as_json else out.print(shown.words, markup=False)
        return
    done = go(_run(since, until, classifier=classifier, batch=batch, yes=yes, offline=offline, quiet=as_json))
    path = deliver(done.report, form, to)
    if done.acted.cut_short and not as_json:
        err.print(f"{done.acted.words} The rest goes out now; the report is there already.", markup=False)
    if done.acted.cut_short:
        done = done.model_copy(update={"acted": go(_act(quiet=as_json))})
    if as_json:
        print_json(
            {
                "run": done.run.model_dump(mode="json"),
                "acted": done.acted.model_dump(mode="json"),
                "seconds": done.seconds,
                "report": path and str(path),
            }
        )
    elif path is not None:
        out.print(to_terminal(done.report))
    _close(done, path=path, profile=profile, as_json=as_json)


async def _run(
    since: str | None, until: str | None, *, classifier: str, batch: bool, yes: bool, offline: bool, quiet: bool
) -> DailyRun:
    settings = load_settings()
    async with opened(quiet=quiet, settings=settings) as earshot:
        parts = earshot.parts
        if batch and (parts.make_llm is None or classifier == "local"):
            raise Misconfigured(
                "Batches are for language models, and none is to read.",
                hint='Name one in the settings, [llm] provider = "anthropic" or "openai", or leave --batch out.',
            )
        if parts.make_llm is not None and classifier != "local":
            llm = parts.make_llm()
            if not (yes or offline or await agreed(parts, llm)):
                # what is fetched now is what the price is asked for
                await earshot.sync(since=moment(since), until=moment(until))
            mode = Mode.BATCH if batch else Mode.ONLINE
            await ensure(parts, llm, yes=yes, ask=asker(parts.progress), mode=mode)
        await ensure_embedding(parts, yes=yes, ask=asker(parts.progress))
        return await earshot.run(
            since=moment(since),
            until=moment(until),
            classifier=classifier,
            batch=batch,
            with_sync=not offline,
            retention_days=settings.database.retention_days,
        )


async def _act(*, quiet: bool) -> Acted:
    """What is left to be done outside when the report is written."""
    async with opened(quiet=quiet) as earshot:
        return await earshot.act()


async def _preview(since: str | None, until: str | None, *, quiet: bool) -> Preview:
    async with opened(quiet=quiet) as earshot:
        return await preview(earshot.parts, since=moment(since), until=moment(until))


def _close(done: DailyRun, *, path: Path | None, profile: bool, as_json: bool) -> None:
    if not as_json:
        for sentence in told(Round(collected=done.collected, submitted=done.submitted)):
            err.print(sentence, markup=False)
        err.print(f"Read {done.run.classified:,}, unread {done.run.unread:,}, new actions {done.run.actions:,}.")
        tell_acted(done.acted)
        if done.run.completeness is not None:
            show(done.run.completeness, err)
        if path is not None:
            err.print(f"The report: {path}", markup=False)
    if profile:
        show_seconds(done.seconds, err)
    if not done.run.ok:
        raise typer.Exit(1)
