"""The socket of a pace that all processes keep together."""

from typing import Protocol


class SharedPace(Protocol):
    """Turns at something that counts the requests of all our processes together."""

    async def turn(self, interval: float, slack: float) -> float:
        """The seconds to wait for one turn; turns come one per interval, early ones by so many seconds at most."""
        ...
