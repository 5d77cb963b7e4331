import pytest
from pydantic import ValidationError

from earshot.act.routing import chosen, fallback_of, missing, route_for, routes_of
from earshot.act.settings import ActSettings
from earshot.domain.action import INWARD, ActionKind
from earshot.domain.delivery import Op, Thing
from earshot.ports.tool import Abilities

from .cases import action

K = ActionKind
MAKES = frozenset({Op.CREATE})


def able(*things: Thing) -> Abilities:
    return Abilities(orders=dict.fromkeys(things, MAKES), resend={})


TOOLS = {
    "jira": able(Thing.TICKET),
    "linear": able(Thing.TICKET),
    "slack": able(Thing.MESSAGE),
    "pagerduty": able(Thing.PAGE),
    "hubspot": able(Thing.TASK),
    "productboard": able(Thing.FEEDBACK),
    "email": able(Thing.MAIL),
    "intercom": able(Thing.NOTE, Thing.TAG, Thing.ASSIGNMENT, Thing.ATTRIBUTE),
    "webhook:n8n": able(Thing.EVENT),
    "webhook:make": able(Thing.EVENT),
}


def places(kind: ActionKind, *names: str, **settings: object) -> list[tuple[str, Thing]]:
    tools = {name: TOOLS[name] for name in names or TOOLS}
    routes = routes_of(ActSettings.model_validate(settings), tools)
    return [(route.destination, route.thing) for route in routes[kind]]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (K.PAGE_ONCALL_ENGINEER, [("pagerduty", Thing.PAGE)]),
        (K.ALERT_CS_MANAGER, [("slack", Thing.MESSAGE), ("hubspot", Thing.TASK)]),
        (K.ESCALATE_TO_FINANCE, [("intercom", Thing.ASSIGNMENT), ("slack", Thing.MESSAGE)]),
        (K.CREATE_PRODUCTBOARD_NOTE, [("productboard", Thing.FEEDBACK)]),
        (K.CREATE_JIRA_P0, [("jira", Thing.TICKET)]),
        (K.CREATE_TICKET, [("jira", Thing.TICKET)]),
        (K.SCHEDULE_UX_REVIEW, [("slack", Thing.MESSAGE), ("jira", Thing.TICKET)]),
        (K.NOTE, [("intercom", Thing.NOTE)]),
        (K.TAG, [("intercom", Thing.TAG)]),
        (K.ASSIGN, [("intercom", Thing.ASSIGNMENT)]),
        (K.SET_ATTRIBUTE, [("intercom", Thing.ATTRIBUTE)]),
        (K.SEND_WEBHOOK, [("webhook:make", Thing.EVENT), ("webhook:n8n", Thing.EVENT)]),
    ],
)
def test_with_everything_enabled(kind: ActionKind, expected: list[tuple[str, Thing]]) -> None:
    assert places(kind) == expected


def test_others_step_in_where_something_is_not_enabled() -> None:
    assert places(K.PAGE_ONCALL_ENGINEER, "email", "slack") == [("slack", Thing.MESSAGE)]
    assert places(K.PAGE_ONCALL_ENGINEER, "email") == [("email", Thing.MAIL)]
    assert places(K.CREATE_JIRA_P0, "linear") == [("linear", Thing.TICKET)]
    assert places(K.CREATE_TICKET, "slack") == []


def test_ones_own_routes_replace_the_defaults() -> None:
    routes = {"ALERT_CS_MANAGER": ["email", "webhook:n8n", "email"], "CREATE_TICKET": []}
    assert places(K.ALERT_CS_MANAGER, routes=routes) == [("email", Thing.MAIL), ("webhook:n8n", Thing.EVENT)]
    assert places(K.CREATE_TICKET, routes=routes) == []
    assert places(K.ALERT_CS_MANAGER, "slack", routes=routes) == []


def test_kinds_that_stay_inside_have_no_routes() -> None:
    assert not INWARD & routes_of(ActSettings(), TOOLS).keys()


def test_a_tool_that_makes_no_such_thing_is_left_out() -> None:
    assert route_for("slack", K.CREATE_TICKET, tools={"slack": able(Thing.TICKET)}) is None
    assert route_for("slack", K.CREATE_TICKET, tools={}) is None


def test_rehearsing_destinations_are_marked() -> None:
    routes = routes_of(ActSettings(), TOOLS, dry={"slack"})
    assert [route.dry for route in routes[K.ALERT_CS_MANAGER]] == [True, False]


def test_a_parameter_picks_the_webhook() -> None:
    routes = routes_of(ActSettings(), TOOLS)
    for to in ("n8n", "webhook:n8n"):
        assert [route.destination for route in chosen(action(K.SEND_WEBHOOK, parameters={"to": to}), routes)] == [
            "webhook:n8n"
        ]
    assert chosen(action(K.SEND_WEBHOOK, parameters={"to": "gone"}), routes) == ()


def test_the_fallback_is_slack_then_mail_unless_named() -> None:
    def name(settings: ActSettings, *tools: str) -> str | None:
        route = fallback_of(settings, {tool: TOOLS[tool] for tool in tools})
        return route.destination if route else None

    assert name(ActSettings(), "email", "slack") == "slack"
    assert name(ActSettings(), "email") == "email"
    assert name(ActSettings(fallback="email"), "email", "slack") == "email"
    assert name(ActSettings(), "jira") is None


@pytest.mark.parametrize("kind", [kind for kind in ActionKind if kind not in INWARD])
def test_what_is_missing_is_named(kind: ActionKind) -> None:
    assert "[" in missing(kind)


@pytest.mark.parametrize(
    "wrong",
    [
        {"routes": {"CREATE_TICKET": ["gira"]}},
        {"routes": {"ADD_TO_PM_QUEUE": ["slack"]}},
        {"routes": {"CREATE_TICKETS": ["jira"]}},
        {"growth_steps": [100, 10]},
        {"fallback": "pagerduty"},
        {"most_new_per_hour": 0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ActSettings.model_validate(wrong)
