"""The backlog over HTTP: the ranked table, its order, filters and file, and drafting."""

import csv
import io

import pytest
from pydantic import SecretStr

from earshot.cli.sim_answers import local_answer
from earshot.llm.keys import LlmKeys
from earshot.sim.llm.server import running
from earshot.sim.llm.simulator import LlmSim
from tests.pages.sites import Open
from tests.pages.trackers import opened


async def file_of(here: Open, filters: str = "") -> list[dict[str, str]]:
    """The rows of the page's file."""
    return list(csv.DictReader(io.StringIO(await here.page(f"/backlog?format=csv&{filters}"))))


async def test_items_stand_by_rank_with_their_figures(here: Open) -> None:
    kept = await here.rows("select id, score, evidence from backlog_item order by score desc")
    rows = await file_of(here)
    assert [int(row["rank"]) for row in rows] == list(range(1, len(kept) + 1))
    assert sorted(row["id"] for row in rows) == sorted(one["id"] for one in kept)
    assert [float(row["rice_score"]) for row in rows] == [one["score"] for one in kept]
    page = await here.page("/backlog")
    assert page.index(f'/backlog/{rows[0]["id"]}"') < page.index(f'/backlog/{rows[-1]["id"]}"')
    assert "Above the next:" in page
    assert "Score" in page


@pytest.mark.parametrize(
    ("sort", "column", "down"),
    [
        ("reach", "reach", True),
        ("effort", "effort_weeks", False),
        ("customers", "customers", True),
        ("mrr", "mrr", True),
        ("conversations", "conversations", True),
    ],
)
async def test_any_factor_orders_the_list(here: Open, sort: str, column: str, down: bool) -> None:
    values = [float(row[column]) for row in await file_of(here, f"sort={sort}") if row[column]]
    assert values == sorted(values, reverse=down)
    assert len(values) > 3


async def test_filters_narrow_the_list_to_what_the_database_has(here: Open) -> None:
    [most] = await here.rows(
        "select text->>'issue_type' as kind, count(*) as n from backlog_item group by 1 order by 2 desc limit 1"
    )
    rows = await file_of(here, f"issue_type={most['kind']}")
    assert len(rows) == most["n"]
    assert {row["type"] for row in rows} == {most["kind"]}
    assert await file_of(here, "status=shipped") == []
    assert "No item is like that." in await here.page("/backlog", q="no title says this")


@pytest.mark.parametrize("wrong", ["status=nonsense", "sort=nonsense", "after=%25%25", "priority=P9", "format=xls"])
async def test_garbage_is_refused(here: Open, wrong: str) -> None:
    await here.page(f"/backlog?{wrong}", status=422)


async def test_pages_follow_each_other_without_gaps(here: Open) -> None:
    await here.rows(
        """insert into backlog_item (id, theme_id, text, rice, score, evidence, status, drafted_by, drafted_as,
            created_at, updated_at)
        select 'copy' || n, theme_id, text, rice, score, evidence, status, drafted_by, drafted_as, created_at,
            updated_at
        from (select * from backlog_item order by id limit 1) one, generate_series(1, 120) n"""
    )
    total = await here.value("select count(*) from backlog_item")
    seen: list[str] = []
    path = "/backlog"
    while path:
        page = await here.page(path)
        seen += [part.split('"')[0] for part in page.split('<td class="title"><a href="/backlog/')[1:]]
        path = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0] if 'rel="next"' in page else ""
        path = path.replace("&amp;", "&")
    assert len(seen) == total
    assert len(set(seen)) == total


async def test_drafting_by_template_says_first_what_it_would_do(here: Open) -> None:
    await here.rows("delete from backlog_item")
    assert "There is no item yet." in await here.page("/backlog")
    before = await here.page("/backlog/draft")
    assert "Draft by template" in before
    assert "Draft with the model" not in before
    assert await here.value("select count(*) from backlog_item") == 0
    answer = await here.send("/backlog/draft", seen="/backlog/draft")
    assert answer.headers["location"] == "/backlog"
    made = await here.value("select count(*) from backlog_item")
    assert made == before.count(">Created<") + before.count(">Flagged<") > 0
    assert f"{made} new" in await here.page("/backlog")
    acts = await here.rows("select act, actor from person_act")
    assert [(one["act"], one["actor"]) for one in acts] == [("backlog.draft", "local")]


async def test_a_model_is_asked_only_after_its_price_was_agreed_to(read_url: str) -> None:
    keys = LlmKeys(openai=SecretStr("k"), openai_base_url="http://127.0.0.1:9/v1")
    async with opened(read_url, keys=keys, llm={"provider": "openai"}) as here:
        await here.rows("delete from backlog_item")
        page = await here.page("/backlog/draft")
        assert "Draft with the model" in page
        assert "at most <strong>$" in page
        assert await here.value("select count(*) from llm_api_logs") == 0


async def test_a_model_that_was_agreed_to_words_the_items_and_its_cost_is_kept(read_url: str) -> None:
    sim = LlmSim(local_answer)
    async with running(sim) as base:
        keys = LlmKeys(openai=SecretStr("sim-key"), openai_base_url=f"{base}/v1")
        llm = {"provider": "openai", "requests_per_minute": None}
        async with opened(read_url, keys=keys, llm=llm) as here:
            await here.rows("delete from backlog_item")
            page = await here.page("/backlog/draft")
            most = float(page.split("at most <strong>$")[1].split("<")[0])
            await here.send("/backlog/draft", seen="/backlog/draft", status=422, model="1")
            assert await here.value("select count(*) from llm_api_logs") == 0
            assert await here.value("select count(*) from backlog_item") == 0
            await here.send("/backlog/draft", seen="/backlog/draft", model="1", agreed="1")
            made = await here.rows("select drafted_by, drafted_as, rice::text as rice from backlog_item")
            assert len(made) >= 5
            assert {one["drafted_by"] for one in made} == {"model"}
            assert all('"source": "model"' in one["rice"] for one in made)
            asked = await here.rows(
                "select purpose, count(*) as n, sum(cost_usd) as usd from llm_api_logs group by 1"
            )
            assert {one["purpose"]: one["n"] for one in asked} == {"draft": len(made), "estimate": len(made)}
            assert 0 < sum(one["usd"] for one in asked) <= most
            [best] = await here.rows("select id, drafted_as from backlog_item order by score desc, id limit 1")
            assert f"Drafted by {best['drafted_as']}" in await here.page(f"/backlog/{best['id']}")
            [act] = await here.rows("select detail from person_act where act = 'backlog.draft'")
            assert "True" in str(act["detail"])
