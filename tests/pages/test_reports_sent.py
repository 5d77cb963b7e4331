"""Reports that are sent: by a real mail server and a simulated Slack, once per period, equal to the database."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from earshot.domain.letter import SentState
from earshot.store import driver
from tests.pages.posting import APP, Desk, desk_over, html_of, pictures_of, plain_of

GMAIL_CUTS = 102_000


@pytest.fixture
async def desk(read_url: str) -> AsyncGenerator[Desk]:
    async with desk_over(read_url) as opened:
        yield opened


async def value(desk: Desk, statement: str, *values: Any) -> Any:
    connection = await driver.dial(dsn=desk.database_url)
    try:
        await connection.execute("set search_path = earshot, public")
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()


async def test_a_report_reaches_its_readers_once(desk: Desk) -> None:
    first = await desk.send()
    assert {name: one.state for name, one in first.items()} == {
        "email": SentState.DONE,
        "slack:#product": SentState.DONE,
    }
    (mail,) = desk.mails
    assert mail["To"] == "pm@example.com, lead@example.com"
    assert "week of" in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    again = await desk.send()
    assert [one.words for one in again.values()] == ["sent already", "sent already"]
    assert all(one.ok for one in again.values())
    assert len(desk.office.taken) == 1
    assert len(desk.slack.messages) == 1


async def test_every_figure_of_the_mail_is_the_databases_and_leads_to_its_rows(desk: Desk) -> None:
    await desk.send()
    (mail,) = desk.mails
    page, window = html_of(mail), desk.window
    within = "from conversation_insights where conversation_at >= $1 and conversation_at < $2"
    bounds = (window.start, window.end)
    wanted = {
        "Conversations": await value(desk, f"select count(*) {within}", *bounds),
        "Customers": await value(desk, f"select count(distinct account) {within}", *bounds),
        "Critical": await value(desk, f"select count(*) {within} and priority = 'CRITICAL'", *bounds),
        "High churn risk": await value(desk, f"select count(*) {within} and churn_risk = 'HIGH'", *bounds),
    }
    shown = dict(re.findall(r'font-weight:550;width:31%">([^<]+)</th>\s*<td[^>]*><a [^>]*>([^<]+)</a>', page))
    assert {name: int(shown[name].replace(",", "")) for name in wanted} == wanted
    assert wanted["Conversations"] > 0
    since, until = (f"{moment:%Y-%m-%dT%H%%3A%M%%3A%SZ}" for moment in bounds)
    critical = f'href="{APP}/conversations?since={since}&amp;until={until}&amp;priority=CRITICAL"'
    assert critical in page
    links = re.findall(r'href="([^"]+)"', page)
    assert all(link.startswith(f"{APP}/") for link in links)
    assert f"{APP}/reports/weekly~{window.end:%Y%m%dT%H%MZ}" in plain_of(mail)


async def test_charts_are_pictures_in_the_mail_and_gmail_shows_all_of_it(desk: Desk) -> None:
    await desk.send()
    (mail,) = desk.mails
    page, pictures = html_of(mail), pictures_of(mail)
    assert len(page.encode()) < GMAIL_CUTS
    named = set(re.findall(r'src="cid:([^"]+)"', page))
    assert named == set(pictures)
    assert len(named) == 2
    assert all(body.startswith(b"\x89PNG") for body in pictures.values())
    assert "<script" not in page
    assert "http://" not in re.sub(r'href="[^"]*"', "", page)


async def test_slack_gets_blocks_and_charts_in_their_thread(desk: Desk) -> None:
    await desk.send()
    (message,) = desk.slack.messages
    files = list(desk.slack.files.files.values())
    assert [file.thread for file in files] == [message.ts, message.ts]
    assert all(file.body.startswith(b"\x89PNG") for file in files)
    assert f"<{APP}/reports/weekly~" in str(message.blocks)


async def test_a_bot_that_may_not_upload_still_sends_the_words(desk: Desk) -> None:
    desk.slack.scopes = "chat:write"
    told = (await desk.send())["slack:#product"]
    assert told.state is SentState.DONE
    assert "files:write" in told.words
    assert len(desk.slack.messages) == 1


async def test_a_webhook_gets_the_words_without_charts(read_url: str) -> None:
    async with desk_over(read_url, hook=True) as desk:
        told = await desk.send()
        assert told["slack:#product"].state is SentState.DONE
        assert len(desk.slack.messages) == 1
        assert not desk.slack.files.files


async def test_a_destination_that_fails_does_not_stop_the_others_and_is_tried_again(desk: Desk) -> None:
    desk.office.end_answer = "451 later"
    told = await desk.send()
    assert told["email"].state is SentState.FAILED
    assert told["email"].again
    assert told["slack:#product"].state is SentState.DONE
    desk.office.end_answer = "250 Taken"
    told = await desk.send()
    assert told["email"].state is SentState.DONE
    assert told["slack:#product"].words == "sent already"
    assert len(desk.office.taken) == len(desk.slack.messages) == 1


async def test_nothing_is_sent_before_it_is_switched_on(read_url: str) -> None:
    async with desk_over(read_url, email={"enabled": False}, slack={"dry_run": True}) as desk:
        told = await desk.send()
        assert told["email"].state is SentState.FAILED
        assert "[email] enabled" in told["email"].words
        assert told["slack:#product"].state is SentState.DRY
        assert not desk.slack.messages
    async with desk_over(read_url) as desk:
        told = await desk.send()
        assert [one.state for one in told.values()] == [SentState.DONE, SentState.DONE]


async def test_a_rehearsal_sends_and_keeps_nothing(desk: Desk) -> None:
    told = await desk.send(rehearse=True)
    assert [one.state for one in told.values()] == [SentState.DRY, SentState.DRY]
    assert "week of" in told["email"].words
    assert not desk.office.taken
    assert await value(desk, "select count(*) from report_sent") == 0


async def test_the_next_report_tells_what_is_new_and_folds_the_rest(desk: Desk) -> None:
    await desk.send(days_ago=7)
    await desk.send()
    first, second = (html_of(mail) for mail in desk.mails)
    assert "What is new" not in first
    assert "What is new" in second
    assert "Since the last report" in second
    shown = await value(desk, "select shown->'themes' from report_sent order by period_end limit 1")
    assert shown


async def test_what_may_have_been_sent_is_sent_again_only_when_a_person_says_so(desk: Desk) -> None:
    await desk.send()
    await _set(desk, "update report_sent set state = 'sending', lease_until = now() - interval '1 minute'")
    told = await desk.send()
    assert {one.state for one in told.values()} == {SentState.UNKNOWN}
    assert "may have been sent" in told["email"].words
    assert not any(one.ok for one in told.values())
    assert len(desk.office.taken) == 1
    told = await desk.send(again=True)
    assert {one.state for one in told.values()} == {SentState.DONE}
    assert len(desk.office.taken) == 2
    assert desk.mails[0]["Message-ID"] == desk.mails[1]["Message-ID"]


async def test_what_is_being_sent_is_left_to_who_sends_it(desk: Desk) -> None:
    await desk.send()
    await _set(desk, "update report_sent set state = 'sending', lease_until = now() + interval '1 hour'")
    told = await desk.send(again=True)
    assert {one.state for one in told.values()} == {SentState.SENDING}
    assert all(one.again and not one.ok for one in told.values()), "it may still fail: it is looked at again"
    assert len(desk.office.taken) == 1


async def test_a_fault_of_the_program_at_one_destination_does_not_stop_the_others(desk: Desk) -> None:
    await desk.send(days_ago=7)
    await _set(desk, """update report_sent set shown = '{"themes": "private words"}' where destination = 'email'""")
    told = await desk.send()
    assert told["email"].state is SentState.FAILED
    assert "ValidationError" in told["email"].words
    assert "private" not in told["email"].words
    assert told["slack:#product"].state is SentState.DONE


async def test_a_file_that_cannot_be_written_is_kept_as_failed_with_its_reason(
    read_url: str, tmp_path: Path
) -> None:
    place = tmp_path / "taken"
    place.write_text("no folder")
    async with desk_over(read_url, series={"folder": str(place), "mail": [], "slack": []}) as desk:
        told = await desk.send()
        assert told["files"].state is SentState.FAILED
        assert "Cannot write" in told["files"].words
        assert await value(desk, "select state from report_sent") == "failed"
        assert "Cannot write" in await value(desk, "select reason from report_sent")
        place.unlink()
        assert (await desk.send())["files"].state is SentState.DONE


async def _set(desk: Desk, statement: str) -> None:
    connection = await driver.dial(dsn=desk.database_url)
    try:
        await connection.execute("set search_path = earshot, public")
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_what_is_erased_is_forgotten_by_what_was_shown(desk: Desk) -> None:
    await desk.send()
    shown = "select shown->'conversations'->>0 from report_sent where destination = 'email'"
    told = await value(desk, shown)
    assert told
    await desk.earshot.erase(conversation=told)
    assert await value(desk, "select count(*) from report_sent where shown::text like '%' || $1 || '%'", told) == 0
    assert await value(desk, "select count(*) from report_sent") == 2


async def test_two_at_once_send_one(desk: Desk) -> None:
    await asyncio.gather(*(desk.send() for _ in range(4)))
    assert len(desk.office.taken) == 1
    assert len(desk.slack.messages) == 1


async def test_what_was_shipped_in_the_week_is_told(desk: Desk) -> None:
    item = await value(desk, "select id from backlog_item order by id limit 1")
    await _set(
        desk,
        f"""insert into shipped (id, theme_id, item_id, shipped_at, actor, noted_at)
        select 's1', theme_id, id, date_trunc('day', now()) - interval '1 day', 'pm', now() from backlog_item
        where id = '{item}'""",
    )
    await desk.send()
    title = await value(desk, "select text->>'title' from backlog_item where id = $1", item)
    assert f"Shipped: “{title[:40]}" in plain_of(desk.mails[0])
    assert f"{APP}/backlog/" in html_of(desk.mails[0])
