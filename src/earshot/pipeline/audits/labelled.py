"""A file of labels and the conversations it is about: from the file itself, or from the store."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from earshot.audit.labels import LabelFile, Labelled, parse
from earshot.domain.conversation import Conversation
from earshot.errors import BadInput
from earshot.pipeline.parts import Parts
from earshot.ports.source import Fetched

FILE_PREFIX = "file:"
"""Public ids of conversations from files carry it; labels may leave it out."""
_CHUNK = 500
_GZIP = b"\x1f\x8b"
_FORMS = 'One object a line: {"id": "215", "issue_type": "BILLING", "priority": "HIGH"}; see earshot audit --help.'


@dataclass
class LabelledSet:
    """Labels, and the conversations they belong to by the label's id; `missing` ids are nowhere."""

    labels: LabelFile
    conversations: dict[str, Conversation] = field(default_factory=dict[str, Conversation])

    @property
    def rows(self) -> tuple[Labelled, ...]:
        """The labels."""
        return self.labels.rows

    @property
    def missing(self) -> tuple[str, ...]:
        """Labelled ids without a conversation."""
        return tuple(row.id for row in self.rows if row.id not in self.conversations)

    @property
    def found(self) -> dict[str, Conversation]:
        """The conversations by the label's id, in the order of the labels."""
        return {row.id: self.conversations[row.id] for row in self.rows if row.id in self.conversations}


def read_text(path: Path) -> str:
    """The text of a file, gzipped or not. Raises BadInput."""
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.", hint=_FORMS) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {path}: {type(error).__name__}.", hint=_FORMS) from None


def read_labels(path: Path) -> LabelFile:
    """The labels of a file, gzipped or not. Raises BadInput when there is none."""
    found = parse(read_text(path).split("\n"))
    if not found.rows:
        first = f" Line {found.bad[0].line}: {found.bad[0].reason}." if found.bad else " The file is empty."
        raise BadInput(f"{path} holds no label.{first}", hint=_FORMS)
    return found


async def load(parts: Parts, path: Path, *, stored_only: bool = False) -> LabelledSet:
    """The labels with their conversations; texts in the file win over the store's unless `stored_only`."""
    found = LabelledSet(read_labels(path))
    if not stored_only and any(row.with_text for row in found.rows):
        _from_file(parts, path, found=found)
    missing = found.missing
    for first in range(0, len(missing), _CHUNK):
        await _from_store(parts, missing[first : first + _CHUNK], found=found)
    return found


def _from_file(parts: Parts, path: Path, *, found: LabelledSet) -> None:
    wanted = {row.id.removeprefix(FILE_PREFIX): row.id for row in found.rows if row.with_text}
    for entry in parts.read_file(path, parts.clock.now()):
        if isinstance(entry, Fetched) and entry.conversation.external_id in wanted:
            found.conversations[wanted[entry.conversation.external_id]] = entry.conversation


async def _from_store(parts: Parts, ids: Sequence[str], *, found: LabelledSet) -> None:
    names = {name: own for own in ids for name in (f"{FILE_PREFIX}{own}", own)}
    async with parts.store.unit() as unit:
        held = {one.id: one for one in await unit.conversations.get(list(names)) if not one.deleted}
    for name, own in names.items():
        if name in held:
            found.conversations[own] = held[name]
