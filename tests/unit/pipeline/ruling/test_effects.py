"""What actions come to outside, under the settings' storm rules."""

from datetime import UTC, datetime, timedelta
from itertools import count

from earshot.act.settings import ActSettings
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings
from earshot.domain.action import SUBJECTS, Action, ActionKind
from earshot.domain.delivery import Thing
from earshot.pipeline.ruling.effects import Arrivals, Effect, effects
from earshot.pipeline.ruling.trial import outlook

NOW = datetime(2026, 3, 1, tzinfo=UTC)
K = ActionKind
ROUTES = outlook(ActSettings(), {}, rules=load_rules([])).routes


NUMBERS = count()


def action(kind: ActionKind, subject: str, *, seconds: float = 0.0, **more: str) -> Action:
    return Action(
        key="k",
        kind=kind,
        subject=SUBJECTS[kind],
        subject_id=subject,
        conversation_id=f"c{next(NUMBERS)}",
        rule="R",
        reason="",
        parameters=more,
        created_at=NOW + timedelta(seconds=seconds),
    )


def came_to(*actions: Action) -> dict[Thing, Effect]:
    arrivals = Arrivals()
    for one in actions:
        arrivals.add(one, ROUTES)
    return effects(arrivals, ActSettings())


def test_500_alike_in_10_minutes_are_one_page_two_updates_and_one_ticket() -> None:
    storm = [
        action(kind, "t", seconds=1.2 * n)
        for n in range(500)
        for kind in (K.PAGE_ONCALL_ENGINEER, K.CREATE_JIRA_P0)
    ]
    assert came_to(*storm) == {Thing.PAGE: Effect(new=1, updates=2), Thing.TICKET: Effect(new=1, updates=2)}


def test_one_alone_is_never_told_again() -> None:
    assert came_to(action(K.CREATE_TICKET, "t")) == {Thing.TICKET: Effect(new=1)}


def test_an_alert_is_a_message_and_a_task() -> None:
    alerts = came_to(action(K.ALERT_CS_MANAGER, "acme"), action(K.ALERT_CS_MANAGER, "other"))
    assert alerts == {Thing.MESSAGE: Effect(new=2), Thing.TASK: Effect(new=2)}


def test_too_many_new_ones_within_an_hour_are_suppressed_and_marks_are_not() -> None:
    tickets = [action(K.CREATE_TICKET, f"t{n}", seconds=n) for n in range(14)]
    assert came_to(*tickets)[Thing.TICKET] == Effect(new=10, suppressed=4)
    later = [action(K.CREATE_TICKET, f"t{n}", seconds=n * 400) for n in range(14)]
    assert came_to(*later)[Thing.TICKET] == Effect(new=14)
    assert came_to(*[action(K.TAG, f"c{n}", tag="x") for n in range(14)])[Thing.TAG] == Effect(new=14)


def test_destinations_that_are_not_enabled_are_named() -> None:
    rules = load_rules(
        [
            RuleSettings.model_validate(
                {"name": "R", "when": "true", "actions": ["CREATE_TICKET", {"do": "SEND_WEBHOOK", "to": "n8n"}]}
            )
        ]
    )
    assert outlook(ActSettings(), {}, rules=rules).assumed == ("jira", "webhook:n8n")


def test_mail_is_told_at_growth_steps_and_after_hours() -> None:
    settings = ActSettings(routes={K.ALERT_CS_MANAGER: ["email"]})
    routes = outlook(settings, {}, rules=load_rules([])).routes
    arrivals = Arrivals()
    for number in range(12):
        arrivals.add(action(K.ALERT_CS_MANAGER, "acme", seconds=60 * number), routes)
    assert effects(arrivals, settings) == {Thing.MAIL: Effect(new=1, updates=2)}, "at ten, and the rest after hours"


def test_a_conversation_counts_once_for_a_thing() -> None:
    arrivals = Arrivals()
    for kind in (K.CREATE_JIRA_P0, K.CREATE_TICKET):
        arrivals.add(action(kind, "t").model_copy(update={"conversation_id": "c"}), ROUTES)
    assert effects(arrivals, ActSettings()) == {Thing.TICKET: Effect(new=1)}
