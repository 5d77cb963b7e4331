"""Logs of servers and workers: one line per event, as text or JSON, secrets blanked, and no customer's words."""

import logging
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TextIO

from opentelemetry import trace
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from earshot.telemetry.settings import TelemetrySettings

BLANK = "[secret]"
"""What stands where a secret stood."""
SHORTEST = 6
"""Secrets with fewer characters are not looked for: they would blank ordinary words."""
LONGEST = 2_000
"""Characters of one message at most."""

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_FIELDS = ["levelname", "name", "message", "process"]
_RENAMED = {"levelname": "level", "name": "logger"}
_QUIET = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "asyncio",
    "alembic",
    "sqlalchemy",
    "pydantic_ai",
    "opentelemetry",
)
"""Libraries whose messages below warnings nobody wants; some of them quote what they send."""
_JOINED = ("uvicorn", "uvicorn.error", "uvicorn.access", "pgqueuer")
"""Libraries with log handlers of their own: their lines go the same way as ours."""
_CHATTY = ("uvicorn.access", "pgqueuer")
"""Of these, only warnings: a line for every request, and for every job that is to come again."""


class Redacting(logging.Filter):
    """Blanks known secrets, keeps every event on one line, and drops tracebacks' texts but for the error's type.

    A traceback shows values of an exception, and those may be a customer's words; `debug` keeps it.
    """

    def __init__(self, secrets: Iterable[str], *, debug: bool = False) -> None:
        super().__init__()
        found = {secret for secret in secrets if len(secret) >= SHORTEST}
        self._secrets = sorted(found, key=lambda secret: (-len(secret), secret))
        self._debug = debug

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; it is always let through."""
        text = self._blanked(record.getMessage())
        if record.exc_info and not self._debug:
            kind = record.exc_info[0]
            text += f" ({kind.__name__}{_place(record)})" if kind else ""
            record.exc_info, record.exc_text = None, None
        record.msg, record.args = " ".join(text.split())[:LONGEST], None
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            record.trace_id = f"{context.trace_id:032x}"
        return True

    def _blanked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, BLANK)
        return text


def set_up(
    settings: TelemetrySettings, *, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> Callable[[], None]:
    """Log to standard error (or `stream`) in the form of the settings; gives what ends it.

    Calling again replaces what was set.
    """
    where = stream or sys.stderr
    as_json = settings.logs == "json" or (settings.logs == "auto" and not where.isatty())
    handler = logging.StreamHandler(where)
    handler.setFormatter(_json() if as_json else logging.Formatter(_TEXT))
    handler.addFilter(Redacting(secrets, debug=settings.level == "debug"))
    root = logging.getLogger()
    for old in [one for one in root.handlers if any(isinstance(f, Redacting) for f in one.filters)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    level = settings.level.upper()
    logging.getLogger("earshot").setLevel(level)
    for name in _JOINED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING if name in _CHATTY else level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return lambda: root.removeHandler(handler)


def _json() -> logging.Formatter:
    return JsonFormatter(
        _FIELDS,
        rename_fields=_RENAMED,
        reserved_attrs=[*RESERVED_ATTRS, "color_message"],
        timestamp=True,
        json_ensure_ascii=False,
        json_default=_unknown,
    )


def _unknown(value: object) -> str:
    """A moment as ISO 8601; of anything else its type alone."""
    return value.isoformat() if isinstance(value, datetime) else type(value).__name__


def _place(record: logging.LogRecord) -> str:
    """Where the error was raised, as file and line."""
    trail = record.exc_info[2] if record.exc_info else None
    while trail is not None and trail.tb_next is not None:
        trail = trail.tb_next
    if trail is None:
        return ""
    name = trail.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f" at {name}:{trail.tb_lineno}"
