"""Impact, the scorecard and the review against what the database says."""

import pytest

from tests.pages.conftest import Tab
from tests.pages.sites import Open

ADOPTION = """feature,born,adopters,audience,measured_on
Dark mode,insight,40,100,2026-11-01
Old page,other,5,100,2026-11-01
"""


async def _ship(here: Open, days: int) -> str:
    item = (await here.rows("select id, theme_id from backlog_item order by score desc nulls last, id limit 1"))[0]
    await here.rows(
        "insert into shipped (id, theme_id, item_id, shipped_at, actor, noted_at) "
        "values ('s1', $1, $2, now() - make_interval(days => $3), 'pat', now())",
        item["theme_id"],
        item["id"],
        days,
    )
    return item["theme_id"]


async def test_a_fix_is_compared_with_the_same_span_before_it(here: Open) -> None:
    theme = await _ship(here, 20)
    page = await here.page("/impact")
    counted = """
        select count(distinct conversation_id) from finding where theme_id = $1
        and hour >= date_trunc('hour', now() - interval '20 days', 'UTC') - interval '20 days' * {before}
        and hour < date_trunc('hour', now() - interval '20 days', 'UTC') + interval '20 days' * {after}"""
    before = await here.value(counted.format(before=1, after=0), theme)
    after = await here.value(counted.format(before=0, after=1), theme)
    row = page.split("Rate, after to before")[1].split("</table>")[0]
    assert f'<td class="num">20</td>\n<td class="num">{before}</td><td class="num">{after}</td>' in row


async def test_too_early_is_said(here: Open) -> None:
    await _ship(here, 3)
    assert "too early: look again after 7 days" in await here.page("/impact")


async def test_the_share_of_the_backlog_counts_items_of_trackers(here: Open) -> None:
    assert "No tracker was read yet." in await here.page("/impact")
    await here.rows(
        "insert into existing_item (id, source, key, title) select 'jira:A-' || n, 'jira', 'A-' || n, 't' "
        "from generate_series(1, 4) n"
    )
    await here.rows(
        "insert into match (theme_id, item_id, probability, standing, decided_by, reason, decided_at) "
        "select id, 'jira:A-1', 1, 'same', 'person', 'Earshot made it', now() from theme limit 1"
    )
    assert "1 of 4 items of the trackers" in await here.page("/impact")
    assert "25% (1 of 4)" in await here.page("/scorecard")


async def test_adoption_is_taken_in_whole_or_not_at_all(here: Open) -> None:
    seal = await here.seal("/impact")

    async def sent(text: str) -> int:
        answer = await here.http.post(
            "/impact/adoption",
            data={"_seal": seal},
            files={"file": ("adoption.csv", text.encode(), "text/csv")},
            headers={"Origin": here.url},
        )
        return answer.status_code

    assert await sent(ADOPTION + "Broken,insight,many,100,2026-11-01\n") == 422
    assert await here.value("select count(*) from adoption") == 0
    assert await sent("nothing of use") == 422
    assert await sent(ADOPTION) == 303
    assert await sent(ADOPTION) == 303
    page = await here.page("/impact")
    assert "Dark mode" in page
    assert ">40%</td>" in page
    assert await here.value("select count(*) from adoption") == 2


async def test_the_scorecard_says_what_is_not_measured(here: Open) -> None:
    page = await here.page("/scorecard")
    assert "Webhook to decision" in page
    assert "not measured yet" in page
    runs = await here.rows(
        "select extract(epoch from ended_at - started_at) as s from run where kind = 'run' and ok"
    )
    assert len(runs) == 1
    assert "1 of 1 in the last 30 days." in page


@pytest.mark.browser
async def test_impact_and_scorecard_look_right(tab: Tab) -> None:
    await _ship(tab.site, 20)
    await tab.looks("/impact", "impact")
    await tab.looks("/scorecard", "scorecard")


async def test_the_review_gathers_what_a_month_brings(here: Open) -> None:
    page = await here.page("/review")
    drafted = await here.value("select count(*) from backlog_item")
    assert f"{drafted / 3:,.1f}" in page
    assert "capacity not known yet" in page
    frequent = await here.value(
        "select count(*) from theme where issue_type = 'UX_FRICTION' and conversations >= 3 "
        "and last_seen > now() - interval '90 days'"
    )
    row = page.split("UX friction</a>")[1].split("</tr>")[0]
    assert f'<td class="num">{frequent / 3:,.1f}</td>' in row
    area = await here.value(
        "select area from theme where area is not null group by 1 order by sum(conversations) desc, 1 limit 1"
    )
    assert area in page
    item = await here.value("select id from backlog_item limit 1")
    await here.rows("insert into item_rating (item_id, person, stars, at) values ($1, 'pat', 4, now())", item)
    assert "1 ratings in three months, 4.0 of 5 on average" in await here.page("/review")


@pytest.mark.browser
async def test_the_review_looks_right(tab: Tab) -> None:
    await tab.looks("/review", "review")
