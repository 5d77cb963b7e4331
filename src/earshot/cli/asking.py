"""Asking a person before money is spent; machines are not asked."""

import sys

import typer

from earshot.cli.console import Bars
from earshot.pipeline.money.consent import Ask
from earshot.ports.progress import Progress


def asker(progress: Progress) -> Ask | None:
    """Asks on the terminal, with the bars out of the way; None where nobody sits at one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(text: str) -> bool:
        bars = progress if isinstance(progress, Bars) else None
        if bars is not None:
            bars.__exit__()
        try:
            return typer.confirm(text, default=False, err=True)
        finally:
            if bars is not None:
                bars.__enter__()

    return ask
