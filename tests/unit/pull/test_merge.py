"""Long conversations of which the source gives only the end."""

from datetime import timedelta

import pytest

from earshot.domain.conversation import Conversation
from earshot.ports.source import Fetched
from earshot.pull.merge import is_complete, merge_truncated
from tests.unit.pull.samples import START, conversation, message

OPENING = message("source:1", 0)
OLD = conversation(OPENING, *(message(str(n), n) for n in range(1, 6)), parts_held=5, parts_expected=5)


def fetched(new: Conversation, *, oldest: int | None = 4, redacted: tuple[str, ...] = ()) -> Fetched:
    at = None if oldest is None else START + timedelta(minutes=oldest)
    return Fetched(conversation=new, raw=b"{}", redacted=redacted, oldest_part_at=at)


NEW = conversation(
    OPENING, *(message(str(n), n) for n in range(4, 8)), parts_held=4, parts_expected=7, truncated=True
)


def test_what_is_no_longer_given_is_kept() -> None:
    merged = merge_truncated(OLD, fetched(NEW))
    assert [m.id for m in merged.messages] == ["source:1", "1", "2", "3", "4", "5", "6", "7"]
    assert (merged.parts_held, merged.parts_expected, merged.truncated) == (7, 7, True)


def test_held_parts_never_exceed_the_sources_count() -> None:
    new = NEW.model_copy(update={"parts_expected": 6})
    assert merge_truncated(OLD, fetched(new)).parts_held == 6
    unknown = NEW.model_copy(update={"parts_expected": None})
    assert merge_truncated(OLD, fetched(unknown)).parts_held == 7


def test_a_whole_conversation_replaces_everything() -> None:
    whole = conversation(OPENING, message("9", 9))
    assert merge_truncated(OLD, fetched(whole)) == whole


@pytest.mark.parametrize("old", [None, conversation(OPENING), conversation()])
def test_with_nothing_older_the_new_state_stands(old: Conversation | None) -> None:
    assert merge_truncated(old, fetched(NEW)) == NEW


def test_without_a_time_to_cut_at_the_new_state_stands() -> None:
    assert merge_truncated(OLD, fetched(NEW, oldest=None)) == NEW


def test_what_was_removed_in_the_part_still_given_stays_gone() -> None:
    new = NEW.model_copy(update={"messages": tuple(m for m in NEW.messages if m.id not in ("4", "5"))})
    merged = merge_truncated(OLD, fetched(new, redacted=("4",)))
    assert [m.id for m in merged.messages] == ["source:1", "1", "2", "3", "6", "7"]


def test_a_redacted_opening_stays_gone() -> None:
    new = NEW.model_copy(update={"messages": NEW.messages[1:]})
    merged = merge_truncated(OLD, fetched(new, redacted=("source:1",)))
    assert merged.messages[0].id == "1"


def test_the_opening_stays_first_at_equal_times() -> None:
    old = conversation(OPENING, message("1", 0), message("2", 1))
    merged = merge_truncated(old, fetched(NEW))
    assert [m.id for m in merged.messages][:3] == ["source:1", "1", "2"]


@pytest.mark.parametrize(
    ("expected", "held", "truncated", "complete"),
    [
        (None, 3, False, True),
        (3, 3, False, True),
        (3, 4, False, True),
        (4, 3, False, False),
        (700, 500, True, True),
    ],
)
def test_complete_means_the_source_gives_no_more(
    expected: int | None, held: int, *, truncated: bool, complete: bool
) -> None:
    found = conversation(parts_expected=expected, parts_held=held, truncated=truncated)
    assert is_complete(found) is complete
