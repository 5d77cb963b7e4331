"""`earshot restore`: bring a backup back."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.app import restore
from earshot.cli.console import err
from earshot.cli.session import go
from earshot.settings import load_settings


def command(
    file: Annotated[Path, typer.Argument(help="A file written by `earshot backup`.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Drop what the database holds now.")] = False,
) -> None:
    """Bring a backup back into an empty database, or with --replace into any; all or nothing."""
    rows = go(restore(load_settings(), file, replace=replace))
    err.print(f"{sum(rows.values()):,} rows of {len(rows)} tables restored from {file}", markup=False)
