"""`earshot import`: bring in a file."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.console import err, out, print_json
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.pipeline.importing import Imported

SHOWN = 20


def command(
    file: Annotated[Path, typer.Argument(help="Intercom JSON or plain JSON lines, also gzipped.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Bring in conversations from a file; `earshot run --no-sync` then reads and reports them.

    The plain form, one object a line: {"id", "title"?, "created_at"?, "messages": [{"author": "customer" or
    "agent", "text", "created_at"?}], "customer"?: {…}}. Bad lines are named and left out; the exit code is then 1.
    """
    done = go(_import(file, quiet=as_json))
    if as_json:
        print_json(done.model_dump())
    else:
        out.print(f"Imported {done.conversations:,} conversations; new or changed: {done.changed:,}.")
        for bad in done.bad[:SHOWN]:
            err.print(f"  line {bad.line}: {bad.reason}", markup=False)
        if len(done.bad) > SHOWN:
            err.print(f"  … and {len(done.bad) - SHOWN:,} more bad lines (all of them with --json)")
    if done.bad:
        raise typer.Exit(1)


async def _import(file: Path, *, quiet: bool) -> Imported:
    async with opened(quiet=quiet) as earshot:
        return await earshot.import_file(file)
