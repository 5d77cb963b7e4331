"""The keys that make things happen once: of a thing at a destination, and of a request about it."""

import hashlib

from earshot.act.routing import Route
from earshot.domain.action import Action
from earshot.domain.delivery import Op, Thing

_LENGTH = 32
_NAMED_BY = {Thing.TAG: "tag", Thing.ATTRIBUTE: "attribute"}
_OF_A_KIND = frozenset({Thing.MESSAGE, Thing.MAIL, Thing.TASK, Thing.NOTE, Thing.EVENT})
"""Things that say what one kind wants to say: two kinds say it each for themselves, and again after a cooldown."""


def object_key(
    *, destination: str, thing: Thing, subject_id: str, variant: str = "", episode: int = 0, dry: bool = False
) -> str:
    """The key of one thing at one destination, the same for ever; a rehearsal's is another one."""
    return _digest("dry" if dry else "", destination, thing, subject_id, variant, str(episode))


def request_key(key: str, op: Op, *, sequence: int) -> str:
    """The key of one request about a thing: the id of its delivery."""
    return _digest(key, op, str(sequence))


def variant(action: Action, route: Route) -> str:
    """What parts things of one sort and subject: a tag's name, or which kind speaks in which cooldown period."""
    named_by = _NAMED_BY.get(route.thing)
    if named_by:
        return action.parameters.get(named_by, "").casefold()
    if route.thing not in _OF_A_KIND:
        return ""
    words = (action.kind.value, action.parameters.get("channel", ""), str(action.period or ""))
    return ":".join(words).rstrip(":")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
