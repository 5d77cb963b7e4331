"""`earshot init`: a commented earshot.toml to start from."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from earshot.cli.console import err
from earshot.cli.example import example
from earshot.cli.report_files import write_text
from earshot.errors import Misconfigured
from earshot.settings import DEFAULT_FILE, ReportSettings

Region = Literal["us", "eu", "au"]


def command(
    *,
    region: Annotated[
        Region | None, typer.Option("--region", help="Where your Intercom workspace is hosted.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="Where a day begins, e.g. Europe/Berlin.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults.")] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Print every key, write nothing.")] = False,
) -> None:
    """Write earshot.toml with every setting explained. Asks for region and time zone unless told."""
    if only_print:
        typer.echo(example(), nl=False)
        return
    path = Path(os.environ.get("EARSHOT_CONFIG") or DEFAULT_FILE)
    if path.exists() and not force:
        raise Misconfigured(
            f"{path} exists already.", hint="Use --force to replace it, or --config for another file."
        )
    if region is None:
        region = "us" if yes else typer.prompt("Region of your Intercom workspace (us, eu, au)", default="us")
    if timezone is None:
        timezone = "UTC" if yes else typer.prompt("Time zone of your reports", default="UTC")
    write_text(path, example({"intercom": {"region": _region(region)}, "report": {"timezone": _zone(timezone)}}))
    err.print(f"Wrote {path}. Next:", markup=False)
    err.print(
        "  1. export INTERCOM_ACCESS_TOKEN=…   (Intercom: Developer Hub, your app, Authentication)", markup=False
    )
    err.print("  2. earshot doctor", markup=False)
    err.print("  3. earshot run", markup=False)


def _region(text: str | None) -> str:
    if text not in ("us", "eu", "au"):
        raise typer.BadParameter(f"{text!r} is no region; write us, eu or au")
    return text


def _zone(text: str | None) -> str:
    try:
        return ReportSettings(timezone=text or "UTC").timezone
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a time zone; write it like Europe/Berlin") from None
