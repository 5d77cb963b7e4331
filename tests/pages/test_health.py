"""The page of health: what is wrong is said, what gave up gets another life, how models answered."""

import pytest

from earshot.domain.job import Job, JobName
from earshot.store.jobs.adding import QUEUE
from tests.pages.conftest import OpenSite, Tab
from tests.pages.sites import Open
from tests.pages.test_costs import spend


async def test_a_good_state_is_said_with_its_figures(here: Open) -> None:
    page = await here.page("/health")
    seen = await here.value("select (completeness::json->>'seen')::int from run where completeness is not null")
    assert f"<dt>Seen</dt><dd>{seen}</dd>" in page
    assert "No gaps: everything that was seen is held." in page
    assert "No worker is at work" in page
    assert "0006" in page
    for schedule in ("daily", "weekly", "sync", "sweep"):
        assert f'<th scope="row">{schedule}</th>' in page
    for bound in ("queue_age", "error_share", "held_jobs"):
        assert f"<code>{bound}</code>" in page


async def test_what_is_wrong_stands_at_the_top(here: Open) -> None:
    await here.rows("update run set ok = false")
    async with here.earshot.parts.store.unit() as unit:
        await unit.jobs.enqueue([Job(name=JobName.DELIVER, key="x")])
        await unit.commit()
    page = await here.page("/health")
    assert "The last run failed" in page
    assert "1 jobs are due and no worker is at work" in page
    assert "Nothing is wrong" not in page


async def test_how_models_answered_is_what_the_ledger_says(here: Open) -> None:
    await spend(here)
    page = await here.page("/health")
    n = await here.value(
        "select count(*) from llm_api_logs where model = 'gpt-0' and created_at > now() - interval '24 hours'"
    )
    assert f'openai:gpt-0</th><td>online</td><td class="num">{n}</td>' in page
    assert "timeout 1" in page


async def test_a_job_that_gave_up_gets_another_life_or_is_dropped(here: Open) -> None:
    for key in ("first", "second"):
        async with here.earshot.parts.store.unit() as unit:
            await unit.jobs.enqueue([Job(name=JobName.DELIVER, key=key)])
            await unit.commit()
    await here.rows(f"update {QUEUE} set status = 'failed'")
    numbers = [row["id"] for row in await here.rows(f"select id from {QUEUE} order by id")]
    page = await here.page("/health")
    assert f"/health/jobs/{numbers[0]}/retry" in page
    answer = await here.send(f"/health/jobs/{numbers[0]}/retry", seen="/health")
    assert answer.headers["location"] == "/health"
    await here.send(f"/health/jobs/{numbers[1]}/discard", seen="/health")
    acts = [row["act"] for row in await here.rows("select act from person_act order by id")]
    assert acts == ["job.retry", "job.discard"]
    await here.send("/health/jobs/999999/retry", seen="/trail", status=404)
    await here.send("/health/jobs/abc/retry", seen="/trail", status=422)


async def test_a_viewer_looks_and_changes_nothing(open_site: OpenSite) -> None:
    site = await open_site(tokens={"web_token": "a" * 24, "web_viewer_token": "v" * 24})
    form = {"_seal": await site.seal("/login"), "next": "/health", "name": "Vera", "token": "v" * 24}
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    await site.page("/health")
    await site.send("/health/jobs/1/retry", seen="/health", status=403)


@pytest.mark.browser
async def test_health_looks_right(tab: Tab) -> None:
    await spend(tab.site)
    await tab.looks("/health", "health")
