"""Themes as pages show them: figures equal what SQL says, lists rank and filter, changes are previewed first."""

import asyncio
import csv
import html
import io
import re
from typing import Any

import pytest

from tests.pages.sites import Open

BIGGEST = """
    select t.id, t.title, t.conversations, t.customers from theme t order by t.conversations desc, t.id limit 1
"""
RANKED = """
    select f.theme_id, count(distinct f.conversation_id) as n, count(distinct f.account) as customers
    from finding f where f.theme_id is not null and f.times_known group by f.theme_id
"""


async def biggest(here: Open) -> dict[str, Any]:
    await here.page("/themes?since=all")
    return (await here.rows(BIGGEST))[0]


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_the_list_counts_what_sql_counts_in_every_order(here: Open) -> None:
    told = {row["theme_id"]: row for row in await here.rows(RANKED)}
    for sort in ("conversations", "customers", "mrr", "rising", "newest"):
        rows = lines(await here.page(f"/themes?since=all&sort={sort}&format=csv"))
        assert {row["theme"] for row in rows} == set(told)
        assert all(int(row["conversations"]) == told[row["theme"]]["n"] for row in rows)
        if sort in {"conversations", "customers"}:
            numbers = [int(row[sort]) for row in rows]
            assert numbers == sorted(numbers, reverse=True)
    by_mrr = lines(await here.page("/themes?since=all&sort=mrr&format=csv"))
    money = [float(row["mrr"] or 0) for row in by_mrr]
    assert money == sorted(money, reverse=True)
    assert money[0] > 0


async def test_a_window_counts_its_own_conversations_and_links_to_them(here: Open) -> None:
    rows = lines(await here.page("/themes?since=2026-01-01&until=2100-01-01&sort=conversations&format=csv"))
    text = await here.page("/themes?since=90d")
    n, theme = await _first_count(text)
    counted = await here.value(
        """select count(distinct conversation_id) from finding where theme_id = $1 and times_known
        and conversation_at >= now() - interval '90 days'""",
        theme,
    )
    assert n == counted
    assert rows


async def _first_count(text: str) -> tuple[int, str]:
    found = re.search(r'/conversations\?unread=0&amp;theme=([^&"]+)&amp;since=[^"]*">([\d,]+)<', text)
    assert found is not None
    return int(found[2].replace(",", "")), found[1]


async def test_filters_narrow_and_words_search(here: Open) -> None:
    theme = await biggest(here)
    kind = await here.value("select issue_type from theme where id = $1", theme["id"])
    rows = lines(await here.page(f"/themes?since=all&issue_type={kind}&issue_type=&format=csv"))
    assert {row["issue_type"] for row in rows} == {kind}
    word = max(re.findall(r"[a-z]+", theme["title"].lower()), key=len)
    rows = lines(await here.page("/themes", since="all", q=word.upper(), format="csv"))
    assert theme["id"] in {row["theme"] for row in rows}
    assert all(word in row["title"].lower() for row in rows)
    assert "No theme fits" in await here.page("/themes", q="zzzzqqqq")


@pytest.mark.parametrize(
    "query", ["sort=worst", "since=soon", "since=2026-02-01&until=2026-01-01", "after=!!", "until=9999-12-31T23:00"]
)
async def test_garbage_is_refused(here: Open, query: str) -> None:
    assert (await here.http.get(f"/themes?{query}")).status_code == 422


async def test_a_theme_shows_its_numbers_members_and_customers(here: Open) -> None:
    theme = await biggest(here)
    text = await here.page(f"/themes/{theme['id']}")
    link = f"/conversations?unread=0&amp;theme={theme['id']}"
    assert f'<a href="{link}">{theme["conversations"]}</a>' in text
    assert f'<a href="#customers">{theme["customers"]}</a>' in text
    quoted = await here.value(
        "select conversation_id from finding where theme_id = $1 order by conversation_at desc limit 1", theme["id"]
    )
    assert f'href="/conversations/{quoted}"' in text
    assert "Conversations by week" in text


async def test_members_come_page_by_page_each_once(here: Open) -> None:
    theme = await biggest(here)
    path, seen = f"/themes/{theme['id']}", list[str]()
    while path:
        text = await here.page(path)
        seen += re.findall(r'name="conversation" value="([^"]+)"', text)
        more = re.search(r'href="([^"]+)" data-key="n"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    held = await here.rows("select conversation_id from finding where theme_id = $1", theme["id"])
    assert sorted(seen) == sorted(row["conversation_id"] for row in held)


async def two(here: Open) -> tuple[dict[str, Any], dict[str, Any]]:
    await here.page("/themes?since=all")
    rows = await here.rows(
        "select id, title, conversations from theme where conversations > 2 order by conversations limit 2"
    )
    return rows[0], rows[1]


async def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return html.unescape(found[1])


async def preview(here: Open, theme: str, **form: Any) -> tuple[str, dict[str, Any]]:
    """What the preview says, and the form that carries it out."""
    version = await hidden(await here.page(f"/themes/{theme}"), "version")
    answer = await here.send(f"/themes/{theme}/preview", seen="/themes", status=200, version=version, **form)
    told = {name: await hidden(answer.text, name) for name in ("version", "kind", "into", "title")}
    return answer.text, {**form, **told}


async def test_merge_is_previewed_done_recorded_and_taken_back(here: Open) -> None:
    one, other = await two(here)
    text, form = await preview(here, one["id"], kind="merge", into=other["id"])
    assert "Nothing has been changed yet" in text
    assert await here.value("select count(*) from theme_edit") == 0
    together = await here.value("select count(distinct conversation_id) from finding where theme_id = any($1)",
                                [one["id"], other["id"]])  # fmt: skip
    assert f"<strong>{together}</strong>" in text
    done = await here.send(f"/themes/{one['id']}/change", seen="/themes", **form)
    assert done.headers["location"] == f"/themes/{other['id']}"
    assert (
        await here.value("select count(distinct conversation_id) from finding where theme_id = $1", other["id"])
        == together
    )
    act = (await here.rows("select act, subject, detail from person_act order by id desc limit 1"))[0]
    assert (act["act"], act["subject"]) == ("theme.merge", one["id"])
    gone = await here.http.get(f"/themes/{one['id']}")
    assert (gone.status_code, gone.headers["location"]) == (303, f"/themes/{other['id']}")
    edit = await here.value("select id from theme_edit")
    assert edit in await here.page("/themes/edits")
    await here.send(f"/themes/edits/{edit}/undo", seen="/themes", back=other["id"])
    for theme in (one, other):
        n = await here.value("select count(distinct conversation_id) from finding where theme_id = $1", theme["id"])
        assert n == theme["conversations"]


async def test_split_and_move_take_the_ticked_conversations(here: Open) -> None:
    theme = await biggest(here)
    found = await here.rows(
        "select distinct conversation_id from finding where theme_id = $1 order by 1 limit 2", theme["id"]
    )
    ticked = [row["conversation_id"] for row in found]
    _, form = await preview(here, theme["id"], kind="split", conversation=ticked, title="Split off by hand")
    await here.send(f"/themes/{theme['id']}/change", seen="/themes", **form)
    new = await here.value("select id from theme where title = 'Split off by hand'")
    moved = await here.rows("select distinct conversation_id from finding where theme_id = $1 order by 1", new)
    assert [row["conversation_id"] for row in moved] == ticked
    _, form = await preview(here, new, kind="move", conversation=ticked[0], into=theme["id"])
    await here.send(f"/themes/{new}/change", seen="/themes", **form)
    back = "select theme_id from finding where conversation_id = $1 and theme_id = any($2)"
    assert await here.value(back, ticked[0], [new, theme["id"]]) == theme["id"]
    assert await here.value(back, ticked[1], [new, theme["id"]]) == new
    text, form = await preview(here, theme["id"], kind="rename", title="Called <b>otherwise</b>")
    assert "<b>otherwise" not in text
    await here.send(f"/themes/{theme['id']}/change", seen="/themes", **form)
    assert "Called &lt;b&gt;otherwise" in await here.page(f"/themes/{theme['id']}")


async def test_two_people_at_once_lose_nothing(here: Open) -> None:
    one, other = await two(here)
    _, first = await preview(here, one["id"], kind="rename", title="The first name")
    _, second = await preview(here, one["id"], kind="rename", title="The second name")
    seal = await here.seal("/themes")

    async def change(form: dict[str, Any]) -> int:
        answer = await here.http.post(f"/themes/{one['id']}/change", data={"_seal": seal, **form},
                                      headers={"Origin": here.url})  # fmt: skip
        return answer.status_code

    statuses = await asyncio.gather(change(first), change(second))
    assert sorted(statuses) == [303, 409]
    kept = "The first name" if statuses[0] == 303 else "The second name"
    assert await here.value("select title from theme where id = $1", one["id"]) == kept
    assert await here.value("select count(*) from theme_edit") == 1
    stale = await here.send(f"/themes/{one['id']}/preview", seen="/themes", status=409, kind="merge",
                            into=other["id"], version="old")  # fmt: skip
    assert "Somebody changed the theme" in stale.text


async def test_while_a_run_holds_the_line_the_page_says_so(here: Open) -> None:
    one, other = await two(here)
    version = await hidden(await here.page(f"/themes/{one['id']}"), "version")
    async with here.earshot.parts.store.exclusive("line"):
        answer = await here.send(f"/themes/{one['id']}/preview", seen="/themes", status=503, kind="merge",
                                 into=other["id"], version=version)  # fmt: skip
    assert "A run is under way" in answer.text


async def test_words_may_mean_several_themes(here: Open) -> None:
    one, _ = await two(here)
    version = await hidden(await here.page(f"/themes/{one['id']}"), "version")
    word = await here.value(
        """select word from (select distinct id, unnest(string_to_array(lower(title), ' ')) as word from theme
        where id <> $1) w where word ~ '^[a-z]{4,}$' group by word having count(*) between 2 and 9 limit 1""",
        one["id"],
    )
    answer = await here.send(f"/themes/{one['id']}/preview", seen="/themes", status=200, kind="merge", into=word,
                             version=version)  # fmt: skip
    assert "Which theme do you mean?" in answer.text
    nothing = await here.send(f"/themes/{one['id']}/preview", seen="/themes", status=422, kind="merge",
                              into="zzzz qqqq", version=version)  # fmt: skip
    assert "No other theme fits" in nothing.text


async def test_customers_words_come_before_open_questions_which_are_one_line(here: Open) -> None:
    [most] = await here.rows(
        """select f.theme_id, count(*) as n from doubt d join finding f on f.id = d.mention_id
        where f.theme_id is not null group by 1 order by 2 desc, 1 limit 1"""
    )
    theme, asked = most["theme_id"], most["n"]
    page = await here.page(f"/themes/{theme}")
    assert page.index("What customers said") < page.index("Open questions")
    shown = re.search(r'<details class="card" id="open"><summary>(\d+)( or more)? for a person', page)
    assert shown is not None
    assert page.count('name="doubt"') == int(shown[1]) == min(asked, 10)
    assert bool(shown[2]) == (asked >= 10)
    assert f'<a href="#open">{shown[1]}' in page
