"""`earshot report`: the report of a time span."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.console import err, out
from earshot.cli.options import Since, Until
from earshot.cli.report_files import Format, deliver
from earshot.cli.session import go, moment, opened
from earshot.domain.report import Report
from earshot.report import to_terminal


def command(
    *,
    since: Since = None,
    until: Until = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="html, md or json; left out: the terminal.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Where it goes; - is standard output.")] = None,
) -> None:
    """Write the report of a time span of conversation time. Figures only: nothing is fetched, read or spent."""
    figures = go(_report(since, until))
    if form is None and to is None:
        out.print(to_terminal(figures))
        return
    guessed: Format = form or ("json" if str(to).endswith(".json") else "md" if str(to).endswith(".md") else "html")
    path = deliver(figures, guessed, to)
    if path is not None:
        err.print(f"The report: {path}", markup=False)


async def _report(since: str | None, until: str | None) -> Report:
    async with opened() as earshot:
        return await earshot.report(since=moment(since), until=moment(until))
