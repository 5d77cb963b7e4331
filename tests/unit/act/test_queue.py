from datetime import UTC, datetime, timedelta

import pytest

from earshot.act.queue import describe, queue
from earshot.domain.action import SUBJECTS, Action, ActionKind, ActionStatus

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def action(
    kind: ActionKind = ActionKind.CREATE_TICKET,
    *,
    about: str = "t1",
    conversation: str = "c1",
    minutes: int = 0,
    status: ActionStatus = ActionStatus.PENDING,
    dry_run: bool = True,
) -> Action:
    return Action(
        key=f"{kind}{about}{minutes}",
        kind=kind,
        subject=SUBJECTS[kind],
        subject_id=about,
        conversation_id=conversation,
        rule="R",
        reason="R: priority HIGH. It broke",
        status=status,
        dry_run=dry_run,
        created_at=NOW + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize("kind", list(ActionKind))
def test_every_kind_is_described_with_its_subject(kind: ActionKind) -> None:
    text = describe(action(kind, about="x42", dry_run=False))
    assert "x42" in text
    assert "{" not in text
    assert "dry run" not in text


def test_a_dry_run_says_that_nothing_is_sent() -> None:
    assert describe(action()) == "Open a ticket for theme t1 (dry run: nothing is sent)"


def test_a_name_may_stand_for_the_subject() -> None:
    named = describe(action(dry_run=False), subject="{0.key} Exports come out empty")
    assert named == "Open a ticket for {0.key} Exports come out empty"


def test_a_stand_in_subject_is_named_as_what_it_is() -> None:
    assert describe(action(about="conversation:c7", dry_run=False)) == "Open a ticket for conversation c7"


def test_duplicates_are_one_line_with_all_their_conversations() -> None:
    lines = queue(
        [
            action(minutes=5, conversation="c2"),
            action(minutes=1, conversation="c1"),
            action(minutes=6, conversation="c1"),
            action(about="t2", minutes=3),
            action(minutes=9, status=ActionStatus.COMPLETED),
        ]
    )
    assert [(line.since.minute, line.conversations, line.state) for line in lines] == [
        (1, ("c1", "c2"), "waiting"),
        (3, ("c1",), "waiting"),
        (9, ("c1",), "done"),
    ]
    assert lines[0].reason == "R: priority HIGH. It broke"


def test_an_empty_queue_is_empty() -> None:
    assert queue([]) == []


def test_what_an_action_will_do_names_its_parameters() -> None:
    def said(kind: ActionKind, about: str = "c1", **parameters: str) -> str:
        wanted = action(kind, about=about, dry_run=False)
        return describe(wanted.model_copy(update={"parameters": parameters}))

    assert said(ActionKind.TAG, tag="processed") == "Tag conversation c1 as processed"
    assert said(ActionKind.ASSIGN, team="Finance") == "Assign conversation c1 to Finance"
    assert said(ActionKind.SET_ATTRIBUTE, attribute="a", value="b").endswith("of conversation c1: a = b")
    assert said(ActionKind.SEND_WEBHOOK, to="n8n") == "Send an event about conversation c1 to n8n"
    assert said(ActionKind.PAGE_ONCALL_ENGINEER, "provisional:PRODUCT_BUG:export:CRITICAL") == (
        "Page the on-call engineer about critical product bug in export (theme not known yet)"
    )
