"""Actions on their pages: what is shown is what the database says, and what is approved goes out once."""

import asyncio
import csv
import io
import json
import re
from html import unescape
from typing import Any

import httpx2

from earshot.domain.action import INWARD
from earshot.sim.tools.settings import ToolFault
from tests.pages.acting import RULE, Acting, acting
from tests.pages.conftest import OpenSite
from tests.pages.sites import Open

HELD = "/actions?state=held"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{7*7}}'
TOKENS = {"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123456789"}


def picks(text: str) -> list[str]:
    """What can be ticked on a page."""
    return re.findall(r'type="checkbox" name="pick" value="([^"]+)"', text)


async def read_csv(site: Open, path: str) -> list[dict[str, str]]:
    """A table of the page as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(await site.page(path))))


async def send(site: Open, path: str, **fields: Any) -> httpx2.Response:
    """A form of ours, whatever comes of it."""
    form = {"_seal": await site.seal("/actions"), **fields}
    return await site.http.post(path, data=form, headers={"Origin": site.url})


async def said(site: Open) -> str:
    """What the page after a form says was done."""
    return (await site.page("/actions")).partition('role="status">')[2].partition("<")[0]


async def test_the_list_shows_what_was_decided_before_anything_is_enabled(here: Open) -> None:
    text = await here.page("/actions")
    outward = await here.value("select count(*) from action where kind <> all($1)", [k.value for k in INWARD])
    assert outward > 0
    assert len(await read_csv(here, "/actions?format=csv")) == outward
    assert "its rule is not on" in text
    everything = await here.value("select count(*) from action")
    assert len(await read_csv(here, "/actions?format=csv&inside=1")) == everything
    assert "Inside Earshot" in await here.page("/actions", inside="1", kind="ADD_TO_PM_QUEUE")


async def test_filters_select_the_rows_that_sql_selects(here: Open) -> None:
    async with acting(here, "slack") as desk:
        held = await desk.held()
        assert held
        text = await here.page(HELD)
        assert f"Waits for approval <b>{len(held)}</b>" in text
        assert len(picks(text)) == len(held)
        one = held[0]
        conversation = await here.value("select conversation_id from action where key = $1", one["action_key"])
        for name, value, condition in (
            ("rule", "P0_BUG_TICKET", "a.rule = $1"),
            ("kind", "ESCALATE_TO_FINANCE", "a.kind = $1"),
            (
                "conversation",
                conversation,
                "a.key in (select action_key from action_member where conversation_id = $1)",
            ),
        ):
            wanted = await here.value(f"select count(*) from action a where {condition}", value)
            rows = await read_csv(here, f"/actions?format=csv&{name}={value}")
            assert len({row["action"] for row in rows}) == wanted > 0, name
        assert len(await read_csv(here, f"/actions?format=csv&state=held&destination=slack&rule={RULE}")) == len(
            held
        )
        assert await read_csv(here, "/actions?format=csv&state=held&destination=jira") == []
        assert await read_csv(here, "/actions?format=csv&state=held&until=2020-01-01") == []
        assert len(await read_csv(here, "/actions?format=csv&state=held&since=24h")) == len(held)


async def test_what_cannot_be_read_is_refused_and_never_a_fault(here: Open) -> None:
    for query in (
        "state=lost",
        "kind=NONE",
        "after=%00",
        "after=abc",
        "since=yesterday",
        "nonsense=1",
        "inside=perhaps",
    ):
        assert (await here.http.get(f"/actions?{query}")).status_code == 422, query
    place = (await here.http.get("/actions?state=held&after=eyJpZCI6ImEifQ")).status_code
    assert place == 422
    assert "There is no action" in await here.page("/actions/zzzz", status=404)
    for path in ("approve", "retry", "discard"):
        assert (await send(here, f"/actions/{path}", reason="x")).status_code == 422, path
    assert (await send(here, "/actions/approve", pick="x.y")).status_code == 409
    assert (await send(here, "/actions/resume", destination="nowhere")).status_code == 404


async def test_every_line_is_on_one_page_once(here: Open) -> None:
    await here.rows(
        """insert into action (key, kind, subject, subject_id, conversation_id, rule, reason, status, dry_run,
            created_at, conversation_at)
        select md5(n::text), 'TAG', 'conversation', 'c' || n, 'c' || n, 'MANY', 'many', 'PENDING', false,
            now() - (n / 10) * interval '1 minute', now() from generate_series(1, 120) n"""
    )
    await here.rows(
        """insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, not_before,
            created_at)
        select 'd' || key, key, key, 'intercom', 'tag', 'create', subject_id, 'done', now(), created_at
        from action where rule = 'MANY'"""
    )
    for address in (
        "/actions?rule=MANY",
        "/actions?rule=MANY&state=done",
        "/actions?kind=TAG&destination=intercom",
    ):
        seen, path = list[str](), address
        while path:
            text = await here.page(path)
            seen += re.findall(r'<td class="what"><a href="/actions/(\w+)"', text)
            following = re.search(r'href="([^"]+)" data-key="n"', text)
            path = unescape(following[1]) if following else ""
        assert len(seen) == len(set(seen)) == 120, address
        assert len(await read_csv(here, f"{address}&format=csv")) == 120


async def test_what_is_approved_goes_out_once_and_stands_there(here: Open) -> None:
    async with acting(here, "slack") as desk:
        text = await here.page(HELD)
        (first, second, *_), before = picks(text), len(await desk.held())
        assert desk.benches["slack"].objects() == 0
        await here.send("/actions/approve", seen=HELD, pick=[first, second], back=HELD)
        assert await said(here) == "2 approved. What was shown goes out with the next delivery."
        assert (await desk.states()) == {"held": before - 2, "pending": 2}
        acted = await here.earshot.act()
        assert (acted.done, acted.failed) == (2, 0)
        assert desk.benches["slack"].objects() == 2
        await here.earshot.act()
        assert desk.benches["slack"].objects() == 2
        done = (await here.rows("select * from delivery where state = 'done'"))[0]
        assert done["approved_by"] == "local"
        page = await here.page(f"/actions/{done['action_key']}")
        assert "approved by local" in page
        assert "<strong>Approved</strong>" in page
        assert "<strong>Done</strong>" in page
        acts = await here.rows("select subject, act, detail from person_act order by id")
        assert [act["act"] for act in acts] == ["action.approve"] * 2
        assert done["action_key"] in {act["subject"] for act in acts}


async def test_what_was_shown_is_what_is_sent(here: Open) -> None:
    async with acting(here, "slack") as desk:
        one = (await desk.held())[0]
        page = await here.page(f"/actions/{one['action_key']}")
        (pick,) = re.findall(r'name="pick" value="([^"]+)"', page)
        content = await here.value("select content from delivery_content where delivery_id = $1", one["id"])
        title = json.loads(content)["title"]
        assert title in unescape(page)
        changed = "update delivery_content set content = jsonb_set(content, '{title}', $2) where delivery_id = $1"
        await here.rows(changed, one["id"], json.dumps("Something else"))
        refused = await send(here, "/actions/approve", pick=pick)
        assert refused.status_code == 409
        assert "Nothing was approved" in refused.text
        await here.rows(changed, one["id"], json.dumps(title))
        await here.send("/actions/approve", seen="/actions", pick=pick)
        await here.earshot.act()
        (body,) = desk.benches["slack"].bodies()
        assert title in json.dumps(json.loads(body), ensure_ascii=False)


async def test_of_two_people_who_approve_at_once_one_wins_and_nothing_is_sent_twice(here: Open) -> None:
    async with acting(here, "slack") as desk:
        every = picks(await here.page(HELD))
        both = await asyncio.gather(*(send(here, "/actions/approve", pick=every[:3]) for _ in range(2)))
        assert sorted(answer.status_code for answer in both) in ([303, 409], [303, 303])
        assert (await desk.states())["pending"] == 3
        assert await here.value("select count(*) from person_act where act = 'action.approve'") == 3
        late = await send(here, "/actions/discard", pick=every[:4], reason="no")
        assert late.status_code == 303
        assert (await desk.states())["discarded"] == 1, "what is approved is another thing than what was shown"
        assert "1 discarded. 3 left alone" in await said(here)
        await asyncio.gather(here.earshot.act(), here.earshot.act())
        assert desk.benches["slack"].objects() == 3
        assert desk.benches["slack"].duplicates() == 0


async def test_giving_up_takes_a_reason_and_can_be_taken_back(here: Open) -> None:
    async with acting(here, "slack") as desk:
        pick = picks(await here.page(HELD))[0]
        assert (await send(here, "/actions/discard", pick=pick)).status_code == 422
        await here.send("/actions/discard", seen=HELD, pick=pick, reason="not our matter")
        given_up = "/actions?state=discarded"
        text = await here.page(given_up)
        assert "discarded by local: not our matter" in text
        await here.send("/actions/retry", seen="/actions", pick=picks(text)[0], back="//evil.example")
        assert await desk.states() == {"held": len(await desk.held()), "pending": 1}
        await here.earshot.act()
        assert desk.benches["slack"].objects() == 1


async def test_all_at_once_leaves_the_suspect_ones_who_say_why_they_wait(here: Open) -> None:
    async with acting(here, "slack") as desk:
        held = await desk.held()
        odd = held[0]
        why = "suspect: the text instructs its reader"
        await here.rows(
            "update delivery set cause = $2, created_at = now() - interval '3 days' where id = $1", odd["id"], why
        )
        await here.rows(
            "update action set suspect = 'the text instructs its reader' where key = $1", odd["action_key"]
        )
        text = await here.page(HELD)
        assert why in text
        assert text.count("for more than 24 hours") == 1
        assert "moves nothing outward by itself" in await here.page(f"/actions/{odd['action_key']}")
        safe = re.findall(r'name="safe" value="([^"]+)"', text)
        assert len(safe) == len(held) - 1
        await here.send("/actions/approve", seen=HELD, safe=safe, all="1")
        assert [row["id"] for row in await desk.held()] == [odd["id"]]


async def test_a_paused_destination_is_shown_and_opened_again(here: Open) -> None:
    async with acting(here, "slack") as desk:
        await here.send("/actions/approve", seen=HELD, pick=picks(await here.page(HELD))[0])
        desk.benches["slack"].strike(ToolFault.UNAUTHORIZED)
        await here.earshot.act()
        text = await here.page("/actions")
        assert "is paused until a person looks at it" in text
        assert desk.benches["slack"].objects() == 0
        await here.send("/actions/resume", seen="/actions", destination="slack", back="/actions")
        assert "is paused" not in await here.page("/actions")
        await here.rows("update delivery set not_before = now() where state = 'pending'")
        await here.earshot.act()
        assert desk.benches["slack"].objects() == 1
        assert await here.value("select subject from person_act where act = 'destination.resume'") == "slack"


async def test_silences_suppress_and_are_lifted_once(here: Open) -> None:
    page = "/actions/silences"
    for wrong in (
        {"hours": "0", "reason": "x"},
        {"hours": "4"},
        {"hours": "4", "reason": "x"},
        {"hours": "9999", "reason": "x"},
    ):
        assert (await send(here, page, **wrong)).status_code == 422, wrong
    await here.send(page, seen=page, rule=RULE, hours="4", reason="moving house")
    text = await here.page(page)
    assert f"rule: {RULE}" in text
    assert "moving house" in text
    assert "1 silence in force" in await here.page("/actions")
    async with acting(here, "slack") as desk:
        assert set(await desk.states()) == {"suppressed"}
        assert "silenced" in await here.page("/actions?state=suppressed")
    ident = await here.value("select id from silence")
    await here.send(f"{page}/lift", seen=page, id=ident)
    assert "In force" not in await here.page(page)
    assert (await send(here, f"{page}/lift", id=ident)).status_code == 404
    acts = await here.rows("select act from person_act order by id")
    assert [act["act"] for act in acts] == ["silence.add", "silence.lift"]


async def test_who_may_only_look_decides_nothing(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS)
    form = {
        "_seal": await site.seal("/login"),
        "name": "Vera",
        "token": TOKENS["web_viewer_token"],
        "next": "/actions",
    }
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    async with acting(site, "slack") as desk:
        text = await site.page(HELD)
        assert picks(text) == []
        assert "Approve" not in text
        seal = {"_seal": await site.seal("/actions")}
        for path in ("approve", "retry", "discard", "resume", "silences"):
            refused = await site.http.post(f"/actions/{path}", data=seal, headers={"Origin": site.url})
            assert refused.status_code == 403, path
        assert len(await desk.held()) == sum((await desk.states()).values())


async def hostile(desk: Acting) -> str:
    """Everything a customer or a tool could say, said badly; the key of the action that says it."""
    site, one = desk.site, (await desk.held())[0]
    key, word = one["action_key"], json.dumps(HOSTILE)
    content = "jsonb_set(jsonb_set(content, '{title}', $2), '{body}', $3)"
    body = json.dumps({"blocks": [{"type": "paragraph", "spans": [{"text": HOSTILE}]}]})
    await site.rows(
        f"update delivery_content set content = {content} where delivery_id = $1", one["id"], word, body
    )
    receipt = json.dumps({"external_id": HOSTILE, "url": "javascript:alert(1)"})
    await site.rows(
        "update delivery set cause = $2, note = $2, receipt = $3 where id = $1", one["id"], HOSTILE, receipt
    )
    await site.rows(
        "update link set receipt = $2, subject_id = $3 where object_key = $1", one["object_key"], receipt, HOSTILE
    )
    for column in ("reason", "suspect", "subject_id", "conversation_id"):
        await site.rows(f"update action set {column} = $2 where key = $1", key, HOSTILE)
    await site.rows("update action_member set suspect = $2 where action_key = $1", key, HOSTILE)
    return key


async def test_hostile_words_are_inert(here: Open) -> None:
    async with acting(here, "slack") as desk:
        key = await hostile(desk)
        for path in ("/actions", HELD, f"/actions/{key}", f"/actions?conversation={HOSTILE[:20]}"):
            text = await here.page(path)
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            assert "javascript:" not in text, path
            assert "\u202e" not in text, path
        assert "&lt;script&gt;alert(1)" in await here.page(f"/actions/{key}")
