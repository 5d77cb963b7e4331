"""Rules on their pages: figures are those of the database and the command; switching is an admin's and recorded."""

import asyncio
import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx2
import pytest

from earshot.decide.packs import pack
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.pages import rules
from earshot.pipeline.ruling.states import named, switch
from earshot.pipeline.ruling.trying import tried
from tests.pages.acting import RULE, acting
from tests.pages.conftest import OpenSite
from tests.pages.sites import Open

TOKENS = {"web_token": "admin-token-0123456789", "web_editor_token": "editor-token-0123456789"}
PAGE = f"/rules/{RULE}"


def numbers(text: str) -> list[tuple[str, int]]:
    """The table of a page's chart: days and matches."""
    return [
        (day, int(n))
        for day, n in re.findall(r'<th scope="row">(\d{4}-\d\d-\d\d)</th>\s*<td class="num">(\d+)', text)
    ]


def version(text: str) -> str:
    """What stands for the rule as a page shows it."""
    return text.partition('name="version" value="')[2].partition('"')[0]


async def send(site: Open, *, seen: str = PAGE, **fields: Any) -> httpx2.Response:
    """The form that switches, as the page `seen` gives it and with these fields."""
    text = await site.page(seen)
    form = {"_seal": await site.seal(seen), "name": RULE, "version": version(text), "reason": "a try", **fields}
    return await site.http.post("/rules/switch", data=form, headers={"Origin": site.url})


async def test_every_rule_is_listed_with_what_it_decided(here: Open) -> None:
    text = await here.page("/rules")
    table = list(csv.DictReader(io.StringIO(await here.page("/rules?format=csv"))))
    assert {row["rule"] for row in table} == {rule.name for rule in pack("guide")}
    for row in table:
        wanted = await here.value("select count(*) from action where rule = $1", row["rule"])
        assert (int(row["decided_7d"]), int(row["decided_30d"])) == (wanted, wanted), row["rule"]
        shown = f'since=30d">{wanted}</a>'
        assert shown in unescape(text).partition(f">{row['rule']}</a>")[2], row["rule"]
    assert "the issue type is billing <b>and</b> the priority is critical or high" in text
    listed = await here.page("/actions", format="csv", rule=RULE, since="30d")
    assert len(listed.splitlines()) - 1 == int(next(row for row in table if row["rule"] == RULE)["decided_30d"])


async def test_what_came_of_a_rule_leads_to_its_rows(here: Open) -> None:
    async with acting(here, "slack") as desk:
        held = len(await desk.held())
        text = unescape(await here.page("/rules"))
        link = re.search(rf'href="(/actions\?rule={RULE}[^"]*state=held)">([0-9,]+) waits', text)
        assert link
        assert int(link[2]) == held
        assert len((await here.page(f"{link[1]}&format=csv")).splitlines()) - 1 == held


@pytest.mark.parametrize("days", [7, 30, 90])
async def test_a_back_test_is_that_of_the_command(here: Open, days: int) -> None:
    parts = here.earshot.parts
    since = parts.clock.now() - timedelta(days=days)
    found = await tried(parts, pack("guide"), only=[RULE], since=since)
    (test,) = found.rules
    text = await here.page(f"{PAGE}?days={days}")
    assert f"<strong>{test.matches}</strong> of {found.insights} conversations" in text
    by_day = numbers(text)
    assert len(by_day) in {0, days + 1}
    assert {day: n for day, n in by_day if n} == {day.isoformat(): n for day, n in test.days.items()}
    said = await here.value(
        """select count(*) from conversation_insights
        where issue_type = 'BILLING' and priority in ('CRITICAL', 'HIGH') and conversation_at >= $1""",
        since,
    )
    assert test.matches == said == sum(test.days.values())
    for one in test.examples:
        assert f'href="/conversations/{one.conversation_id}"' in text
    assert "taken for granted here" in text


async def test_a_long_back_test_is_bounded_and_says_so(here: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TESTED", 20)
    monkeypatch.setattr(rules, "AT_ONCE", 3)
    text = await here.page(f"{PAGE}?days=90")
    assert "Only the newest 20 conversations were tried, not all 90 days" in text
    assert sum(n for _, n in numbers(text)) == await here.value(
        """select count(*) from (select * from conversation_insights order by conversation_at desc limit 20) i
        where issue_type = 'BILLING' and priority in ('CRITICAL', 'HIGH')"""
    )
    assert "nothing is tried before you ask" in await here.page(PAGE)


async def test_what_cannot_be_read_is_refused(here: Open) -> None:
    assert (await here.http.get(f"{PAGE}?days=8")).status_code == 422
    assert (await here.http.get(f"{PAGE}?days=x")).status_code == 422
    assert "there is no rule" in await here.page("/rules/NOBODY", status=404)
    for fields in ({"mode": "loud"}, {"mode": "share", "share": "0"}, {"mode": "share", "share": "nan"},
                   {"mode": "share", "share": "101"}, {"mode": "on", "reason": " "}):  # fmt: skip
        assert (await send(here, **fields)).status_code == 422, fields
    assert (await send(here, mode="on", name="NOBODY")).status_code == 404
    assert await here.value("select count(*) from rule_state") == 0


async def test_a_switch_is_recorded_with_its_reason(here: Open) -> None:
    assert (await send(here, mode="share", share="12.5 %", reason="carefully")).status_code == 303
    text = await here.page(PAGE)
    assert "On for 12%" in text or "On for 13%" in text
    assert "carefully" in text
    (state,) = await here.rows("select * from rule_state")
    assert (state["name"], state["mode"], state["share"], state["actor"]) == (RULE, "share", 0.125, "local")
    assert (await send(here, mode="on", reason="all of it")).status_code == 303
    assert "as it is now" in await here.page(PAGE)
    acts = await here.rows("select act, subject, detail from person_act order by id")
    assert [(act["act"], act["subject"]) for act in acts] == [("rule.switch", RULE)] * 2
    assert "carefully" not in str(acts), "a reason may hold anything; it stands in the history alone"


async def test_of_two_who_switch_at_once_one_wins(here: Open) -> None:
    seen = version(await here.page(PAGE))
    asked = [send(here, mode=mode, version=seen) for mode in ("on", "off")]
    assert sorted(answer.status_code for answer in await asyncio.gather(*asked)) == [303, 409]
    assert await here.value("select count(*) from rule_state") == 1
    late = await send(here, mode="dry-run", version=seen)
    assert late.status_code == 409
    assert "while you looked at it" in late.text


async def test_only_an_admin_switches(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS)
    form = {"_seal": await site.seal("/login"), "name": "Ed", "token": TOKENS["web_editor_token"], "next": "/rules"}
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    assert "Only an admin switches rules" in await site.page(PAGE)
    sent = {"_seal": await site.seal("/rules"), "name": RULE, "mode": "on", "reason": "x", "version": ""}
    refused = await site.http.post("/rules/switch", data=sent, headers={"Origin": site.url})
    assert refused.status_code == 403
    assert await site.value("select count(*) from rule_state") == 0


async def test_a_changed_text_is_back_in_dry_run(open_site: OpenSite) -> None:
    own = {"name": RULE, "when": 'insight.issue_type == "BILLING"', "actions": ["ESCALATE_TO_FINANCE"]}
    site = await open_site(decide={"rules": [own]})
    await switch(site.earshot.parts, named(pack("guide"), RULE), mode=RuleMode.ON)
    assert "its text changed since it was switched on" in await site.page("/rules")
    text = await site.page(PAGE)
    assert "back in dry run" in text
    assert "an earlier one" in text
    assert "From the settings file" in text


async def test_rules_that_cannot_be_judged_or_are_switched_off_are_shown_so(open_site: OpenSite) -> None:
    broken = {"name": "a/b <b>&", "when": 'insight.priorty == "HIGH"', "actions": ["CREATE_TICKET"]}
    site = await open_site(decide={"rules": [broken], "switched_off": [RULE]})
    listed = await site.page("/rules")
    assert "did you mean priority?" in listed
    assert "<b>&amp;" not in listed.replace(" <b>and</b>", ""), "a rule's name is no markup"
    page = "/rules/a%2Fb%20%3Cb%3E%26"
    text = await site.page(page)
    assert "It cannot be judged" in text
    assert (await send(site, seen=page, name=broken["name"], mode="on")).status_code == 409
    assert "The settings switch it off" in await site.page(PAGE)
    assert (await send(site, seen=page, mode="on")).status_code == 409
    assert await site.value("select count(*) from rule_state") == 0
