"""Misbehaviour that every simulator takes the same way: named in a list, or certain by script. Light."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from earshot.errors import BadInput

K = TypeVar("K", bound=StrEnum)


@dataclass
class Script(Generic[K]):
    """A fault that is certain for the next `times` chances whose path begins with `path`."""

    kind: K
    times: int = 1
    path: str = "/"


class Scripts(Generic[K]):
    """Scripts in the order in which they were given; each is used up before the next of its kind."""

    def __init__(self) -> None:
        self._scripts: list[Script[K]] = []

    def add(self, script: Script[K]) -> None:
        """Make a fault certain."""
        self._scripts.append(script)

    def take(self, path: str, kinds: Collection[K] | None = None) -> K | None:
        """The fault that a script makes certain here, if any; `kinds` names those that can strike (None: all)."""
        for script in self._scripts:
            if script.times > 0 and path.startswith(script.path) and (kinds is None or script.kind in kinds):
                script.times -= 1
                return script.kind
        return None


def parse_kinds(text: str, kinds: type[K]) -> frozenset[K]:
    """The faults named in a comma-separated list; `all` means every one. Raises BadInput."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return frozenset(kinds)
    try:
        return frozenset(kinds(name) for name in names)
    except ValueError as error:
        raise BadInput(
            f"unknown fault in {text!r}", hint=f"Choose from: all, {', '.join(sorted(kinds))}."
        ) from error
