"""`earshot backlog import` and `duplicates`: what stands in a tracker already."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from earshot.cli.console import err, out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.pipeline.backlog.deciding import Doubtful, duplicates
from earshot.pipeline.backlog.importing import ImportedItems, import_backlog
from earshot.pipeline.backlog.twins import Twin
from earshot.text.escape import for_terminal

SHOWN = 20


def import_command(
    file: Annotated[
        Path, typer.Argument(help="CSV or JSON from Jira, Linear, Productboard or your own, also gzipped.")
    ],
    *,
    source: Annotated[
        Literal["jira", "linear", "productboard", "file"] | None,
        typer.Option("--source", help="Where the items live; left out: told by the columns."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="Of a CSV; left out: found out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in the items of your tracker, so that no theme becomes a second one. Again: changes are taken over.

    Needed is a title (Summary, Title, Name); a key (Issue key, ID, Key), description, type, status, labels and a
    link are used where they are. Bad rows are named and left out; the exit code is then 1.
    """
    done = go(_import(file, source, encoding=encoding, dry_run=dry_run, quiet=as_json))
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        _tell(done)
    if done.bad:
        raise typer.Exit(1)


def duplicates_command(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also themes that surely are an existing item.")] = False,
    as_json: AsJson = False,
) -> None:
    """List themes that may be an existing item, the likeliest first; `same` and `different` decide."""
    found = go(_duplicates(every=every))
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        out.print("Nothing to decide." if not every else "No theme is like an existing item.", markup=False)
        return
    rows = [_row(one, twin) for one in found for twin in one.twins]
    columns = ("sure", "standing", "theme", "conv.", "key", "existing item", "status", "why", "theme id")
    print_table(columns, rows)
    out.print("Decide with: earshot backlog same THEME KEY, or: earshot backlog different THEME KEY", markup=False)


def _row(one: Doubtful, twin: Twin) -> tuple[str | int | None, ...]:
    theirs = (twin.key, twin.title, twin.status, twin.reason)
    return (f"{twin.probability:.0%}", twin.standing.value, one.title, one.conversations, *theirs, one.theme_id)


def _tell(done: ImportedItems) -> None:
    places = ", ".join(f"{count:,} from {source}" for source, count in done.sources.items())
    told = f"{done.items:,} items{f' ({places})' if places else ''}, {done.new:,} of them new."
    out.print(f"{'Dry run, nothing was kept: ' if done.dry_run else 'Imported '}{told}", markup=False)
    if done.ours:
        out.print(f"Made by Earshot, and tied to their themes: {done.ours:,}.", markup=False)
    if done.same or done.unsure:
        out.print(
            f"Themes that are one of them: {done.same:,}; that may be one: {done.unsure:,} "
            "(earshot backlog duplicates).",
            markup=False,
        )
    for remark in done.remarks[:SHOWN]:
        err.print(f"  {for_terminal(remark)}", markup=False)
    for bad in done.bad[:SHOWN]:
        err.print(f"  line {bad.line}: {for_terminal(bad.reason)}", markup=False)
    if len(done.bad) > SHOWN:
        err.print(f"  … and {len(done.bad) - SHOWN:,} more bad rows (all of them with --json)")


async def _import(
    file: Path, source: str | None, *, encoding: str | None, dry_run: bool, quiet: bool
) -> ImportedItems:
    async with opened(quiet=quiet) as earshot:
        return await import_backlog(earshot.parts, file, source=source, encoding=encoding, dry_run=dry_run)


async def _duplicates(*, every: bool) -> list[Doubtful]:
    async with opened(quiet=True) as earshot:
        return await duplicates(earshot.parts, every=every)
