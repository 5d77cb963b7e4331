"""Who looks at the pages, what they may do, and what they did."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class Role(StrEnum):
    """What a visitor may do: look; also decide and change; also erase, switch rules and see who did what."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what that one may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Visitor(Noun):
    """A person before a page. `visit` is the random id of the session, to which its forms are bound.

    `known_by` says how: this machine, a token, or the reverse proxy's header.
    """

    name: str
    role: Role
    visit: str
    known_by: str


class Act(Noun):
    """One thing a person did: `act` is noun.verb, `subject` an id; `detail` never holds customers' words."""

    at: datetime
    actor: str
    role: Role
    act: str
    subject: str = ""
    detail: dict[str, str] = {}


class SavedView(Noun):
    """A page with its filters under a name. An empty `owner`: everybody's."""

    id: str
    owner: str
    page: str
    name: str
    query: str
    made_at: datetime
