"""What falls due: once, late, missed, changed, waiting."""

from datetime import UTC, datetime, timedelta

from earshot.domain.job import Job, JobName
from earshot.domain.schedule import CatchUp, Chore, Schedule, ScheduleState
from earshot.pipeline.scheduling.ticking import LATE, plan, under_way

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SIX = MONDAY.replace(hour=6)
States = dict[str, ScheduleState]


def daily(**changes: object) -> Schedule:
    values = {"name": "daily", "chore": "run", "cron": "0 6 * * *", "timezone": "UTC", **changes}
    return Schedule.model_validate(values)


def at(moment: datetime, *schedules: Schedule, states: States) -> tuple[States, list[str]]:
    after, jobs = plan(schedules, states, now=moment)
    return after, [job.key for job in jobs]


def ended(states: States, name: str, *, at: datetime) -> States:
    return {**states, name: states[name].model_copy(update={"ended_at": at, "ok": True})}


def known(schedule: Schedule, *, next_at: datetime) -> States:
    return {schedule.name: ScheduleState(name=schedule.name, next_at=next_at)}


def test_a_schedule_begins_with_its_next_time_never_at_once() -> None:
    states, keys = at(SIX, daily(), states={})
    assert keys == []
    assert states["daily"].next_at == SIX + timedelta(days=1)


def test_a_time_is_done_once() -> None:
    states, keys = at(SIX, daily(), states=known(daily(), next_at=SIX))
    assert keys == ["daily@2026-03-02T06:00:00Z"]
    assert states["daily"].next_at == SIX + timedelta(days=1)
    again, keys = at(SIX + timedelta(seconds=10), daily(), states=states)
    assert keys == []
    assert again == states


def test_jobs_are_tasks_before_the_backlog() -> None:
    _, jobs = plan([daily()], known(daily(), next_at=SIX), now=SIX)
    assert jobs == [Job(name=JobName.TASK, key="daily@2026-03-02T06:00:00Z", priority=100)]


def test_a_machine_whose_clock_goes_behind_does_not_do_it_again() -> None:
    states, _ = at(SIX, daily(), states=known(daily(), next_at=SIX))
    states = ended(states, "daily", at=SIX + timedelta(seconds=1))
    behind, keys = at(SIX - timedelta(seconds=5), daily(), states=states)
    assert keys == []
    assert behind["daily"].next_at == SIX + timedelta(days=1)
    _, keys = at(SIX + timedelta(seconds=2), daily(), states=behind)
    assert keys == []


def test_of_missed_times_the_last_one_is_done() -> None:
    back = SIX + timedelta(days=3, hours=5)
    states, keys = at(back, daily(), states=known(daily(), next_at=SIX))
    assert keys == ["daily@2026-03-05T06:00:00Z"]
    assert states["daily"].next_at == SIX + timedelta(days=4)


def test_missed_times_are_left_out_where_nobody_wants_them() -> None:
    schedule = daily(catch_up=CatchUp.NONE)
    back = SIX + timedelta(days=3, hours=5)
    states, keys = at(back, schedule, states=known(schedule, next_at=SIX))
    assert keys == []
    assert states["daily"].next_at == SIX + timedelta(days=4)
    assert at(SIX + LATE, schedule, states=known(schedule, next_at=SIX))[1] == ["daily@2026-03-02T06:00:00Z"]


def test_all_missed_times_are_done_in_turn() -> None:
    schedule = daily(catch_up=CatchUp.ALL)
    back = SIX + timedelta(days=2, hours=5)
    states, done = known(schedule, next_at=SIX), list[str]()
    for minute in range(6):
        now = back + timedelta(minutes=minute)
        states, keys = at(now, schedule, states=states)
        assert len(keys) <= 1
        done += keys
        states, nothing = at(now, schedule, states=states)
        assert nothing == []  # the one before is under way
        states = ended(states, "daily", at=now)
    assert done == [f"daily@2026-03-0{day}T06:00:00Z" for day in (2, 3, 4)]
    assert states["daily"].next_at == SIX + timedelta(days=3)


def test_years_of_minutes_are_caught_up_with_at_once() -> None:
    sweep = daily(name="sweep", chore="sweep", cron="* * * * *")
    now = SIX + timedelta(days=900)
    states, keys = at(now, sweep, states=known(sweep, next_at=SIX))
    assert keys == [f"sweep@{now:%Y-%m-%dT%H:%M:%SZ}"]
    assert states["sweep"].next_at == now + timedelta(minutes=1)


def test_changed_times_begin_with_their_next_one() -> None:
    earlier = daily(cron="0 3 * * *")
    states, keys = at(SIX - timedelta(hours=1), earlier, states=known(daily(), next_at=SIX))
    assert keys == []
    assert states["daily"].next_at == datetime(2026, 3, 3, 3, tzinfo=UTC)
    due_by_old_times, keys = at(SIX, earlier, states=known(daily(), next_at=SIX))
    assert keys == []
    assert due_by_old_times["daily"].next_at == datetime(2026, 3, 3, 3, tzinfo=UTC)


def test_a_changed_zone_counts_and_so_does_a_rarer_schedule_made_frequent() -> None:
    berlin = daily(timezone="Europe/Berlin")
    states, _ = at(MONDAY, berlin, states=known(daily(), next_at=SIX))
    assert states["daily"].next_at == datetime(2026, 3, 2, 5, tzinfo=UTC)
    weekly_before = known(daily(), next_at=SIX + timedelta(days=7))
    states, _ = at(SIX, daily(), states=weekly_before)
    assert states["daily"].next_at == SIX + timedelta(days=1)


def test_what_is_switched_off_has_no_next_time_and_begins_anew_later() -> None:
    states, keys = at(SIX, daily(enabled=False), states=known(daily(), next_at=SIX))
    assert keys == []
    assert states["daily"].next_at is None
    states, keys = at(SIX, daily(), states=states)
    assert keys == []
    assert states["daily"].next_at == SIX + timedelta(days=1)


def test_what_the_settings_no_longer_name_is_left_out() -> None:
    states, keys = at(SIX, states=known(daily(), next_at=SIX))
    assert (states, keys) == ({}, [])


def test_the_next_time_waits_while_the_one_before_is_under_way_and_comes_once_after_it() -> None:
    sync = daily(name="sync", chore="sync", cron="*/15 * * * *")
    states, keys = at(SIX, sync, states=known(sync, next_at=SIX))
    assert keys == ["sync@2026-03-02T06:00:00Z"]
    states, keys = at(SIX + timedelta(minutes=50), sync, states=states)
    assert keys == []
    states = ended(states, "sync", at=SIX + timedelta(minutes=51))
    states, keys = at(SIX + timedelta(minutes=52), sync, states=states)
    assert keys == ["sync@2026-03-02T06:45:00Z"]
    assert states["sync"].next_at == SIX + timedelta(hours=1)


def test_one_that_never_ended_is_not_waited_for_for_ever() -> None:
    sync = daily(name="sync", chore="sync", cron="*/15 * * * *")
    states, _ = at(SIX, sync, states=known(sync, next_at=SIX))
    _, keys = at(SIX + timedelta(hours=2), sync, states=states)
    assert keys == ["sync@2026-03-02T08:00:00Z"]


def test_the_report_of_the_same_hour_waits_for_the_run() -> None:
    weekly = daily(name="weekly", chore="report", cron="0 6 * * 1")
    sync = daily(name="sync", chore="sync", cron="*/15 * * * *")
    three = (weekly, sync, daily())
    states, keys = at(
        SIX, *three, states={name: ScheduleState(name=name, next_at=SIX) for name in ("weekly", "sync", "daily")}
    )
    assert keys == ["daily@2026-03-02T06:00:00Z"]
    states, keys = at(SIX + timedelta(minutes=40), *three, states=states)
    assert keys == []
    states = ended(states, "daily", at=SIX + timedelta(minutes=41))
    states, keys = at(SIX + timedelta(minutes=41), *three, states=states)
    assert keys == ["sync@2026-03-02T06:30:00Z", "weekly@2026-03-02T06:00:00Z"]


def test_a_time_done_by_hand_is_not_done_again() -> None:
    by_hand = ScheduleState(name="daily", next_at=SIX, last_tick=SIX, started_at=SIX, ended_at=SIX, ok=True)
    states, keys = at(SIX + timedelta(minutes=1), daily(), states={"daily": by_hand})
    assert keys == []
    assert states["daily"].next_at == SIX + timedelta(days=1)


def test_how_it_last_went_stays_known_while_the_next_is_under_way() -> None:
    before = ScheduleState(
        name="daily", next_at=SIX, ended_at=MONDAY, started_at=MONDAY, ok=True, outcome="Read 3."
    )
    states, _ = at(SIX, daily(), states={"daily": before})
    assert states["daily"].outcome == "Read 3."
    assert under_way(states["daily"], Chore.RUN, now=SIX)
    assert not under_way(before, Chore.RUN, now=SIX)
