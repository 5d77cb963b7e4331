"""A store that is away for a while, as when the database restarts."""

from typing import Any

from earshot.errors import Transient
from earshot.ports.store import Store


class Restarting:
    """A store that is away for the next `away` transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.away = 0

    def unit(self) -> Any:
        """A transaction, or none while the database is away."""
        if self.away:
            self.away -= 1
            raise Transient("the connection to the database was lost")
        return self._store.unit()

    def single(self) -> Any:
        """A unit for one statement, or none while the database is away."""
        return self._store.single() if not self.away else self.unit()
