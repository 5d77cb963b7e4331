"""`earshot doctor`: is everything there that an unattended run needs?"""

from datetime import timedelta

import typer
from rich.markup import escape

from earshot.app import open_database
from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson
from earshot.cli.reaching import check_receiver
from earshot.cli.session import go, opened
from earshot.errors import EarshotError
from earshot.pipeline.checking import Check, Grade, check_runs, check_source, check_tools, failed
from earshot.pipeline.watching.checks import check_flow
from earshot.ports.clock import SystemClock
from earshot.settings import Secrets, Settings, load_settings

MARKS = {Grade.OK: "[green]✓[/green]", Grade.NOTE: "[yellow]![/yellow]", Grade.FAILED: "[red]✗[/red]"}


def command(*, as_json: AsJson = False) -> None:
    """Check settings, database, Intercom token (workspace, region, rights), tools, models, clock, last run.

    Of servers and workers: jobs, workers at work, the last webhook, schedules, bounds of [watch] that are left.

    Exit code 1 when anything fails, also when an expected daily run did not happen: fit for monitoring.
    """
    checks = go(_check())
    if as_json:
        print_json([check.model_dump(mode="json") for check in checks])
    else:
        for check in checks:
            out.print(MARKS[check.grade], escape(f"{check.name}: {check.text}"), sep=" ")
            if check.hint:
                out.print(f"    → {check.hint}", markup=False)
    if failed(checks):
        raise typer.Exit(1)


async def _check() -> list[Check]:
    try:
        settings = load_settings()
    except EarshotError as error:
        return [Check(name="settings", grade=Grade.FAILED, text=str(error), hint=error.hint)]
    checks = [Check(name="settings", grade=Grade.OK, text="All keys are sound.")]
    try:
        checks.append(await _database(settings))
    except EarshotError as error:
        return [*checks, Check(name="database", grade=Grade.FAILED, text=str(error), hint=error.hint)]
    async with opened(quiet=True, settings=settings) as earshot:
        checks += await check_source(earshot.parts)
        checks += await check_tools(earshot.parts)
        checks += await _models(settings)
        checks += await _embeddings(settings)
        every = timedelta(hours=settings.run.expect_every_hours)
        checks += await check_runs(earshot.parts, expect_every=every)
        listens = Secrets.load().intercom_client_secret is not None
        checks += await check_flow(earshot.parts, settings.watch, listens=listens)
        checks += await check_receiver(settings)
    return checks


async def _models(settings: Settings) -> list[Check]:
    """Keys, models, last days and prices of the providers in use; nothing is spent."""
    if not settings.llm.provider:
        return []
    from earshot.classify.composing import needed_tiers
    from earshot.llm.checking import check

    grades = {True: Grade.OK, False: Grade.FAILED, None: Grade.NOTE}
    found = await check(
        settings.llm, Secrets.load().llm, clock=SystemClock(), needed=needed_tiers(settings.classify)
    )
    return [Check(name=one.name, grade=grades[one.ok], text=one.text, hint=one.hint) for one in found]


async def _embeddings(settings: Settings) -> list[Check]:
    """Key, model and price of embeddings, or whether the local model loads; nothing is spent."""
    if not settings.embeddings.provider:
        return []
    from earshot.llm.embedding.checking import check

    grades = {True: Grade.OK, False: Grade.FAILED, None: Grade.NOTE}
    found = await check(settings.embeddings, settings.llm, keys=Secrets.load().llm, clock=SystemClock())
    return [Check(name=one.name, grade=grades[one.ok], text=one.text, hint=one.hint) for one in found]


async def _database(settings: Settings) -> Check:
    store = await open_database(settings, Secrets.load(), clock=SystemClock())
    try:
        await store.index_vectors()
        state = await store.vitals()
    finally:
        await store.close()
    kind = "embedded" if state.embedded else "external"
    text = (
        f"PostgreSQL {state.server_version} ({kind}), {state.size / 1e6:,.0f} MB; "
        f"{state.conversations:,} conversations, {state.insights:,} insights, {state.pending:,} to read."
    )
    if state.vectors:
        return Check(name="database", grade=Grade.OK, text=text)
    text += " Like themes are searched by words only."
    hint = "Install pgvector on the server and run: create extension vector."
    return Check(name="database", grade=Grade.NOTE, text=text, hint=hint)
