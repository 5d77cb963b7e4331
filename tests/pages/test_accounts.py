"""Accounts as pages show them: figures equal what SQL says, the risk is explained, the list pages and filters."""

import csv
import html
import io
import re
from datetime import timedelta

from earshot.pipeline.accounts.reckoning import reckon, reckoning
from earshot.pipeline.accounts.risk import points_of, risk_of
from earshot.pipeline.pages.accounts.listing import first_day
from earshot.ports.pages.accounts import Standing
from tests.pages.sites import Open

ROWS = """
    select a.id, a.name, count(*) as n, avg(i.sentiment_score) as mood,
        count(*) filter (where i.churn_risk = 'HIGH') as high
    from account a join conversation_insights i on i.account = a.id
    where a.company and (i.conversation_at at time zone 'UTC') >= cast($1 as date) and i.times_known
    group by a.id, a.name
"""


async def since(here: Open) -> str:
    return first_day(here.earshot.parts.clock.now(), timezone=here.earshot.parts.report.timezone)


async def test_standings_equal_the_rows(here: Open) -> None:
    await reckon(here.earshot.parts)
    begin = here.earshot.parts.clock.now() - timedelta(days=89)
    told = {row["id"]: row for row in await here.rows(ROWS, begin.date())}
    held = await here.rows("select * from account_standing join account on id = account where company")
    assert {row["account"] for row in held} >= set(told)
    assert len(told) > 5
    for row in held:
        real = told.get(row["account"], {"n": 0, "high": 0, "mood": None})
        assert (row["conversations"], row["churn_high"]) == (real["n"], real["high"])
        if real["n"]:
            assert abs(row["score"] / real["n"] - real["mood"]) < 1e-9


async def test_the_list_ranks_by_risk_and_links_to_the_rows(here: Open) -> None:
    text = await here.page("/accounts")
    first = (
        await here.rows(
            """select s.account, s.conversations, a.name from account_standing s join account a on a.id = s.account
            where a.company order by s.risk desc, a.mrr desc nulls last limit 1"""
        )
    )[0]
    assert f'href="/accounts/{first["account"]}"' in text
    link = f"/conversations?unread=0&amp;account={first['account']}&amp;since={await since(here)}"
    assert f'href="{link}">{first["conversations"]}<' in text
    begin = text.index("<tbody>")
    assert text.index(first["account"], begin) < begin + 300


async def test_the_list_pages_filters_and_sorts(here: Open) -> None:
    await reckon(here.earshot.parts)
    rows = list(csv.DictReader(io.StringIO(await here.page("/accounts?sort=mrr&kind=&format=csv"))))
    assert len(rows) == await here.value("select count(*) from account_standing")
    money = [float(row["mrr"]) for row in rows if row["mrr"]]
    assert money == sorted(money, reverse=True)
    path, seen = "/accounts?kind=&sort=sentiment", list[str]()
    while path:
        text = await here.page(path)
        seen += re.findall(r'<th scope="row"><a href="/accounts/([^"]+)"', text)
        more = re.search(r'href="([^"]+)" data-key="n"', text)
        path = html.unescape(more[1]) if more else ""
    assert sorted(seen) == sorted(row["account"] for row in rows)
    named = next(row for row in rows if row["name"] and row["segment"])
    text = await here.page("/accounts", q=named["name"].upper(), segment=named["segment"], kind="")
    assert f"/accounts/{named['account']}" in text
    assert "No account fits" in await here.page("/accounts", q="zzzz qqqq")
    for garbage in ("sort=worst", "kind=aliens", "after=!!", "risk=none"):
        assert (await here.http.get(f"/accounts?{garbage}")).status_code == 422


async def test_an_account_explains_its_risk_and_shows_its_rows(here: Open) -> None:
    await here.page("/accounts")
    row = (await here.rows("select * from account_standing order by conversations desc, risk desc limit 1"))[0]
    text = await here.page(f"/accounts/{row['account']}")
    standing = Standing.model_validate({name: row[name] for name in Standing.model_fields})
    risk = risk_of(standing)
    assert risk.score == row["risk"]
    assert f"risk {row['risk']} of 100" in text
    for line in risk.lines:
        assert f'<th scope="row">{line.name}</th><td>{line.counted}</td>' in text
    said = await here.rows(
        """select conversation_id from conversation_insights where account = $1
        order by conversation_at desc limit 25""",
        row["account"],
    )
    assert all(f'href="/conversations/{one["conversation_id"]}"' in text for one in said)
    matters = await here.value("select count(distinct theme_id) from finding where account = $1", row["account"])
    assert len(set(re.findall(r'href="/themes/(t[^"]+)"', text))) == matters
    assert (await here.http.get("/accounts/nobody")).status_code == 404


async def test_what_changes_is_counted_again(here: Open) -> None:
    await here.page("/accounts")
    one = await here.value(
        "select account from account_standing where open_conversations = 0 and conversations > 0 limit 1"
    )
    talk = await here.value("select conversation_id from conversation_insights where account = $1 limit 1", one)
    await here.rows(
        "update conversation set state = 'open', rating = 1, ai_outcome = 'escalated' where id = $1 returning id",
        talk,
    )
    text = await here.page(f"/accounts/{one}")
    assert "1 open conversations, of any age" in text
    assert "1 rated, 1 with 1 or 2" in text
    assert await here.value("select ai_handled from account_standing where account = $1", one) >= 1
    await here.rows(
        "update conversation_insights set churn_risk = 'HIGH' where conversation_id = $1 returning id", talk
    )
    before = await here.value("select risk from account_standing where account = $1", one)
    await here.page(f"/accounts/{one}")
    assert await here.value("select risk from account_standing where account = $1", one) > before


async def test_a_day_that_goes_by_is_counted_again(here: Open) -> None:
    parts = here.earshot.parts
    await reckon(parts)
    async with parts.store.unit() as unit:
        later = reckoning(parts, parts.clock.now() + timedelta(days=91))
        await unit.pages.accounts.reckon(later, points_of)
        await unit.commit()
    assert await here.value("select sum(conversations) from account_standing") == 0
    assert await here.value("select sum(before) from account_standing") > 0


async def test_an_erased_account_leaves_no_standing(here: Open) -> None:
    await here.page("/accounts?kind=people")
    person = await here.value(
        "select account from account_standing join account on id = account where not company limit 1"
    )
    async with here.earshot.parts.store.unit() as unit:
        await unit.erasure.contact(person)
        await unit.commit()
    assert await here.value("select count(*) from account_standing where account = $1", person) == 0
    assert await here.value("select count(*) from dirty_account where account = $1", person) == 0


async def test_a_customer_who_was_silent_for_long_still_stands(here: Open) -> None:
    account = await here.value(
        "select account from conversation_insights where account is not null "
        "group by 1 order by count(*), 1 limit 1"
    )
    old = "now() - interval '300 days'"  # a constant of ours
    for change in (
        f"update conversation set spoken_at = {old}, created_at = {old} where account = $1",
        f"update conversation_insights set conversation_at = {old} where account = $1",
    ):
        await here.rows(change, account)
    await here.page("/accounts")
    kept = await here.rows("select conversations, last_at from account_standing where account = $1", account)
    assert [one["conversations"] for one in kept] == [0]
    assert account in await here.page(f"/accounts/{account}")
