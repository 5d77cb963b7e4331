from datetime import UTC, datetime

from earshot.audit.agreement import Judged
from earshot.audit.confusions import worst
from earshot.audit.labels import Label
from earshot.audit.segments import SEGMENTS, facts, split
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.customer import Customer, Segment
from tests.unit.audit.judging import rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _talk(messages: int, segment: Segment | None = None) -> Conversation:
    said = [Message(id=str(n), author=Author.CUSTOMER, text="x", created_at=NOW) for n in range(messages)]
    return Conversation(
        source="intercom",
        external_id="1",
        created_at=NOW,
        updated_at=NOW,
        messages=tuple(said),
        customer=Customer(id="c", segment=segment),
    )


def test_facts_are_those_of_the_conversation_and_unknown_is_called_so() -> None:
    told = facts(_talk(2, Segment.ENTERPRISE), source="forum")
    assert told == {"customer": "enterprise", "length": "short (up to 3 messages)", "source": "forum"}
    assert facts(_talk(4), source=None) == {
        "customer": "unknown", "length": "middling (up to 10)", "source": "intercom",
    }  # fmt: skip
    assert facts(_talk(11), source=None)["length"] == "long (over 10)"
    assert facts(None, source=None) == {"source": "unknown"}


def test_parts_hold_every_conversation_once_and_the_largest_comes_first() -> None:
    told = rows("issue_type", [["BILLING"], ["BILLING"], ["OTHER"]], ["BILLING", "OTHER", "OTHER"])
    sure = [one.model_copy(update={"confidence": c}) for one, c in zip(told, (0.9, 0.6, None), strict=True)]
    for segment in SEGMENTS:
        parts = split(sure, segment)
        assert sum(part.n for part in parts) == 3
        assert [part.n for part in parts] == sorted((part.n for part in parts), reverse=True)
        assert all(part.few for part in parts)
    by_type = {part.value: part for part in split(sure, "issue_type")}
    assert by_type["BILLING"].fields[0].accuracy.value == 0.5
    bands = {part.value for part in split(sure, "confidence")}
    assert bands == {"sure (0.8 and more)", "fair (0.5 to 0.8)", "unknown"}


def test_the_commonest_mistakes_name_the_surest_first_and_no_right_guess() -> None:
    truths = [["BILLING", "BILLING"]] * 3 + [["BILLING", "OTHER"], ["OTHER", "OTHER"]]
    told = rows("issue_type", truths, ["OTHER", "OTHER", "PRODUCT_BUG", "OTHER", None])
    sure = [
        one.model_copy(update={"confidence": c}) for one, c in zip(told, (0.2, 0.8, 0.5, 0.9, 0.1), strict=True)
    ]
    found = worst(sure, limit=5)
    assert [(c.label, c.read_as, c.n, c.ids) for c in found] == [
        ("BILLING", "OTHER", 2, ("c1", "c0")),
        ("BILLING", "PRODUCT_BUG", 1, ("c2",)),
    ]
    assert worst(sure, limit=1) == found[:1]
    assert worst([Judged(id="1", truths=(Label(),))], limit=5) == []
