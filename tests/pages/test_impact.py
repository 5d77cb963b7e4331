"""Impact, the scorecard and the review against what the database says."""

from datetime import UTC, date, datetime, timedelta

import pytest

from earshot.domain.impact import Month
from earshot.pipeline.pages.impact import lately, volume_by_month
from earshot.report.plots import said
from tests.pages.conftest import Tab
from tests.pages.sites import NOW, Open

ADOPTION = """feature,born,adopters,audience,measured_on
Dark mode,insight,40,100,2026-11-01
Old page,other,5,100,2026-11-01
"""
_PLANT = """
    with member as (
        insert into audit_member (sample_id, conversation_id, place, stratum, probability, conversation_at)
        select $1, conversation_id, row_number() over (order by id), 'all', 1, conversation_at
        from conversation_insights order by id limit $2 returning *
    ) select * from member"""
_SAY = """
    insert into audit_label (sample_id, conversation_id, labeller, issue_type, at)
    select sample_id, conversation_id, 'pat', 'PRODUCT_BUG', now() from audit_member where sample_id = $1"""


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


async def test_a_fix_follows_its_item_into_the_theme_it_was_merged_into(here: Open) -> None:
    await _ship(here, 20)
    theme = await here.value("select theme_id from shipped")
    other = await here.value("select id from theme where id not in (select theme_id from backlog_item) limit 1")
    await here.rows("update backlog_item set theme_id = $2 where theme_id = $1", theme, other)
    page = await here.page("/impact")
    assert f'href="/themes/{other}"' in page.split("Rate, after to before")[1].split("</table>")[0]


async def test_what_is_no_longer_shipped_does_not_count_as_shipped(here: Open) -> None:
    item = await here.value("select id from backlog_item where status = 'draft' order by id limit 1")
    edit = "insert into item_edit (item_id, field, value, actor, at) values ($1, 'status', $2, 'x', now())"

    async def stood() -> tuple[str, bool]:
        async with here.earshot.parts.store.unit() as unit:
            [found] = [one for one in await lately(unit, now=NOW) if one.item_id == item]
        return found.status, found.shipped_at is not None

    await here.rows(edit, item, '"shipped"')
    assert await stood() == ("shipped", True)
    await here.rows(edit, item, '"approved"')
    assert await stood() == ("approved", False)
    await here.rows(edit, item, '"shipped"')
    await here.rows(edit, item, None)
    assert await stood() == ("draft", False)


async def test_the_weekly_audit_is_that_of_one_week(here: Open) -> None:
    assert "0 labelled" in await here.page("/scorecard")
    for number, (days, labels) in enumerate([(12, 3), (5, 2)]):
        await here.rows(
            "insert into audit_sample (id, kind, since, until, drawn_at, drawn_by, seed, size, second, "
            "populations) "
            "values ($1, 'weekly', $2, $3, $3, 'pat', '1', 10, 0, '{}')",
            f"w{number}",
            NOW - timedelta(days=days + 7),
            NOW - timedelta(days=days),
        )
        await here.rows(_PLANT, f"w{number}", labels)
        await here.rows(_SAY, f"w{number}")
    page = await here.page("/scorecard")
    assert "2 labelled" in page
    assert "5 labelled" not in page


async def test_months_are_divided_by_the_days_that_have_passed_exactly(here: Open) -> None:
    starts = [datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
    now = datetime(2026, 11, 2, 10, tzinfo=UTC)
    async with here.earshot.parts.store.unit() as unit:
        october, november = await unit.pages.outcomes.months(starts, now)
    assert october.days == 31
    assert november.days == pytest.approx(34 / 24)


def test_a_month_begun_today_is_left_out_and_bars_link_to_their_month_alone() -> None:
    held = [(date(2026, 12, 1), 31.0), (date(2027, 1, 1), 1.5), (date(2027, 2, 1), 0.9)]
    months = [Month(first_day=day, conversations=30, days=days) for day, days in held]
    marks = volume_by_month(months, 0).marks
    assert [mark.value for mark in marks] == [pytest.approx(30 / 31), 20]
    assert marks[0].href == "/conversations?since=2026-12-01&until=2027-01-01&unread=0"
    plot = volume_by_month(months, 60)
    assert [said(mark.value, plot.unit) for mark in plot.marks] == ["1.61", "33.33"]
    assert volume_by_month(months[2:], 0).marks == ()


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
    assert await sent(ADOPTION + "x" * 200_000 + ",insight,40,100,2026-11-01\n") == 422
    assert await sent(ADOPTION.replace("Dark", "Dark\0")) == 422
    assert await sent(ADOPTION.replace("\n", "\r")) == 303
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


async def test_the_time_of_a_report_is_measured_once_in_a_while(
    here: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    took = iter([0.0123, 0.2])

    async def measured(_: object) -> float:
        return next(took)

    monkeypatch.setattr("earshot.pipeline.pages.scorecard._measured", measured)
    for _ in range(2):
        assert "12 ms" in await here.page("/scorecard")
    monkeypatch.setattr("earshot.pipeline.pages.scorecard._AGAIN", timedelta())
    assert "200 ms" in await here.page("/scorecard")
