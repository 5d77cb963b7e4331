"""`earshot backup`: the whole database into one file."""

from pathlib import Path
from typing import Annotated

import typer

from earshot.app import backup
from earshot.cli.console import err
from earshot.cli.session import go
from earshot.settings import load_settings


def command(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write everything Earshot knows into one compressed file; other runs may go on meanwhile."""
    rows = go(backup(load_settings(), file))
    err.print(f"{sum(rows.values()):,} rows of {len(rows)} tables written to {file}", markup=False)
