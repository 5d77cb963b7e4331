"""The switched-on tools, made at first use: a command that sends nothing imports and connects none."""

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from earshot.connectors.registry import ToolSettings
from earshot.ports.clock import Clock
from earshot.ports.tool import Tool


@dataclass(frozen=True)
class Wanted:
    """A destination of the settings: its name, where its class stands, what it is given, and its secrets' names.

    `switch` says whether it is on and dry; it is `settings`, or a part of it. `more`: what else its class takes.
    """

    name: str
    place: str
    settings: object
    switch: ToolSettings
    secrets: tuple[str, ...]
    more: Mapping[str, object] = field(default_factory=dict[str, object])


class Toolbox:
    """Gives the same tools each time. One that lacks a secret is there all the same, and says so when used."""

    def __init__(
        self,
        wanted: Sequence[Wanted],
        secrets: Mapping[str, SecretStr],
        *,
        clock: Clock,
        closers: list[Callable[[], Awaitable[None]]],
    ) -> None:
        self._wanted = wanted
        self._secrets = secrets
        self._clock = clock
        self._closers = closers
        self._made: dict[str, Tool] | None = None

    def __call__(self) -> Mapping[str, Tool]:
        """The tools by their destination's name."""
        if self._made is None:
            self._made = {one.name: self._make(one) for one in self._wanted}
            self._closers.extend(tool.close for tool in self._made.values())
        return self._made

    @property
    def dry(self) -> frozenset[str]:
        """Destinations to which nothing is sent."""
        return frozenset(one.name for one in self._wanted if one.switch.dry_run)

    def _make(self, one: Wanted) -> Tool:
        module, _, name = one.place.partition(":")
        secrets = {name: self._secrets[name].get_secret_value() for name in one.secrets if name in self._secrets}
        make = getattr(importlib.import_module(module), name)
        made: Tool = make(one.settings, secrets, clock=self._clock, **one.more)
        return made
