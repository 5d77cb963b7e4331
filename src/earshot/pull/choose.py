"""Which of the conversations that a listing shows must be fetched."""

from collections.abc import Iterable, Mapping

from earshot.domain.model import Noun
from earshot.ports.source import Sighting
from earshot.ports.store import Known


class Chosen(Noun):
    """Ids to fetch, ids that are held as they are, and ids known as deleted that an old listing still shows."""

    fetch: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def to_fetch(sightings: Iterable[Sighting], known: Mapping[str, Known]) -> Chosen:
    """Fetch what is new, changed since it was stored, or was incomplete; each id once, in the listing's order.

    A listing may lag behind what was fetched, so an older time there is no change.
    """
    newest: dict[str, Sighting] = {}
    for sighting in sightings:
        held = newest.get(sighting.external_id)
        if held is None or sighting.updated_at > held.updated_at:
            newest[sighting.external_id] = sighting
    fetch: list[str] = []
    unchanged: list[str] = []
    deleted: list[str] = []
    for external_id, sighting in newest.items():
        held = known.get(external_id)
        if held is None or sighting.updated_at > held.updated_at:
            fetch.append(external_id)
        elif held.deleted:
            deleted.append(external_id)
        else:
            (unchanged if held.complete else fetch).append(external_id)
    return Chosen(fetch=tuple(fetch), unchanged=tuple(unchanged), deleted=tuple(deleted))
