"""The templates of reports: every plain text is escaped and made visible on its way in."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from earshot.text.escape import visible


def _clean(value: object) -> object:
    """Every plain text on its way into a page or mail; markup of ours passes."""
    return visible(value) if type(value) is str else value


TEMPLATES: Final = Environment(
    loader=PackageLoader("earshot.report", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_clean,
)
