"""Conversations: lists that equal rows, filters, search, files, and one conversation with everything about it."""

import csv
import io
import re
from typing import Any

import pytest

from tests.pages.sites import Open

_READ = "select count(*) from conversation_insights i where "

_UNREAD = """select count(*) from unread u join conversation c on c.id = u.conversation_id
    where c.content_hash = u.content_hash"""


def shown(page: str) -> int:
    """The count that a list says."""
    found = re.search(r'<strong class="count">([\d,]+)', page)
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, "select count(*) from conversation where not deleted"),
        ({"unread": "0"}, _READ + "true"),
        ({"issue_type": "BILLING"}, _READ + "issue_type = 'BILLING'"),
        ({"issue_type": ["BILLING", "PRODUCT_BUG"]}, _READ + "issue_type in ('BILLING', 'PRODUCT_BUG')"),
        ({"priority": "HIGH", "churn_risk": "HIGH"}, _READ + "priority = 'HIGH' and churn_risk = 'HIGH'"),
        ({"sentiment": "NEGATIVE"}, _READ + "sentiment = 'NEGATIVE'"),
        ({"segment": "enterprise"}, _READ + "customer_segment = 'enterprise'"),
        ({"below": "0.5"}, _READ + "confidence < 0.5"),
        ({"classifier": "local"}, _READ + "classifier = 'local'"),
        ({"state": "open"}, "select count(*) from conversation where not deleted and state = 'open'"),
        ({"unread": "1"}, _UNREAD),
        ({"since": "30d", "unread": "0"}, _READ + "conversation_at >= now() - interval '30 days' and times_known"),
    ],
    ids=str,
)  # fmt: skip
async def test_every_filter_counts_what_sql_counts(here: Open, asked: dict[str, Any], rows: str) -> None:
    assert shown(await here.page("/conversations", **asked)) == await here.value(rows)


async def test_an_account_a_theme_an_area_a_tag_and_a_plan_lead_to_their_rows(here: Open) -> None:
    for name, statement, count in (
        ("account", "select account from conversation_insights where account is not null limit 1",
         "select count(*) from conversation where account = $1"),
        ("theme", "select theme_id from finding where theme_id is not null limit 1",
         "select count(distinct conversation_id) from finding where theme_id = $1"),
        ("area", "select affected_feature from conversation_insights where affected_feature is not null limit 1",
         "select count(*) from conversation_insights where affected_feature = $1"),
        ("tag", "select tags[1] from conversation where tags <> '{}' limit 1",
         "select count(*) from conversation where $1 = any(tags)"),
        ("plan", "select customer->>'plan' from conversation where customer->>'plan' is not null limit 1",
         "select count(*) from conversation where customer->>'plan' = $1"),
    ):  # fmt: skip
        wanted = await here.value(statement)
        assert shown(await here.page("/conversations", **{name: wanted})) == await here.value(count, wanted), name


async def test_search_finds_words_phrases_ids_and_addresses(here: Open) -> None:
    row = (await here.rows("select id, customer_email, messages->0->>'text' as text from conversation limit 1"))[0]
    phrase = " ".join(row["text"].split()[:5]).replace('"', "")
    for asked in (f'"{phrase}"', row["id"], row["customer_email"].upper()):
        assert f"/conversations/{row['id']}" in await here.page("/conversations", q=asked)
    assert "No conversation is like that" in await here.page("/conversations", q="quixoticgearbox")
    summary = await here.value("select summary from conversation_insights where length(summary) > 30 limit 1")
    assert shown(await here.page("/conversations", q=summary.split(".")[0])) >= 1


async def test_pages_show_each_conversation_once_and_the_file_has_them_all(here: Open) -> None:
    seen: list[str] = []
    path = "/conversations"
    while path:
        page = await here.page(path)
        seen += re.findall(r'<p class="talk-title"><a href="/conversations/([^"]+)"', page)
        more = re.search(r'<a href="([^"]+)"[^>]*rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    ids = [row["id"] for row in await here.rows("select id from conversation order by spoken_at desc, id desc")]
    assert seen == ids
    answer = await here.http.get("/conversations", params={"format": "csv", "issue_type": "BILLING"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == await here.value(_READ + "issue_type = 'BILLING'")
    assert {row["issue_type"] for row in rows} == {"BILLING"}


@pytest.mark.parametrize(
    "asked",
    [{"issue_type": "NONE"}, {"since": "yesterday-ish"}, {"below": "much"}, {"after": "x!"}, {"q": "y" * 400}],
    ids=str,
)
async def test_garbage_is_refused_clearly(here: Open, asked: dict[str, Any]) -> None:
    await here.page("/conversations", status=422, **asked)


@pytest.mark.parametrize("more", [{}, {"format": "csv"}], ids=["page", "csv"])
async def test_filters_of_the_form_that_exclude_each_other_are_refused(here: Open, more: dict[str, Any]) -> None:
    labels: dict[str, Any] = {
        "issue_type": "PRODUCT_BUG",
        "priority": "HIGH",
        "sentiment": "NEGATIVE",
        "churn_risk": "LOW",
        "segment": "smb",
        "below": "0.5",
        "classifier": "local",
    }
    for name, value in (labels | {"area": "Login", "labels": "1"}).items():
        page = await here.page("/conversations", status=422, unread="1", **{name: value}, **more)
        assert "No conversation can be all that" in page
    page = await here.page("/conversations", status=422, labels="1", area="Login", **more)
    assert "No conversation can be all that" in page
    for name, value in labels.items():
        await here.page("/conversations", labels="1", **{name: value}, **more)
    for flag in ("unread", "labels"):
        fits = {
            "state": "open",
            "account": "a",
            "theme": "t",
            "q": "login",
            "plan": "pro",
            "tag": "x",
            "corrected": "1",
        }
        await here.page("/conversations", since="7d", **{flag: "1"}, **fits, **more)


async def test_a_form_without_choices_is_the_whole_list(here: Open) -> None:
    empty: dict[str, Any] = {"q": "", "issue_type": "", "since": "", "unread": "", "below": ""}
    assert shown(await here.page("/conversations", **empty)) == await here.value(
        "select count(*) from conversation"
    )


async def test_one_conversation_shows_its_words_evidence_theme_rules_and_cost(here: Open) -> None:
    row = (await here.rows("""select f.conversation_id as id, f.quote, f.theme_id, t.title, i.model
        from finding f join theme t on t.id = f.theme_id join conversation_insights i using (conversation_id)
        where f.quote is not null and f.quote !~ '[<>&"'']' limit 1"""))[0]  # fmt: skip
    page = await here.page(f"/conversations/{row['id']}")
    marked = "".join(re.findall(r"<mark[^>]*><a[^>]*>(.*?)</a></mark>", page, re.DOTALL))
    assert row["quote"] in marked
    assert f'href="/themes/{row["theme_id"]}"' in page
    assert row["model"] in page
    assert "No language model was asked about it" in page
    for action in await here.rows("select key from action_member join action on key = action_key "
                                  "where action_member.conversation_id = $1", row["id"]):  # fmt: skip
        assert action["key"] in page.replace("%3A", ":")


async def test_unknown_and_erased_conversations_are_not_here(here: Open) -> None:
    assert "not here" in await here.page("/conversations/nobody", status=404)
    one = await here.value("select id from conversation limit 1")
    await here.earshot.erase(conversation=one)
    assert "not here" in await here.page(f"/conversations/{one}", status=404)
    assert one not in await here.page("/conversations")


async def test_reading_again_keeps_what_is_corrected(here: Open) -> None:
    one = await here.value("select conversation_id from conversation_insights where priority <> 'CRITICAL' limit 1")
    path = f"/conversations/{one}"
    page = await here.page(path)
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert version
    await here.send(f"{path}/correct", seen=path, field="priority", value="CRITICAL", version=version[1])
    before = await here.value("select created_at from conversation_insights where conversation_id = $1", one)
    await here.send(f"{path}/read", seen=path)
    row = (
        await here.rows("select created_at, priority from conversation_insights where conversation_id = $1", one)
    )[0]
    assert row["created_at"] > before
    assert row["priority"] == "CRITICAL"
