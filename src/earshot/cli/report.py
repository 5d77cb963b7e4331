"""`earshot report`: the report of a time span."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.console import err, out
from earshot.cli.options import Since, Until
from earshot.cli.report_files import Format, deliver
from earshot.cli.report_sending import send_series
from earshot.cli.session import go, moment, opened
from earshot.domain.report import Report
from earshot.errors import BadInput
from earshot.report import to_terminal


def command(
    *,
    since: Since = None,
    until: Until = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="html, md or json; left out: the terminal.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Where it goes; - is standard output.")] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send the last period's report to whom [[report.series]] names, once.")
    ] = False,
    series: Annotated[
        str | None, typer.Option("--series", metavar="NAME", help="Only this series (with --send).")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also send what was sent, or may have been sent (with --send).")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write and check everything, send nothing (with --send).")
    ] = False,
) -> None:
    """Write the report of a time span of conversation time. Figures only: nothing is fetched, read or spent.

    With --send, the report of the period that ended last goes to its readers. Safe to repeat: each period goes to
    each destination once. Exit codes: 0 sent, 1 something failed or may have been sent, 75 another try may do.
    """
    if send:
        send_series(series, again=again, rehearse=dry_run, chosen=any((since, until, form, to)))
        return
    if series or again or dry_run:
        raise BadInput("--series, --again and --dry-run belong to --send.", hint="earshot report --send")
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
