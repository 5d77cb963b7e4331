"""The socket through which long work tells how far it is."""

from typing import Protocol


class Step(Protocol):
    """One piece of work under way."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        ...

    def expect(self, total: int | None) -> None:
        """The total is now known (None: unknown)."""
        ...

    def done(self) -> None:
        """The piece is finished."""
        ...


class Progress(Protocol):
    """Where progress is shown."""

    def step(self, name: str, total: int | None = None) -> Step:
        """Begin a piece of work."""
        ...

    def say(self, text: str) -> None:
        """One line a person should see."""
        ...


class _Still:
    def advance(self, count: int = 1) -> None:
        pass

    def expect(self, total: int | None) -> None:
        pass

    def done(self) -> None:
        pass


class Silent:
    """Shows nothing."""

    def step(self, name: str, total: int | None = None) -> Step:  # noqa: ARG002 (the socket's shape)
        """Begin a piece of work that nobody watches."""
        return _Still()

    def say(self, text: str) -> None:
        """Say nothing."""
