"""Insights, themes, backlog, actions and figures over HTTP, page by page."""

from datetime import timedelta
from typing import Any

import pytest

from earshot.domain.rows import ActionRow, InsightRow, ThemeRow
from tests.flow.api.conftest import Api, OpenApi
from tests.integration.store.store_samples import arrival, conversation, insight


async def exported(api: Api, kind: str) -> list[dict[str, Any]]:
    """What `earshot export` gives."""
    return [row.model_dump(mode="json") async for rows in api.earshot.export(kind) for row in rows]


async def walked(api: Api, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await api.get(path, **parameters, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next"]
    return found


async def test_insights_are_those_of_the_export(api: Api) -> None:
    found = await walked(api, "/insights", limit=7)
    assert found == list(reversed(await exported(api, "insights")))
    assert [InsightRow.model_validate(row) for row in found]
    one = found[3]
    assert await api.get(f"/insights/{one['conversation_id']}") == one


async def test_filters_of_insights_narrow_and_join(api: Api) -> None:
    rows = await exported(api, "insights")
    bugs = await walked(api, "/insights", issue_type=["PRODUCT_BUG", "BILLING"], limit=200)
    assert {r["conversation_id"] for r in bugs} == {
        r["conversation_id"] for r in rows if r["issue_type"] in {"PRODUCT_BUG", "BILLING"}
    }
    both = await walked(api, "/insights", issue_type="PRODUCT_BUG", priority="HIGH")
    assert {r["conversation_id"] for r in both} == {
        r["conversation_id"] for r in rows if (r["issue_type"], r["priority"]) == ("PRODUCT_BUG", "HIGH")
    }
    word = next(word for row in rows for word in row["summary"].split() if len(word) > 5)
    said = await walked(api, "/insights", text=word.upper())
    assert {r["conversation_id"] for r in said} >= {
        r["conversation_id"] for r in rows if word.casefold() in r["summary"].casefold()
    }
    assert await walked(api, "/insights", text="100%_\\ no such words") == []


async def test_pages_repeat_and_skip_nothing_while_rows_come(api: Api) -> None:
    before = await walked(api, "/insights", limit=200)
    first = await api.get("/insights", limit=20)
    newer = [
        conversation(n, external_id=f"9{n}", created_at=c, updated_at=c)
        for n in range(5)
        for c in (api.earshot.parts.clock.now() + timedelta(minutes=n),)
    ]
    async with api.earshot.parts.store.unit() as unit:
        await unit.conversations.save([arrival(c) for c in newer], now=api.earshot.parts.clock.now())
        await unit.insights.save([insight(c) for c in newer], [])
        await unit.commit()
    rest = await api.get("/insights", limit=200, cursor=first["next"])
    assert rest["next"] is None
    seen = [r["conversation_id"] for r in (*first["items"], *rest["items"])]
    old = [r["conversation_id"] for r in before]
    assert [one for one in seen if one in set(old)] == old
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("order", ["frequency", "id"])
async def test_themes_are_those_of_the_export(api: Api, order: str) -> None:
    rows = {row["id"]: row for row in await exported(api, "themes")}
    found = await walked(api, "/themes", limit=3, order=order)
    assert {row["id"]: row for row in found} == rows
    assert len(found) == len(rows)
    if order == "frequency":
        assert [r["frequency"] for r in found] == sorted((r["frequency"] for r in found), reverse=True)
    one = found[0]
    assert ThemeRow.model_validate(await api.get(f"/themes/{one['id']}")) == ThemeRow.model_validate(one)


async def test_the_top_themes_of_a_window(api: Api) -> None:
    top = await api.get("/themes", since="90d", limit=5)
    assert top["next"] is None
    assert 0 < len(top["items"]) <= 5
    of_kind = await api.get("/themes", since="90d", issue_type="FEATURE_REQUEST")
    assert {row["issue_type"] for row in of_kind["items"]} <= {"FEATURE_REQUEST"}


async def test_members_of_a_theme_are_found_among_insights(api: Api) -> None:
    theme = (await api.get("/themes", limit=1))["items"][0]
    found = await walked(api, "/insights", theme=theme["id"], limit=2)
    assert sorted(r["conversation_id"] for r in found) == sorted(theme["conversation_ids"])


async def test_the_backlog_is_ranked(api: Api) -> None:
    rows = {row["id"]: row for row in await exported(api, "backlog")}
    found = await walked(api, "/backlog", limit=2)
    assert [row["rank"] for row in found] == list(range(1, len(found) + 1))
    assert {row["id"] for row in found} == set(rows)
    for row in found:
        assert {name: row[name] for name in rows[row["id"]]} == rows[row["id"]]
    assert (await api.get(f"/backlog/{found[0]['id']}")) == found[0]


async def test_actions_are_those_of_the_export(api: Api) -> None:
    rows = {row["key"]: row for row in await exported(api, "actions")}
    found = await walked(api, "/actions", limit=7)
    assert {row["key"] for row in found} == set(rows)
    for row in found:
        assert ActionRow.model_validate({name: row[name] for name in ActionRow.model_fields})
    one = found[0]
    of_conversation = await walked(api, "/actions", conversation=one["conversation_id"])
    assert one["key"] in {row["key"] for row in of_conversation}
    pending = await walked(api, "/actions", status="PENDING", kind=one["action_type"])
    assert {row["key"] for row in pending} == {
        key for key, r in rows.items() if (r["status"], r["action_type"]) == ("PENDING", one["action_type"])
    }
    assert (await api.get(f"/actions/{one['key']}"))["key"] == one["key"]


async def test_the_summary_is_the_report(api: Api) -> None:
    summary = await api.get("/reports/summary", since="120d")
    assert summary["totals"]["conversations"] > 0
    assert {figure["id"] for figure in summary["figures"]} >= {"conversations", "critical"}


REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("/insights", {"cursor": "not one"}, 400),
    ("/insights", {"cursor": "WyJ4IiwgW11d"}, 400),
    ("/insights", {"since": "yesterdayish"}, 422),
    ("/insights", {"isue_type": "BILLING"}, 422),
    ("/insights", {"issue_type": "NOPE"}, 422),
    ("/insights", {"limit": 100_000}, 422),
    ("/insights", {"text": "a\x00b"}, 422),
    ("/themes", {"since": "7d", "cursor": "x"}, 400),
    ("/reports/summary", {"since": "2026-02-01", "until": "2026-01-01"}, 422),
    ("/insights/none", {}, 404),
    ("/themes/none", {}, 404),
    ("/backlog/none", {}, 404),
    ("/actions/none", {}, 404),
    ("/conversations/none", {}, 404),
    ("/nothing", {}, 404),
]


async def test_what_cannot_be_answered_is_a_problem(open_api: OpenApi) -> None:
    api = await open_api()
    for path, parameters, status in REFUSED:
        answer = await api.http.get(f"/api/v1{path}", params=parameters)
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status), (path, parameters)
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["title"]
        assert problem["detail"]
        assert "Traceback" not in answer.text


async def test_a_cursor_belongs_to_its_question(api: Api) -> None:
    page = await api.get("/insights", limit=5)
    answer = await api.http.get("/api/v1/insights", params={"cursor": page["next"], "priority": "LOW"})
    assert answer.status_code == 400
    assert "another question" in answer.json()["detail"]
