"""Reports as files: whole or not at all."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from earshot.domain.report import Report
from earshot.errors import Misconfigured
from earshot.report import to_html, to_json, to_markdown

RENDERERS: Final[Mapping[str, Callable[[Report], str]]] = {"html": to_html, "md": to_markdown, "json": to_json}
"""What writes each format of a file."""


PLACES: Final = "Free some space, or name another place: [schedule] folder, or folder of the [[report.series]]."


def appear(path: Path, text: str, *, hint: str = PLACES) -> None:
    """Write a file whole or not at all. Raises Misconfigured with the hint."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise Misconfigured(f"Cannot write {path}: {error.strerror or error}.", hint=hint) from None
