"""The socket of the web pages: what they read and keep, one part per subject."""

from typing import Protocol

from earshot.ports.pages.people import People

__all__ = ["Pages", "People"]


class Pages(Protocol):
    """What only pages read, besides what the other sockets give."""

    @property
    def people(self) -> People:
        """Acts, saved views and the key that signs sessions."""
        ...
