"""What a back-test is run with: the rules in force with the ones on trial, and where their actions would go."""

from collections.abc import Collection, Mapping, Sequence

from earshot.act.routing import WEBHOOK, Route, Routes, routes_of
from earshot.act.settings import ActSettings
from earshot.decide.rules import Rules, load_rules
from earshot.decide.settings import RuleSettings
from earshot.decide.standing import Standing
from earshot.domain.action import ActionKind
from earshot.domain.delivery import Op, Thing
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode
from earshot.ports.tool import Abilities

_CHANGED = frozenset({Op.CREATE, Op.UPDATE})
_MADE = frozenset({Op.CREATE})
_THINGS: Mapping[str, Mapping[Thing, frozenset[Op]]] = {
    "pagerduty": {Thing.PAGE: _CHANGED},
    "slack": {Thing.MESSAGE: _CHANGED},
    "email": {Thing.MAIL: _MADE},
    "hubspot": {Thing.TASK: _CHANGED},
    "jira": {Thing.TICKET: _CHANGED},
    "linear": {Thing.TICKET: _CHANGED},
    "productboard": {Thing.FEEDBACK: _CHANGED},
    "intercom": dict.fromkeys((Thing.NOTE, Thing.TAG, Thing.ASSIGNMENT, Thing.ATTRIBUTE), _MADE),
}
"""What the usual destinations make, for rules that are tried before any of them is set up."""


class Outlook(Noun):
    """Where actions would go. `assumed` names destinations that are not enabled yet and were taken for granted."""

    routes: dict[ActionKind, tuple[Route, ...]]
    assumed: tuple[str, ...] = ()


def outlook(
    settings: ActSettings, tools: Mapping[str, Abilities], *, rules: Rules, only: Collection[str] = ()
) -> Outlook:
    """Where actions would go: the enabled destinations, and the usual ones for kinds that have none.

    `only` names the rules whose destinations matter (none: all).
    """
    real, usual = routes_of(settings, tools), routes_of(settings, _usual(rules))
    asked = [rule.settings for rule in rules.ordered if not only or rule.settings.name in only]
    kinds = {kind for rule in asked for kind in rule.kinds}
    routes = {kind: real.get(kind) or usual.get(kind, ()) for kind in ActionKind}
    return Outlook(routes=routes, assumed=_assumed(routes, kinds=kinds, enabled=tools))


def on_trial(rules: Sequence[RuleSettings], known: Mapping[str, Standing], *, only: Collection[str] = ()) -> Rules:
    """The rules of a back-test: those that are not off, and in any case those that are tried."""
    return load_rules(
        [
            rule.model_copy(update={"enabled": True})
            for rule in rules
            if rule.name in only or known.get(rule.name, Standing()).mode is not RuleMode.OFF
        ]
    )


def _usual(rules: Rules) -> dict[str, Abilities]:
    hooks = {
        WEBHOOK + wanted.parameters["to"].removeprefix(WEBHOOK)
        for rule in rules.ordered
        for wanted in rule.settings.actions
        if wanted.do is ActionKind.SEND_WEBHOOK
    }
    things = {**_THINGS, **{name: {Thing.EVENT: _MADE} for name in sorted(hooks)}}
    return {name: Abilities(orders=orders, resend={}) for name, orders in things.items()}


def _assumed(routes: Routes, *, kinds: Collection[ActionKind], enabled: Mapping[str, Abilities]) -> tuple[str, ...]:
    names = {route.destination for kind in kinds for route in routes.get(kind, ())}
    return tuple(sorted(names - set(enabled)))
