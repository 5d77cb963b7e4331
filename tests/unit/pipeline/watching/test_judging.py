"""A bound is told once when it is left and once when it is kept again, however its value swings."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from earshot.domain.pulse import WatchState
from earshot.pipeline.watching.bounds import Reading
from earshot.pipeline.watching.judging import News, judge

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def reading(value: float | None, *, looks: int = 2, again: timedelta | None = None) -> Reading:
    return Reading(
        bound="queue_age", title="Work waits", value=value, limit=10.0, advice="Look.", looks=looks, again=again
    )


def heard(
    values: Iterable[float | None], *, looks: int = 2, again: timedelta | None = None, reachable: bool = True
) -> list[News | None]:
    """What is told, look by look, a minute apart."""
    state: WatchState | None = None
    found: list[News | None] = []
    for minute, value in enumerate(values):
        one = reading(value, looks=looks, again=again)
        state, news = judge(one, state, now=NOW + minute * MINUTE, reachable=reachable)
        found.append(news)
    return found


def test_one_look_beyond_tells_nothing_two_do_once() -> None:
    assert heard([5, 11, 5, 11, 12, 13, 14]) == [None, None, None, None, News.LEFT, None, None]


def test_it_is_kept_again_only_well_below_and_for_a_while() -> None:
    left = [11.0, 11.0]
    assert heard([*left, 9, 9, 9, 9])[2:] == [None] * 4, "not below four fifths"
    assert heard([*left, 7, 7, 9, 7, 7, 7, 7])[2:] == [None, None, None, None, None, News.KEPT, None]


def test_what_is_counted_needs_one_look_and_knows_no_swinging() -> None:
    assert heard([0, 11, 11, 10, 11], looks=1) == [None, News.LEFT, None, News.KEPT, News.LEFT]


def test_nothing_to_judge_by_changes_nothing() -> None:
    assert heard([11, None, 11, None, None, None, 7, 7, 7]) == [*[None] * 2, News.LEFT, *[None] * 5, News.KEPT]


def test_people_are_reminded_while_it_stays_left() -> None:
    found = heard([11] * 7, looks=1, again=3 * MINUTE)
    assert found == [News.LEFT, None, None, News.STILL, None, None, News.STILL]


def test_whom_nobody_could_tell_is_told_once_somebody_can() -> None:
    state = None
    for minute in range(3):
        state, news = judge(reading(11.0), state, now=NOW + minute * MINUTE, reachable=False)
    assert state is not None
    assert state.outside
    assert state.told_at is None
    state, news = judge(reading(11.0), state, now=NOW + 3 * MINUTE)
    assert news is News.LEFT
    assert judge(reading(11.0), state, now=NOW + 4 * MINUTE).news is None


def test_each_episode_has_a_number_of_its_own() -> None:
    state = None
    episodes: list[int] = []
    for minute, value in enumerate([11, 11, 1, 1, 1, 11, 11]):
        state, news = judge(reading(float(value)), state, now=NOW + minute * MINUTE)
        if news:
            episodes.append(state.episode)
    assert episodes == [1, 1, 2]


@given(some.lists(some.one_of(some.none(), some.floats(0, 30)), max_size=60), some.integers(1, 2))
def test_news_take_turns(values: list[float | None], looks: int) -> None:
    told = [news for news in heard(values, looks=looks) if news is not None]
    assert told == [News.LEFT if place % 2 == 0 else News.KEPT for place in range(len(told))]
