"""Where a kind of action goes: which destinations that are enabled, and what stands there afterwards."""

from collections.abc import Collection, Mapping, Sequence

from earshot.act.settings import ActSettings
from earshot.domain.action import INWARD, Action, ActionKind
from earshot.domain.delivery import Op, Thing
from earshot.domain.model import Noun
from earshot.ports.tool import Abilities

WEBHOOK = "webhook:"
"""How the name of an outgoing webhook's destination begins."""

INTERCOM = "intercom"
"""The destination that writes back to conversations; the source of those that it can write to is called so, too."""

_THINGS: Mapping[str, Thing] = {
    "pagerduty": Thing.PAGE,
    "slack": Thing.MESSAGE,
    "email": Thing.MAIL,
    "hubspot": Thing.TASK,
    "jira": Thing.TICKET,
    "linear": Thing.TICKET,
    "productboard": Thing.FEEDBACK,
    "webhook": Thing.EVENT,
    "intercom": Thing.NOTE,
}
_AT_INTERCOM: Mapping[ActionKind, Thing] = {
    ActionKind.TAG: Thing.TAG,
    ActionKind.ASSIGN: Thing.ASSIGNMENT,
    ActionKind.ESCALATE_TO_FINANCE: Thing.ASSIGNMENT,
    ActionKind.SET_ATTRIBUTE: Thing.ATTRIBUTE,
}
_DEFAULTS: Mapping[ActionKind, Sequence[Sequence[str]]] = {
    ActionKind.PAGE_ONCALL_ENGINEER: (("pagerduty", "slack", "email"),),
    ActionKind.ALERT_CS_MANAGER: (("slack", "email"), ("hubspot",)),
    ActionKind.ESCALATE_TO_FINANCE: (("intercom",), ("slack", "email")),
    ActionKind.CREATE_PRODUCTBOARD_NOTE: (("productboard",),),
    ActionKind.CREATE_JIRA_P0: (("jira", "linear"),),
    ActionKind.CREATE_TICKET: (("jira", "linear"),),
    ActionKind.SCHEDULE_UX_REVIEW: (("slack", "email"), ("jira", "linear")),
    ActionKind.NOTE: (("intercom",),),
    ActionKind.TAG: (("intercom",),),
    ActionKind.ASSIGN: (("intercom",),),
    ActionKind.SET_ATTRIBUTE: (("intercom",),),
}
"""Of each group the first destination that is enabled."""


class Route(Noun):
    """A destination of a kind, what is made there and what can be done to it. `dry`: it only rehearses."""

    destination: str
    thing: Thing
    ops: frozenset[Op]
    dry: bool = False


Routes = Mapping[ActionKind, tuple[Route, ...]]
"""Where each kind goes. Kinds that stay inside are not in it."""


def routes_of(
    settings: ActSettings, tools: Mapping[str, Abilities], *, dry: Collection[str] = frozenset()
) -> Routes:
    """Where each kind goes with the destinations that are enabled; `dry` names those that only rehearse."""
    return {
        kind: tuple(
            Route(destination=name, thing=thing, ops=tools[name].orders[thing], dry=name in dry)
            for name in _names(kind, settings, tools=tools)
            if (thing := thing_at(name, kind)) in tools[name].orders
        )
        for kind in ActionKind
        if kind not in INWARD
    }


def route_for(
    destination: str, kind: ActionKind, *, tools: Mapping[str, Abilities], dry: bool = False
) -> Route | None:
    """The route to one destination, None when it is not enabled or does not make such a thing."""
    thing = thing_at(destination, kind)
    abilities = tools.get(destination)
    if abilities is None or thing not in abilities.orders:
        return None
    return Route(destination=destination, thing=thing, ops=abilities.orders[thing], dry=dry)


def fallback_of(
    settings: ActSettings, tools: Mapping[str, Abilities], *, dry: Collection[str] = frozenset()
) -> Route | None:
    """Where people are told what pages and storms could not say; None when nothing fit is enabled."""
    wanted = (settings.fallback,) if settings.fallback else ("slack", "email")
    name = next((name for name in wanted if name in tools), None)
    if name is None:
        return None
    return route_for(name, ActionKind.PAGE_ONCALL_ENGINEER, tools=tools, dry=name in dry)


def thing_at(destination: str, kind: ActionKind) -> Thing:
    """What a kind makes at a destination."""
    if destination == INTERCOM:
        return _AT_INTERCOM.get(kind, Thing.NOTE)
    return _THINGS[destination.partition(":")[0]]


def missing(kind: ActionKind) -> str:
    """What to switch on for a kind that has nowhere to go, in words."""
    if kind is ActionKind.SEND_WEBHOOK:
        return "no webhook is enabled: add one to [webhooks]"
    names = [name for group in _DEFAULTS.get(kind, ()) for name in group]
    sections = " or ".join(f"[{name}]" for name in dict.fromkeys(names))
    return f"nothing it could go to is enabled: set enabled = true in {sections}"


def chosen(action: Action, routes: Routes) -> tuple[Route, ...]:
    """The routes of one action: a webhook's parameter `to` picks among the webhooks."""
    found = routes.get(action.kind, ())
    to = action.parameters.get("to", "")
    if action.kind is not ActionKind.SEND_WEBHOOK or not to:
        return found
    return tuple(route for route in found if route.destination.removeprefix(WEBHOOK) == to.removeprefix(WEBHOOK))


def _names(kind: ActionKind, settings: ActSettings, *, tools: Mapping[str, Abilities]) -> list[str]:
    if kind in settings.routes:
        return [name for name in dict.fromkeys(settings.routes[kind]) if name in tools]
    if kind is ActionKind.SEND_WEBHOOK:
        return sorted(name for name in tools if name.startswith(WEBHOOK))
    firsts = (next((name for name in group if name in tools), None) for group in _DEFAULTS[kind])
    return [name for name in firsts if name is not None]
