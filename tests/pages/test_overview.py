"""The overview: figures are what the rows say and lead to them; changes are tested; what waits is counted."""

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from earshot.pipeline.pages.overview.looking import Overview, overview
from earshot.pipeline.pages.overview.spans import WEEK, spans
from earshot.report.rising import probability, real
from tests.pages.conftest import OpenSite, Tab
from tests.pages.sites import NOW, Open

_WITHIN = "conversation_at >= $1 and conversation_at < $2 and times_known"


async def _seen(here: Open, since: str) -> Overview:
    return await overview(here.earshot.parts, since=since)


async def test_figures_are_what_the_rows_say(here: Open) -> None:
    found = await _seen(here, "28d")
    for window, values in ((found.spans.now, found.keys), (found.spans.before, None)):
        row = (
            await here.rows(
                f"""select count(*) as n, count(distinct account) as customers,
                    count(*) filter (where priority = 'CRITICAL') as critical,
                    count(*) filter (where churn_risk = 'HIGH') as churn, avg(sentiment_score) as mean
                from conversation_insights where {_WITHIN}""",
                window.start,
                window.end,
            )
        )[0]
        if values is not None:
            assert [one.value for one in values[:4]] == [
                str(row[n]) for n in ("n", "customers", "critical", "churn")
            ]
            assert values[4].value.replace("\u2212", "-") == f"{row['mean']:+.2f}"
            assert row["n"] > 10
        else:
            assert f"was\u00a0{row['n']}" in found.keys[0].change


async def test_every_figure_leads_to_as_many_rows(here: Open) -> None:
    page = await here.page("/", since="91d")
    links = re.findall(r'class="value"><a href="(/conversations[^"]+)">([\d,]+)<', page)
    assert len(links) == 3
    for href, value in links:
        query = {name: values[0] for name, values in parse_qs(urlsplit(html.unescape(href)).query).items()}
        start, end = (datetime.fromisoformat(query[name]) for name in ("since", "until"))
        more = "".join(f" and {name} = '{query[name]}'" for name in ("priority", "churn_risk") if name in query)
        statement = f"select count(*) from conversation_insights where {_WITHIN}{more}"
        assert int(value.replace(",", "")) == await here.value(statement, start, end)
        assert (await here.http.get(html.unescape(href))).status_code == 200


async def test_customers_lead_to_accounts_of_all_kinds_over_days_that_are_said(here: Open) -> None:
    page = await here.page("/", since="91d")
    assert 'href="/accounts?kind=&amp;sort=conversations"' in page
    assert "The list shows the last 90 days." in page
    every, companies = [await here.page(f"/accounts?kind={kind}&format=csv") for kind in ("", "companies")]
    assert len(every.splitlines()) > len(companies.splitlines()) > 1


async def test_three_things_to_fix_first_are_the_top_of_the_backlog(here: Open) -> None:
    page = await here.page("/")
    rows = await here.rows(
        "select id, text::json->>'title' as title, score from backlog_item where status <> 'discarded' "
        'order by score desc nulls last, id collate "C" limit 3'
    )
    assert re.findall(r'<h3><a href="/backlog/([^"]+)">', page) == [row["id"] for row in rows]
    assert f"RICE {rows[0]['score']:,.1f}" in page
    top = rows[0]["id"]
    await here.rows(
        "insert into item_edit (item_id, field, value, actor, at) values ($1, 'status', '\"shipped\"', 'x', now())",
        top,
    )
    assert f'href="/backlog/{top}">' not in (await here.page("/")).split("The whole backlog")[0]


async def test_of_equal_scores_the_backlog_s_own_order_decides_what_comes_first(here: Open) -> None:
    await here.rows(
        """update backlog_item b set score = 7,
            evidence = jsonb_set(b.evidence::jsonb, '{customers}', n.place::text::jsonb)
        from (select id, row_number() over (order by id collate "C") as place from backlog_item) n
        where n.id = b.id"""
    )
    wanted = await here.rows("select id from backlog_item order by customers desc limit 4")
    async with here.earshot.parts.store.unit() as unit:
        assert await unit.pages.overview.first(4) == [row["id"] for row in wanted]


async def test_a_theme_that_rises_is_named_with_the_change_it_explains(here: Open) -> None:
    theme = (
        await here.rows(
            """select t.id, t.title, t.issue_type from theme t where t.issue_type = 'PRODUCT_BUG'
            order by t.conversations desc limit 1"""
        )
    )[0]
    await here.rows(
        """with moved as (
            update conversation_insights i set conversation_at = $2, issue_type = 'PRODUCT_BUG', times_known = true
            where conversation_id in (select conversation_id from conversation_insights order by id limit 60)
            returning conversation_id
        ) update finding f set conversation_at = $2, theme_id = $1, issue_type = 'PRODUCT_BUG', times_known = true
        from moved m where f.conversation_id = m.conversation_id and f.position = 0""",
        theme["id"],
        NOW - timedelta(hours=30),
    )
    found = await _seen(here, "7d")
    assert found.movers.rising[0].href == f"/themes/{theme['id']}"
    assert found.movers.rising[0].now >= 60
    assert found.movers.looked >= 1
    reason = found.reasons[0]
    assert "Product bugs rose" in reason.text
    assert any(theme["id"] in href for _, href in reason.behind)
    page = await here.page("/")
    assert html.escape(reason.text) in page
    assert "may be chance" in page


async def test_what_waits_for_a_person_is_counted(here: Open) -> None:
    queue = await here.value("select count(*) from action where kind = 'ADD_TO_PM_QUEUE' and status = 'PENDING'")
    assert queue > 0
    page = await here.page("/")
    assert f'<a href="/queue"><strong class="plain">{queue}</strong>' in page
    assert "The last run ended well" in page
    assert "Complete: all" in page


async def test_open_questions_are_as_many_as_the_queue_has(here: Open) -> None:
    theme = await here.value("select id from theme where conversations > 0 order by id limit 1")
    await here.rows("insert into existing_item (id, source, key, title) values ('jira:A', 'jira', 'A', 't')")
    await here.rows("insert into existing_item (id, source, key, title) values ('jira:B', 'jira', 'B', 't')")
    matched = (
        "insert into match (theme_id, item_id, probability, standing, decided_by, reason, decided_at) "
        "values ($1, $2, 0.7, $3, 'score', '', now())"
    )
    await here.rows(matched, theme, "jira:A", "unsure")
    await here.rows(matched, theme, "jira:B", "same")
    queue = await here.page("/queue")
    titles = ("Possible duplicates", r"One theme or two\?", "Doubtful mentions")
    left = [int(found[1]) for title in titles if (found := re.search(rf"{title} <span>(\d+)</span>", queue))]
    assert len(left) == 3
    assert left[0] == 0
    page = await here.page("/")
    assert re.search(rf'<a href="/queue"><strong class="plain">{sum(left)}</strong>\s*possible duplicate', page)


async def test_a_first_visitor_is_told_what_to_do(open_site: OpenSite) -> None:
    site = await open_site()
    for table in ("conversation", "conversation_insights", "finding", "insight_hour", "run", "sync_state"):
        await site.rows(f"truncate {table} cascade")
    page = await site.page("/")
    assert "<code>earshot run</code>" in page
    assert "<code>earshot demo</code>" in page


@pytest.mark.parametrize(
    "query",
    [{"since": "x"}, {"since": "2026-13-40"}, {"since": "\x00"}, {"since": "2030-01-01", "until": "2029-01-01"},
     {"since": "0001-01-01", "until": "0001-01-02"}, {"since": "2000-01-01"},
     {"until": "9999-12-31T23:59:59-23:00"}],
)  # fmt: skip
async def test_windows_that_are_none_are_refused(here: Open, query: dict[str, Any]) -> None:
    await here.page("/", status=422, **query)


def test_windows_are_compared_with_the_same_weekdays() -> None:
    for since, weeks in (("24h", 1), ("7d", 1), ("10d", 2), ("28d", 4), ("2026-11-01", 5)):
        found = spans(since, "", now=datetime.fromisoformat("2026-11-30T10:00:00+00:00"), zone="Europe/Berlin")
        assert found.now.start - found.before.start == weeks * WEEK
        assert found.now.end - found.before.end == weeks * WEEK
    local = spans("2026-11-01", "2026-11-08", now=NOW, zone="Europe/Berlin")
    assert local.now.start.isoformat() == "2026-10-31T23:00:00+00:00"
    assert local.against == "the 7 days before"


def test_many_tests_do_not_invent_changes() -> None:
    assert probability(1.959964) == pytest.approx(0.05, abs=1e-6)
    assert real([2.0], looked=1) == [True]
    assert real([2.0], looked=50) == [False]
    # by hand, share 0.1 over 4: p = .0027, .0455, .1336, .6171 against .025, .05, .075, .1
    assert real([0.5, 3.0, -2.0, 1.5], looked=4) == [False, True, True, False]


@pytest.mark.browser
async def test_overview_looks_right_and_windows_are_chosen(tab: Tab) -> None:
    await tab.looks("/?since=91d", "overview")
    await tab.page.get_by_role("link", name="4 weeks").click()
    assert await tab.page.locator('.choices a[aria-current="true"]').inner_text() == "4 weeks"
    await tab.page.locator(".chart img").first.scroll_into_view_if_needed()
    assert await tab.page.evaluate(
        "[...document.querySelectorAll('.chart img')].every((one) => one.naturalWidth > 0)"
    )
