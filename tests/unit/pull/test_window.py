"""Which span of changes a sync looks at."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.errors import BadInput
from earshot.ports.store import SyncState
from earshot.pull.settings import PullSettings
from earshot.pull.window import Why, checkpoint, finished, parse_when, plan_window

NOW = datetime(2026, 5, 20, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SETTINGS = PullSettings()


def state(**ago: timedelta) -> SyncState:
    return SyncState(**{name: NOW - span for name, span in ago.items()})


def test_the_first_sync_reads_thirty_days_with_an_open_end() -> None:
    plan = plan_window(SyncState(), now=NOW, settings=SETTINGS)
    assert (plan.since, plan.until, plan.why) == (NOW - 30 * DAY, None, Why.BACKFILL)
    assert plan.moves_cursor
    assert plan.deletions_since == plan.since


def test_a_poll_overlaps_by_minutes() -> None:
    held = state(cursor=timedelta(hours=1), deep_at=timedelta(hours=3), backfill_from=90 * DAY)
    plan = plan_window(held, now=NOW, settings=SETTINGS)
    assert (plan.since, plan.why) == (NOW - timedelta(hours=1, minutes=10), Why.POLL)


@pytest.mark.parametrize("deep", [{}, {"deep_at": timedelta(hours=24)}])
def test_once_a_day_the_overlap_is_deep(deep: dict[str, timedelta]) -> None:
    held = state(cursor=timedelta(hours=1), backfill_from=90 * DAY, **deep)
    plan = plan_window(held, now=NOW, settings=SETTINGS)
    assert (plan.since, plan.why) == (NOW - timedelta(hours=49), Why.DEEP)


def test_no_overlap_reaches_before_the_first_day_ever_read() -> None:
    held = state(cursor=timedelta(hours=5), backfill_from=timedelta(hours=30))
    assert plan_window(held, now=NOW, settings=SETTINGS).since == NOW - timedelta(hours=30)


def test_a_wish_is_a_command() -> None:
    since, until = NOW - 400 * DAY, NOW - 300 * DAY
    held = state(cursor=DAY, backfill_from=30 * DAY, deep_at=DAY)
    plan = plan_window(held, now=NOW, settings=SETTINGS, since=since, until=until)
    assert (plan.since, plan.until, plan.why) == (since, until, Why.ASKED)


def test_an_end_that_is_not_over_yet_is_open() -> None:
    plan = plan_window(SyncState(), now=NOW, settings=SETTINGS, until=NOW + DAY)
    assert plan.until is None


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadInput, match="before it begins"):
        plan_window(SyncState(), now=NOW, settings=SETTINGS, since=NOW - DAY, until=NOW - 2 * DAY)


def test_deletions_are_looked_for_further_back_than_the_last_one_seen() -> None:
    held = state(cursor=timedelta(hours=1), deleted_at=10 * DAY, deep_at=timedelta(hours=1))
    assert plan_window(held, now=NOW, settings=SETTINGS).deletions_since == NOW - 12 * DAY


def test_a_window_that_leaves_a_hole_does_not_move_the_cursor() -> None:
    held = state(cursor=10 * DAY, backfill_from=40 * DAY)
    plan = plan_window(held, now=NOW, settings=SETTINGS, since=NOW - 2 * DAY)
    assert not plan.moves_cursor
    assert checkpoint(held, plan, upto=NOW) == held
    assert finished(held, plan, newest=NOW) == held


def test_a_killed_backfill_goes_on_where_it_was() -> None:
    first = plan_window(SyncState(), now=NOW, settings=SETTINGS)
    half = checkpoint(SyncState(), first, upto=NOW - 15 * DAY)
    assert half.backfill_from == NOW - 30 * DAY
    later = plan_window(half, now=NOW + timedelta(hours=1), settings=SETTINGS)
    assert later.since == NOW - 17 * DAY
    done = finished(half, later, newest=NOW)
    assert (done.cursor, done.backfill_from) == (NOW, NOW - 30 * DAY)


def test_the_cursor_never_goes_back() -> None:
    held = state(cursor=DAY, backfill_from=30 * DAY)
    plan = plan_window(held, now=NOW, settings=SETTINGS, since=NOW - 60 * DAY)
    assert checkpoint(held, plan, upto=NOW - 50 * DAY).cursor == held.cursor
    done = finished(held, plan, newest=NOW - 2 * DAY)
    assert (done.cursor, done.backfill_from) == (held.cursor, NOW - 60 * DAY)


def test_the_cursor_stops_at_the_moment_the_sync_began() -> None:
    plan = plan_window(SyncState(), now=NOW, settings=SETTINGS)
    assert finished(SyncState(), plan, newest=NOW + timedelta(minutes=7)).cursor == NOW


def test_a_closed_window_moves_the_cursor_to_its_end() -> None:
    plan = plan_window(SyncState(), now=NOW, settings=SETTINGS, until=NOW - DAY)
    done = finished(SyncState(), plan, newest=NOW - 2 * DAY)
    assert (done.cursor, done.deep_at) == (NOW - DAY, None)


def test_an_empty_workspace_is_read_from_the_same_day_again() -> None:
    plan = plan_window(SyncState(), now=NOW, settings=SETTINGS)
    assert finished(SyncState(), plan, newest=None).cursor == plan.since


@settings(deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 3_000), st.booleans(), st.integers(0, 3_000)), min_size=1, max_size=12)
)
def test_no_second_is_ever_left_out(steps: list[tuple[int, bool, int]]) -> None:
    """However runs follow, are killed or find nothing: the next window begins no later than what was read."""
    held, now, read_to = SyncState(), NOW, NOW - 30 * DAY
    for minutes, killed, seen in steps:
        plan = plan_window(held, now=now, settings=SETTINGS)
        assert plan.since <= read_to
        newest = min(plan.since + timedelta(minutes=seen), now)
        held = checkpoint(held, plan, upto=newest) if killed else finished(held, plan, newest=newest)
        read_to = max(read_to, newest)
        now += timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24h", NOW - DAY),
        ("7d", NOW - 7 * DAY),
        (" 2w ", NOW - 14 * DAY),
        ("90m", NOW - timedelta(minutes=90)),
        ("5 min", NOW - timedelta(minutes=5)),
        ("3650d", NOW - 3650 * DAY),
        ("999999w", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T02:00:00+02:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_spans_and_dates(text: str, moment: datetime) -> None:
    assert parse_when(text, now=NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "d", "-7d", "7y", "2026-13-01", "0001-01-01T00:00:00+14:00"]
)
def test_anything_else_says_how_to_write_it(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_when(text, now=NOW)
    assert "24h" in caught.value.hint


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in PullSettings.model_fields.items() if not field.description] == []
