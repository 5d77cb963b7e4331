"""`earshot sync`: only bring in what changed."""

import typer

from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson, Since, Until
from earshot.cli.session import go, moment, opened
from earshot.cli.statement import show
from earshot.domain.run import Completeness


def command(*, since: Since = None, until: Until = None, as_json: AsJson = False) -> None:
    """Bring in conversations that changed at the source, and say exactly what is missing, if anything.

    Left alone it goes on where the last run was; the first one reaches back 30 days. Killed, it resumes.
    """
    done = go(_sync(since, until, quiet=as_json))
    print_json({**done.model_dump(mode="json"), "complete": done.complete}) if as_json else show(done, out)
    if not done.complete:
        raise typer.Exit(1)


async def _sync(since: str | None, until: str | None, *, quiet: bool) -> Completeness:
    async with opened(quiet=quiet) as earshot:
        return await earshot.sync(since=moment(since), until=moment(until))
