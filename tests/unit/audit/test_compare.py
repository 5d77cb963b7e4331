import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earshot.audit.agreement import Judged
from earshot.audit.chance import sign_test
from earshot.audit.compare import FieldDifference, compare, in_words, labels_needed
from tests.unit.audit.judging import rows

WRONG, RIGHT = "LOW", "HIGH"


def _guesses(right: list[bool]) -> list[str | None]:
    return [RIGHT if one else WRONG for one in right]


def _pair(a: list[bool], b: list[bool]) -> list[FieldDifference]:
    truths = [[RIGHT]] * len(a)
    return compare(rows("priority", truths, _guesses(a)), rows("priority", truths, _guesses(b)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
@example([(False, False)] * 5 + [(False, True)] * 6 + [(True, False)])
def test_the_difference_is_plain_and_swapping_turns_it_round(pairs: list[tuple[bool, bool]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    (one,), (other,) = _pair(a, b), _pair(b, a)
    assert one.difference.value == pytest.approx(np.mean(b) - np.mean(a))
    assert one.only_b == sum(y and not x for x, y in pairs)
    assert one.p == sign_test(one.only_a, one.only_b) == other.p
    assert other.difference.value == pytest.approx(-(one.difference.value or 0))
    assert {one.verdict, other.verdict} in ({"a", "b"}, {"same"}, {"unsure"})


def test_a_clear_difference_is_told_with_its_size() -> None:
    a = [True] * 60 + [False] * 40
    b = [True] * 90 + [False] * 10
    (one,) = _pair(a, b)
    assert one.verdict == "b"
    text = in_words(one, a="local", b="llm")
    assert text.startswith("llm is better on priority by 30.0 points (95 % 2")
    (turned,) = _pair(b, a)
    assert in_words(turned, a="local", b="llm").startswith("local is better on priority by 30.0 points")


def test_no_difference_says_how_many_labels_are_missing() -> None:
    a = [True] * 30 + [False] * 20
    b = [True] * 29 + [False] * 20 + [True]
    (one,) = _pair(a, b)
    assert one.verdict == "same"
    assert one.more > 0
    assert f"about {one.more:,} more labels would be needed to see 5 points" in in_words(one)


def test_enough_labels_say_that_a_difference_would_have_been_seen() -> None:
    a = [True, False] * 2000
    (one,) = _pair(a, a)
    assert (one.verdict, one.more) == ("same", 0)
    assert "would probably have been seen" in in_words(one)


def test_one_field_of_several_must_be_clearer() -> None:
    """12 against 3 is shown alone (p .035), and no more among four fields."""
    a, b = [True] * 3 + [False] * 12 + [True] * 35, [False] * 3 + [True] * 12 + [True] * 35
    (alone,) = _pair(a, b)
    assert alone.verdict == "b"
    truths = [[RIGHT]] * 50

    def all_fields(guesses: list[str | None]) -> list[Judged]:
        told = rows("priority", truths, guesses)
        same = {"issue_type": "BILLING", "sentiment": "NEUTRAL", "churn_risk": "LOW"}
        return [
            row.model_copy(
                update={
                    "truths": (row.truths[0].model_copy(update=same),),
                    "guess": row.guess.model_copy(update=same) if row.guess else None,
                }
            )
            for row in told
        ]

    found = {one.field: one for one in compare(all_fields(_guesses(a)), all_fields(_guesses(b)))}
    assert found["priority"].verdict == "unsure"
    assert "the exact test does not show it" in in_words(found["priority"])
    assert found["sentiment"].verdict == "same"


def test_two_annotations_count_who_agrees_with_more_of_them() -> None:
    truths = [["HIGH", "LOW"], ["HIGH", "HIGH"]]
    a, b = rows("priority", truths, ["MEDIUM", "HIGH"]), rows("priority", truths, ["LOW", "HIGH"])
    (one,) = compare(a, b)
    assert (one.only_a, one.only_b) == (0, 1)
    assert one.difference.value == 0.25


def test_only_conversations_and_fields_that_both_gave_are_compared() -> None:
    a = rows("priority", [[RIGHT]] * 3, _guesses([True] * 3))
    assert [one.n for one in compare(a, a[:2])] == [2]
    assert compare(a, rows("sentiment", [["NEUTRAL"]] * 3, ["NEUTRAL"] * 3)) == []


@pytest.mark.parametrize("discordance", [0.1, 0.3])
def test_so_many_labels_show_the_difference_four_times_of_five(discordance: float) -> None:
    """The power that the formula promises, by simulation of the exact test."""
    n = labels_needed(discordance)
    chance = np.random.default_rng(11)
    better, worse = (discordance + 0.05) / 2, (discordance - 0.05) / 2
    drawn = chance.multinomial(n, [better, worse, 1 - discordance], size=2000)
    seen = np.mean([sign_test(int(w), int(b)) < 0.05 for b, w, _ in drawn])
    assert 0.72 <= seen <= 0.85
