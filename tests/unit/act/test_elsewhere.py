"""Conversations that came from somewhere else than Intercom are never written back to there."""

from datetime import timedelta

import pytest

from earshot.act.routing import Route
from earshot.domain.action import ActionKind
from earshot.domain.delivery import DeliveryState, Op, Thing

from .cases import NOW, SLACK, TAG, World, action, conversation, dossier


@pytest.mark.parametrize("kind", [ActionKind.TAG, ActionKind.ESCALATE_TO_FINANCE])
@pytest.mark.parametrize("dry", [False, True])
def test_nothing_is_written_to_a_conversation_that_is_not_in_intercom(*, kind: ActionKind, dry: bool) -> None:
    assignment = Route(destination="intercom", thing=Thing.ASSIGNMENT, ops=frozenset({Op.CREATE}))
    world = World(routes={ActionKind.TAG: (TAG,), ActionKind.ESCALATE_TO_FINANCE: (assignment, SLACK)})
    elsewhere = conversation().model_copy(update={"source": "file"})
    known = dossier(action(kind, about="file:1", dry_run=dry), conversation=elsewhere)
    rows = [*world.plan(known, now=NOW, settled=True).deliveries]
    (there,) = [row for row in rows if row.destination == "intercom"]
    assert there.state is DeliveryState.SUPPRESSED
    assert "not in Intercom" in there.cause
    others = [row.state for row in rows if row.destination != "intercom"]
    wanted = DeliveryState.DRY if dry else DeliveryState.PENDING
    assert others == ([wanted] if kind is ActionKind.ESCALATE_TO_FINANCE else [])
    grown = known.model_copy(update={"conversations": 5})
    later = world.plan(grown, now=NOW + timedelta(hours=2), settled=True)
    assert not any(row.destination == "intercom" and row.id != there.id for row in later.deliveries)
