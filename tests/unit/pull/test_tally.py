"""The completeness statement adds up."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.domain.run import Gap
from earshot.pull.tally import Tally
from tests.unit.pull.samples import conversation


def found(key: str, **more: Any) -> Any:
    return conversation(external_id=key, **more)


def test_each_conversation_counts_once_by_its_last_fate() -> None:
    tally = Tally()
    tally.unchanged(["a", "b", "c"])
    tally.fetched(found("b"), filtered=False)
    tally.unchanged(["b"])
    tally.failed("d", "it answered 500")
    tally.deleted(["c", "e"])
    tally.fetched(found("f"), filtered=True)
    done = tally.completeness()
    assert (done.seen, done.unchanged, done.fetched, done.failed, done.deleted, done.filtered_out) == (
        6,
        1,
        1,
        1,
        2,
        1,
    )
    assert done.gaps == (Gap(what="conversation d", reason="it answered 500"),)
    assert not done.complete


def test_a_failure_that_was_made_good_is_no_gap() -> None:
    tally = Tally()
    tally.failed("a", "x")
    tally.fetched(found("a"), filtered=False)
    assert tally.completeness().complete


def test_missing_parts_are_named_and_cut_off_ones_counted() -> None:
    tally = Tally()
    tally.fetched(found("a", parts_expected=5, parts_held=3), filtered=False, unknown={"part_type:x": 2})
    tally.fetched(found("b", parts_expected=620, parts_held=500, truncated=True), filtered=False)
    tally.fetched(found("c", parts_held=4), filtered=True, unknown={"part_type:x": 1})
    done = tally.completeness()
    assert (done.parts_expected, done.parts_held, done.truncated) == (629, 507, 1)
    assert [gap.what for gap in done.gaps] == ["conversation a"]
    assert "3 of 5 parts" in done.gaps[0].reason
    assert done.unknown_kinds == {"part_type:x": 3}
    tally.deleted(["a", "b"])
    assert (tally.completeness().parts_expected, tally.completeness().truncated) == (4, 0)
    assert tally.completeness().complete


def test_gaps_of_the_list_are_kept_once() -> None:
    tally = Tally()
    slice_lost = Gap(what="conversations updated at 5", reason="404")
    tally.gap(slice_lost)
    tally.gap(slice_lost, Gap(what="x", reason="y"))
    assert len(tally.completeness().gaps) == 2


def test_very_many_gaps_are_cut_and_that_is_said() -> None:
    tally = Tally()
    for number in range(1_200):
        tally.failed(str(number), "x")
    gaps = tally.completeness().gaps
    assert len(gaps) == 1_001
    assert gaps[-1].what == "200 more"


_fates = st.sampled_from(["unchanged", "deleted", "fetched", "filtered", "failed"])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), _fates)))
def test_the_parts_always_add_up(events: list[tuple[str, str]]) -> None:
    tally = Tally()
    for key, fate in events:
        if fate == "unchanged":
            tally.unchanged([key])
        elif fate == "deleted":
            tally.deleted([key])
        elif fate == "failed":
            tally.failed(key, "x")
        else:
            tally.fetched(found(key), filtered=fate == "filtered")
    done = tally.completeness()
    assert done.seen == len({key for key, _ in events})
    assert done.seen == done.fetched + done.unchanged + done.filtered_out + done.deleted + done.failed
    assert done.complete == (done.failed == 0)
