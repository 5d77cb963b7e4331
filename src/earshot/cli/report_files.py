"""Writing a report where a person asked for it: a file by its format, or standard output."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

from earshot.domain.report import Report
from earshot.errors import Misconfigured
from earshot.report import to_html, to_json, to_markdown

Format = Literal["html", "md", "json"]
RENDERERS = {"html": to_html, "md": to_markdown, "json": to_json}


def render(figures: Report, form: Format) -> str:
    """The report as text in a format."""
    return RENDERERS[form](figures)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise Misconfigured(
            f"Cannot write {path}: {error.strerror or error}.",
            hint="Free some space or choose another place with --out.",
        ) from None


def deliver(figures: Report, form: Format, out: Path | None) -> Path | None:
    """Write the report to `out`, or to standard output for `-`; the path written."""
    text = render(figures, form)
    if out is not None and str(out) == "-":
        sys.stdout.write(text + "\n")
        return None
    path = out or Path(f"earshot-report.{form}")
    write_text(path, text)
    return path
