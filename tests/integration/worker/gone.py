"""A database that does not answer."""

from typing import cast

from earshot.ports.store import Store, Unit


class _Gone:
    """Refuses every unit."""

    def unit(self) -> Unit:
        raise ConnectionError("nobody there")


GONE = cast("Store", _Gone())
