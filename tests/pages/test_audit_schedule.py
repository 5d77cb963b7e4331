"""The week's sample is drawn by its schedule, once, and stands on the page for labels."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from earshot.domain.schedule import Chore, Schedule
from earshot.pipeline.audits.sampling import draw_week, week_before
from earshot.pipeline.scheduling.chores import do
from earshot.pipeline.scheduling.issuing import window_of
from earshot.pipeline.scheduling.keys import key_of
from earshot.pipeline.scheduling.order import Conditions, Done
from earshot.pipeline.scheduling.schedules import find, schedules_of
from earshot.pipeline.scheduling.settings import ScheduleSettings
from earshot.pipeline.scheduling.ticking import tick
from earshot.report.settings import ReportSeries
from earshot.store.jobs.adding import QUEUE
from tests.pages.conftest import OpenSite
from tests.pages.sites import NOW, Open

SCHEDULES = schedules_of(ScheduleSettings(), zone="UTC")
AUDIT = find(SCHEDULES, "audit")


def monday(at: datetime) -> datetime:
    """06:30 of the Monday at or before a time."""
    day = (at - timedelta(days=at.weekday())).date()
    return datetime(day.year, day.month, day.day, 6, 30, tzinfo=UTC)


async def did(here: Open, schedule: Schedule, at: datetime, folder: Path) -> Done:
    return await do(here.earshot, schedule, tick=at, conditions=Conditions(folder=folder))


async def test_mondays_the_schedule_asks_for_it(here: Open) -> None:
    assert AUDIT.chore is Chore.AUDIT
    parts, due = here.earshot.parts, monday(NOW) + timedelta(days=7)
    await tick(parts, [AUDIT], now=due - timedelta(hours=1))
    jobs = f"select dedupe_key from {QUEUE} where dedupe_key like '%audit@%'"
    assert await here.rows(jobs) == []
    await tick(parts, [AUDIT], now=due + timedelta(seconds=5))
    await tick(parts, [AUDIT], now=due + timedelta(seconds=65))
    [job] = await here.rows(jobs)
    assert job["dedupe_key"].endswith(f":{key_of('audit', due)}")


async def test_it_draws_the_week_before_once(here: Open, tmp_path: Path) -> None:
    at = monday(NOW)
    done = await did(here, AUDIT, at, tmp_path)
    assert done.ok, done.words
    [sample] = await here.rows("select * from audit_sample")
    assert sample["kind"] == "weekly"
    assert sample["since"] == week_before(at, "UTC") == monday(at - timedelta(days=7)).replace(hour=0, minute=0)
    assert sample["until"] == sample["since"] + timedelta(days=7)
    members = await here.rows(
        "select m.*, c.spoken_at from audit_member m join conversation c on c.id = m.conversation_id"
    )
    held = await here.value(
        """select count(*) from conversation_insights where conversation_at >= $1 and conversation_at < $2""",
        sample["since"], sample["until"],
    )  # fmt: skip
    assert 0 < len(members) <= min(50, held + await here.value("select count(*) from unread"))
    assert all(sample["since"] <= one["spoken_at"] < sample["until"] for one in members)
    assert f"{len(members)} conversations of the week of" in done.words
    again = await did(here, AUDIT, at, tmp_path)
    assert (again.ok, again.idle) == (True, True)
    assert await here.value("select count(*) from audit_sample") == 1
    assert f"/audit/{sample['id']}/label" in await here.page("/audit")
    page = await here.page("/health")
    assert again.words in page


async def test_weeks_go_by_the_clock_of_the_reports_zone(open_site: OpenSite) -> None:
    site = await open_site(report={"timezone": "Europe/Berlin"})
    parts = site.earshot.parts
    await site.rows("update conversation_insights set conversation_at = '2026-10-14T12:00:00Z' returning 1")
    monday_before = datetime(2026, 10, 18, 22, 30, tzinfo=UTC)  # seven days later clocks go by winter time
    drawn = await draw_week(parts, monday_before)
    assert drawn is not None
    assert drawn.sample.since == datetime(2026, 10, 11, 22, tzinfo=UTC)
    assert drawn.sample.until == datetime(2026, 10, 18, 22, tzinfo=UTC)
    series = ReportSeries.model_validate({"name": "audit", "mail": ["pm@example.com"], "days": 7})
    tick = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)  # Monday, the day after summer time began
    window = window_of(parts, series, schedule=AUDIT, tick=tick)
    assert window.start == datetime(2026, 3, 22, 23, tzinfo=UTC)
    assert window.end == datetime(2026, 3, 29, 22, tzinfo=UTC)


async def test_a_week_without_readings_is_no_failure(here: Open, tmp_path: Path) -> None:
    done = await did(here, AUDIT, monday(NOW - timedelta(days=3000)), tmp_path)
    assert (done.ok, done.idle) == (True, True)
    assert "nothing to label" in done.words
    assert await here.value("select count(*) from audit_sample") == 0
