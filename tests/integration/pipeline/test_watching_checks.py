"""What doctor says of queues, workers, webhooks, schedules and bounds, over a real database."""

from dataclasses import replace
from datetime import timedelta

import httpx2

from earshot.cli.reaching import check_receiver
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.domain.job import Job, JobName, Lane, WorkerSign
from earshot.domain.pulse import WatchState
from earshot.domain.schedule import ScheduleState
from earshot.pipeline.checking import Check, Grade, check_tools
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.checks import check_flow
from earshot.pipeline.watching.settings import WatchSettings
from earshot.settings import Settings
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import parts_of
from tests.integration.store.store_samples import NOW
from tests.still import StillClock

MINUTES = timedelta(minutes=1)


def desk(store: PostgresStore) -> Parts:
    return replace(parts_of(store), clock=StillClock(NOW))


async def checked(parts: Parts, *, listens: bool = True) -> dict[str, Check]:
    return {one.name: one for one in await check_flow(parts, WatchSettings(), listens=listens)}


def sign(number: int, *, minutes: float) -> WorkerSign:
    return WorkerSign(
        id=f"w{number}",
        host=f"host{number}",
        pid=number,
        lane=Lane.LIVE,
        version="1",
        started_at=NOW,
        seen_at=NOW - minutes * MINUTES,
    )


async def test_where_nobody_uses_workers_nothing_is_complained_of(store: PostgresStore) -> None:
    found = await checked(desk(store), listens=False)
    assert {one.grade for one in found.values()} == {Grade.OK}
    assert set(found) == {"jobs", "workers", "webhooks"}


async def test_a_secret_without_webhooks_is_noted(store: PostgresStore) -> None:
    assert (await checked(desk(store)))["webhooks"].grade is Grade.NOTE


async def test_jobs_without_workers_fail(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.jobs.enqueue([Job(name=JobName.READ, key="a")])
        await unit.jobs.sign(sign(1, minutes=10))
        await unit.commit()
    found = await checked(desk(store))
    assert found["workers"].grade is Grade.FAILED
    assert "1 jobs are due" in found["workers"].text
    async with store.unit() as unit:
        await unit.jobs.sign(sign(2, minutes=0.1))
        await unit.commit()
    assert (await checked(desk(store)))["workers"].grade is Grade.OK


async def test_schedules_tell_what_comes_and_what_nobody_did(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.schedules.save(ScheduleState(name="daily", next_at=NOW + 60 * MINUTES, ok=True))
        await unit.schedules.save(ScheduleState(name="sync", next_at=NOW - 60 * MINUTES))
        await unit.schedules.save(
            ScheduleState(name="weekly", next_at=NOW + MINUTES, ok=False, outcome="no mail server")
        )
        await unit.commit()
    found = await checked(desk(store))
    assert found["schedule daily"].grade is Grade.OK
    assert found["schedule sync"].grade is Grade.FAILED
    assert found["schedule weekly"].grade is Grade.NOTE
    assert "no mail server" in found["schedule weekly"].text
    assert found["workers"].grade is Grade.NOTE


async def test_bounds_that_are_left_fail_but_for_approval(store: PostgresStore) -> None:
    states = [
        WatchState(bound=bound, outside=True, since=NOW, seen_at=NOW) for bound in ("queue_age", "approval", "old")
    ]
    async with store.unit() as unit:
        await unit.watch.save(states)
        await unit.commit()
    found = await checked(desk(store))
    assert found["bound queue_age"].grade is Grade.FAILED
    assert found["bound approval"].grade is Grade.NOTE
    assert "bound old" not in found


async def test_a_rehearsal_without_credentials_is_noted_not_failed(store: PostgresStore) -> None:
    tools = {"pagerduty": PagerDutyTool(PagerDutySettings(), {}, clock=StillClock(NOW))}
    parts = replace(desk(store), make_tools=lambda: tools)
    (failed,) = await check_tools(parts)
    (noted,) = await check_tools(replace(parts, dry_tools=frozenset({"pagerduty"})))
    assert failed.grade is Grade.FAILED
    assert noted.grade is Grade.NOTE
    assert "PAGERDUTY_ROUTING_KEY" in noted.text + noted.hint
    assert noted.text.endswith("Dry run: nothing is sent there.")


def public(url: str) -> Settings:
    return Settings.fixed({"web": {"public_url": url}})


async def test_the_receiver_is_asked_as_intercom_asks() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, str(request.url)))
        return httpx2.Response(200 if request.url.host == "good.example" else 404)

    transport = httpx2.MockTransport(answer)
    assert await check_receiver(Settings.fixed({})) == []
    (good,) = await check_receiver(public("https://good.example/"), transport=transport)
    (bad,) = await check_receiver(public("https://bad.example"), transport=transport)
    assert asked[0] == ("HEAD", "https://good.example/webhooks/intercom")
    assert (good.grade, bad.grade) == (Grade.OK, Grade.FAILED)
    assert "404" in bad.text


async def test_a_receiver_that_nobody_reaches_is_told() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    (found,) = await check_receiver(public("https://far.example"), transport=httpx2.MockTransport(fail))
    assert found.grade is Grade.FAILED
    assert "ConnectError" in found.text
