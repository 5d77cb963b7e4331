"""What each kind of action may be told besides its name: its parameters, those it needs, those it has by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from earshot.decide.schema import FACTS, Kind, nearest
from earshot.domain.action import ActionKind

FACT = "fact"
"""The parameter that names a fact, whose value at the time of the decision becomes `value`."""

LONGEST = 200
"""Longest value in characters."""

_TICKET = ("project", "team")


@dataclass(frozen=True)
class Takes:
    """The parameters of a kind. Of each group in `one_of` exactly one must be given; `filled` is set by itself.

    `parts` are those that make another thing of it: two tags on one conversation are two actions.
    """

    may: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    filled: Mapping[str, str] = field(default_factory=dict[str, str])
    parts: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every parameter."""
        return (*self.needs, *self.one_of, *self.may)


_K = ActionKind
TAKES: dict[ActionKind, Takes] = {
    _K.PAGE_ONCALL_ENGINEER: Takes(may=("channel",), parts=("channel",)),
    _K.ALERT_CS_MANAGER: Takes(may=("channel",), parts=("channel",)),
    _K.ESCALATE_TO_FINANCE: Takes(may=("team", "channel"), filled={"team": "Finance"}, parts=("channel",)),
    _K.CREATE_PRODUCTBOARD_NOTE: Takes(),
    _K.CREATE_JIRA_P0: Takes(may=_TICKET),
    _K.CREATE_TICKET: Takes(may=_TICKET),
    _K.SCHEDULE_UX_REVIEW: Takes(may=("channel", *_TICKET), parts=("channel",)),
    _K.INCREMENT_FEATURE_COUNTER: Takes(),
    _K.ADD_TO_PM_QUEUE: Takes(),
    _K.NOTE: Takes(),
    _K.TAG: Takes(may=("tag",), filled={"tag": "processed"}, parts=("tag",)),
    _K.ASSIGN: Takes(one_of=("team", "admin")),
    _K.SET_ATTRIBUTE: Takes(needs=("attribute",), one_of=("value", FACT), parts=("attribute", "value")),
    _K.SEND_WEBHOOK: Takes(needs=("to",), parts=("to",)),
}


def kind_named(word: object) -> ActionKind:
    """The kind of that name; ValueError says which are near."""
    try:
        return ActionKind(word)
    except ValueError:
        known = tuple(kind.value for kind in ActionKind)
        raise ValueError(f"there is no action {word!r}{nearest(str(word), known)}") from None


def checked(kind: ActionKind, given: Mapping[str, object]) -> dict[str, str]:
    """The parameters as texts, defaults filled in. ValueError names the wrong one and the nearest right one."""
    takes = TAKES[kind]
    for name in given:
        if name not in takes.all:
            known = nearest(name, takes.all) if takes.all else "; it takes none"
            raise ValueError(f"{kind} has no parameter {name!r}{known}")
    _demand(kind, takes, given=given)
    texts = {name: _text(kind, name, value=value) for name, value in given.items()}
    if FACT in texts:
        _check_fact(kind, texts[FACT])
    return {**takes.filled, **texts}


def variant(kind: ActionKind, parameters: Mapping[str, str]) -> str:
    """What makes another thing of one kind and subject, as one text."""
    return "\x1f".join(f"{name}={parameters[name]}" for name in TAKES[kind].parts if name in parameters)


def _demand(kind: ActionKind, takes: Takes, *, given: Mapping[str, object]) -> None:
    for name in takes.needs:
        if name not in given:
            raise ValueError(f"{kind} needs {name!r}")
    if takes.one_of and sum(name in given for name in takes.one_of) != 1:
        raise ValueError(f"{kind} needs one of {' or '.join(map(repr, takes.one_of))}")


def _text(kind: ActionKind, name: str, *, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{kind}: {name!r} must be a text")  # noqa: TRY004 (pydantic shows ValueErrors only)
    text = str(value).strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise ValueError(f"{kind}: {name!r} must be one line of 1 to {LONGEST} characters")
    return text


def _check_fact(kind: ActionKind, path: str) -> None:
    at: Kind = FACTS
    for name in path.split("."):
        fields = at.fields or {}
        if name not in fields:
            raise ValueError(f"{kind}: there is no fact {path!r}{nearest(name, fields)}")
        at = fields[name]
    if at.fields is not None or at.element is not None:
        raise ValueError(f"{kind}: {path!r} is no single value; name one of its fields")
