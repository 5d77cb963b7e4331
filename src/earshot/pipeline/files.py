"""Files that appear complete or not at all."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from earshot.errors import BadInput


@dataclass(frozen=True)
class Publish:
    """Lets a file take its place."""

    handle: IO[str]
    draft: Path
    file: Path

    def __call__(self) -> None:
        """Make what was written durable and visible. Raises BadInput."""
        self.handle.flush()
        os.fsync(self.handle.fileno())
        try:
            self.draft.replace(self.file)
        except OSError as error:
            raise BadInput(f"Cannot write {self.file}: {error.strerror}.", hint="Choose another place.") from None


@contextmanager
def appearing(file: Path) -> Generator[tuple[IO[str], Publish]]:
    """A temporary ASCII file beside `file`, readable by its owner only, that takes its place when published."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise BadInput(f"Cannot write {file}: {error.strerror}.", hint="Choose another place.") from None
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as handle:
            yield handle, Publish(handle, draft, file)
    finally:
        draft.unlink(missing_ok=True)
