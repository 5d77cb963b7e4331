"""Which conversations are heard at once."""

from typing import Any

import pytest

from earshot.decide.packs import pack
from earshot.decide.rules import load_rules
from earshot.domain.conversation import State
from earshot.domain.customer import Customer
from earshot.pipeline.live.filtering import heard_reason, own_tags
from earshot.pipeline.realtime import RealtimeSettings
from tests.unit.pull.samples import conversation

GUIDE = RealtimeSettings(only_states=("open",), only_plans=("pro", "enterprise"), skip_tags=("processed",))
PRO = Customer(id="1", plan="pro")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"state": State.OPEN, "customer": PRO}, None),
        ({"state": State.SNOOZED, "customer": PRO}, "state snoozed"),
        ({"state": State.OPEN, "customer": Customer(id="1", plan="free")}, "another plan"),
        ({"state": State.OPEN, "customer": PRO, "tags": ("processed",)}, "tag processed"),
        ({"state": State.OPEN, "customer": PRO, "tags": ("vip",)}, None),
    ],
)
def test_the_guides_filter(fields: dict[str, Any], found: str | None) -> None:
    assert heard_reason(conversation(**fields), GUIDE) == found


def test_without_filters_everything_is_heard() -> None:
    assert heard_reason(conversation(state=State.CLOSED, tags=("processed",)), RealtimeSettings()) is None


def test_our_own_tag_does_not_silence_a_customer_who_writes_again() -> None:
    tags = own_tags(load_rules(pack("hybrid")))
    assert tags == {"processed"}
    one = conversation(state=State.OPEN, customer=PRO, tags=("processed",))
    assert heard_reason(one, GUIDE, own_tags=tags, read=True) is None
    assert heard_reason(one, GUIDE, own_tags=tags, read=False) == "tag processed"
    assert heard_reason(one, GUIDE, own_tags=(), read=True) == "tag processed"
    closed = conversation(state=State.CLOSED, customer=PRO, tags=("processed",))
    assert heard_reason(closed, GUIDE, own_tags=tags, read=True) == "state closed"
