"""Writing a report where a person asked for it: a file by its format, or standard output."""

import sys
from pathlib import Path
from typing import Literal

from earshot.domain.report import Report
from earshot.pipeline.reports.filing import RENDERERS, appear

Format = Literal["html", "md", "json"]


def render(figures: Report, form: Format) -> str:
    """The report as text in a format."""
    return RENDERERS[form](figures)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    appear(path, text, hint="Free some space or choose another place with --out.")


def deliver(figures: Report, form: Format, out: Path | None) -> Path | None:
    """Write the report to `out`, or to standard output for `-`; the path written."""
    text = render(figures, form)
    if out is not None and str(out) == "-":
        sys.stdout.write(text + "\n")
        return None
    path = out or Path(f"earshot-report.{form}")
    write_text(path, text)
    return path
