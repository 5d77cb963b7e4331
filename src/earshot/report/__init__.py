"""Step 7: figures made readable. `SECTIONS` lists what a report shows; one renderer per target.

The renderers load on first use, because charts need a library that takes most of a second to import.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earshot.report.as_html import to_html
    from earshot.report.as_json import to_json
    from earshot.report.as_mail import pictures, to_mail
    from earshot.report.as_markdown import to_markdown
    from earshot.report.as_plain import to_plain
    from earshot.report.as_slack import to_slack, to_slack_text
    from earshot.report.as_terminal import to_terminal

__all__ = [
    "pictures", "to_html", "to_json", "to_mail", "to_markdown", "to_plain", "to_slack", "to_slack_text",
    "to_terminal",
]  # fmt: skip

_HOMES = {
    "to_html": "earshot.report.as_html",
    "to_json": "earshot.report.as_json",
    "to_mail": "earshot.report.as_mail",
    "pictures": "earshot.report.as_mail",
    "to_plain": "earshot.report.as_plain",
    "to_slack": "earshot.report.as_slack",
    "to_slack_text": "earshot.report.as_slack",
    "to_markdown": "earshot.report.as_markdown",
    "to_terminal": "earshot.report.as_terminal",
}


def __getattr__(name: str) -> object:
    """The renderer of this name, from its own module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
