"""The pages in the order in which people meet them, each with the key that leads to it (after g)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Entry:
    """A page in the navigation. `key` follows g on the keyboard."""

    path: str
    title: str
    key: str
    role: str = "viewer"


NAVIGATION: Final[tuple[tuple[str, tuple[Entry, ...]], ...]] = (
    (
        "Listen",
        (
            Entry("/", "Overview", "o"),
            Entry("/conversations", "Conversations", "c"),
            Entry("/accounts", "Accounts", "a"),
            Entry("/themes", "Themes", "t"),
        ),
    ),
    (
        "Decide",
        (
            Entry("/backlog", "Backlog", "b"),
            Entry("/queue", "Queue", "q"),
            Entry("/actions", "Actions", "x"),
            Entry("/rules", "Rules", "r"),
        ),
    ),
    (
        "Trust",
        (
            Entry("/audit", "Audit", "u"),
            Entry("/scorecard", "Scorecard", "s"),
            Entry("/impact", "Impact", "i"),
            Entry("/reports", "Reports", "p"),
        ),
    ),
    (
        "Run",
        (
            Entry("/costs", "Costs", "$"),
            Entry("/health", "Health", "h"),
            Entry("/privacy", "Privacy", "y", "admin"),
            Entry("/trail", "Trail", "l", "admin"),
        ),
    ),
)
