"""What is known of an item of a backlog elsewhere, whatever file it came from, made into an `ExistingItem`."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from earshot.connectors.lenient import moment
from earshot.domain.backlog import ExistingItem
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.text.clean import one_line, storable
from earshot.text.escape import safe_url
from earshot.text.html import html_to_text, looks_like_html

JIRA, LINEAR, PRODUCTBOARD, FILE = "jira", "linear", "productboard", "file"
SOURCES = (JIRA, LINEAR, PRODUCTBOARD, FILE)
"""Where existing items can come from."""
NOUNS = {JIRA: "issue", LINEAR: "issue", PRODUCTBOARD: "feature", FILE: "item"}

LONGEST_KEY = 120
LONGEST_TITLE = 500
LONGEST_DESCRIPTION = 100_000
"""Longest texts kept, in characters; comparing looks at much less."""
_MOST_LABELS = 50
_LONGEST_WORD = 100
_TIMES = ("%d/%b/%y %I:%M %p", "%d/%b/%y %H:%M", "%d/%b/%Y %I:%M %p", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
"""How Jira and spreadsheets print times; such times carry no zone and are taken as UTC."""
_SEPARATORS = re.compile(r"[,;\n]")


class Remark(Noun):
    """Something worth knowing about a file that cost no item."""

    text: str


@dataclass(frozen=True)
class Fields:
    """An item's fields as text, None where the file has none. `names` says what the file calls a field."""

    title: str | None
    key: str | None = None
    keyed: bool = False
    description: str | None = None
    issue_type: str | None = None
    status: str | None = None
    url: str | None = None
    labels: Sequence[str] = ()
    updated: str | None = None
    title_name: str = "title"
    key_name: str = "key"


def to_item(fields: Fields, *, source: str) -> ExistingItem:
    """The item; without a key of its own the title stands for it. BadInput names the field that is missing."""
    title = one_line(storable(fields.title or ""), limit=LONGEST_TITLE)
    if not title:
        raise BadInput(f"“{shown(fields.title_name)}” is empty")
    key = _key(fields, title)
    return ExistingItem(
        id=f"{source}:{key}",
        source=source,
        key=key,
        title=title,
        description=_text(fields.description or "")[:LONGEST_DESCRIPTION],
        issue_type=_word(fields.issue_type),
        status=_word(fields.status),
        url=safe_url((fields.url or "").strip()),
        labels=_labels(fields.labels),
        updated_at=_time(fields.updated or ""),
    )


def too_long(fields: Fields) -> bool:
    """Whether the description is cut."""
    return len(fields.description or "") > LONGEST_DESCRIPTION


def shown(name: str) -> str:
    """A name out of a file, fit for a message."""
    return one_line(name, limit=60)


def _key(fields: Fields, title: str) -> str:
    if not fields.keyed:
        return hashlib.sha256(title.casefold().encode()).hexdigest()[:12]
    key = storable(fields.key or "").strip()
    if not key:
        raise BadInput(f"“{shown(fields.key_name)}” is empty")
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise BadInput(f"“{shown(fields.key_name)}” is no key: too long, or of unprintable characters")
    return key


def _text(text: str) -> str:
    bounded = storable(text[: 2 * LONGEST_DESCRIPTION]).strip()
    return html_to_text(bounded).text.strip() if looks_like_html(bounded) else bounded


def _word(text: str | None) -> str | None:
    return one_line(storable(text or ""), limit=_LONGEST_WORD) or None


def _labels(cells: Sequence[str]) -> tuple[str, ...]:
    words = (_word(part) for cell in cells for part in _SEPARATORS.split(cell[:10_000]))
    return tuple(dict.fromkeys(word for word in words if word))[:_MOST_LABELS]


def _time(text: str) -> datetime | None:
    text = text.strip()[:60]
    found = moment(text) if text else None
    for form in () if found else _TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return found
