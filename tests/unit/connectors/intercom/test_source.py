"""Intercom as a source: the workspace, one conversation, deletions."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from earshot.connectors.intercom.source import IntercomSource
from earshot.errors import Misconfigured, NotFound, Transient
from earshot.ports.source import Deletion, Source
from tests.unit.connectors.scripted import Even, Script, Waits, error, ok, settings_for_tests

ME = {"type": "admin", "app": {"id_code": "ws1", "name": "Firm", "region": "EU", "timezone": "Europe/Berlin"}}


def source_of(answers: dict[str, Any]) -> tuple[IntercomSource, Script]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        found = answers.get(request.url.path)
        if found is None:
            return error(404, "not_found")
        return found if isinstance(found, httpx2.Response) else ok(found)

    script = Script(answer)
    made = IntercomSource(
        settings_for_tests(first_wait_seconds=0), "token", http=script.http(), clock=Waits(), jitter=Even()
    )
    return made, script


async def test_it_fits_the_socket() -> None:
    source, _ = source_of({"/me": ME})
    socket: Source = source
    assert socket.name == "intercom"
    assert source.concurrency == 15
    assert source.per_second > 0
    await source.close()


async def test_the_workspace_is_asked_once() -> None:
    source, script = source_of({"/me": ME})
    workspace = await source.workspace()
    assert (workspace.id, workspace.name, workspace.region, workspace.timezone) == (
        "ws1",
        "Firm",
        "EU",
        "Europe/Berlin",
    )
    assert await source.workspace() == workspace
    assert script.paths == ["/me"]


@pytest.mark.parametrize("me", [{}, {"app": None}, {"app": {"id_code": ""}}, None])
async def test_something_that_is_not_intercom_is_a_setting(me: Any) -> None:
    source, _ = source_of({} if me is None else {"/me": me})
    with pytest.raises(Misconfigured) as caught:
        await source.workspace()
    assert "base_url" in caught.value.hint


async def test_a_conversation_comes_as_plain_text_with_its_bytes_and_link() -> None:
    body = b'{"id": "5", "created_at": 1700000000, "source": {"body": "a  b", "author": {"type": "user"}}}'
    source, script = source_of({"/me": ME, "/conversations/5": httpx2.Response(200, content=body)})
    fetched = await source.fetch("5")
    assert fetched.raw == body
    assert fetched.conversation.messages[0].text == "a  b"
    assert fetched.conversation.customer is None
    assert fetched.conversation.url == "https://app.intercom.com/a/inbox/ws1/inbox/conversation/5"
    assert script.paths == ["/conversations/5?display_as=plaintext", "/me"]


async def test_an_id_is_one_piece_of_the_path() -> None:
    source, script = source_of({"/me": ME})
    with pytest.raises(NotFound):
        await source.fetch("../me?x=1")
    assert script.paths == ["/conversations/..%2Fme%3Fx%3D1?display_as=plaintext"]


async def test_an_answer_that_is_no_conversation_is_not_taken_for_a_deletion() -> None:
    source, _ = source_of({"/me": ME, "/conversations/5": {"status": "maintenance"}})
    with pytest.raises(Transient):
        await source.fetch("5")


async def test_how_many_changed() -> None:
    source, script = source_of({"/conversations/search": {"total_count": 12, "conversations": []}})
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert await source.count(since, None) == 12
    assert script.bodies[0]["pagination"] == {"per_page": 1}


async def test_deletions_newest_first_until_they_are_too_old() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        page = int(request.url.params["page"])
        rows = [{"id": f"{page}{n}", "deleted_at": 1_700_000_000 - 100 * page - n} for n in range(2)]
        following = f"https://api.intercom.io/conversations/deleted?page={page + 1}"
        return ok({"conversations": [*rows, {"id": None}], "pages": {"next": following}})

    script = Script(answer)
    source = IntercomSource(settings_for_tests(), "token", http=script.http(), clock=Waits(), jitter=Even())
    since = datetime.fromtimestamp(1_700_000_000 - 200, UTC)
    pages = [list(page) async for page in source.deleted(since)]
    assert [deletion.external_id for page in pages for deletion in page] == ["10", "11", "20"]
    assert pages[0][0] == Deletion(external_id="10", deleted_at=datetime.fromtimestamp(1_699_999_900, UTC))
    assert len(script.requests) == 2
    assert all(request.url.host == "intercom.test" for request in script.requests)


async def test_no_deletions() -> None:
    source, script = source_of({"/conversations/deleted": {"conversations": [], "pages": {"next": None}}})
    assert [page async for page in source.deleted(datetime(2020, 1, 1, tzinfo=UTC))] == []
    assert len(script.requests) == 1


async def test_it_closes_only_the_connections_it_opened() -> None:
    script = Script(lambda _: ok(ME))
    http = script.http()
    borrowed = IntercomSource(settings_for_tests(), "token", http=http)
    await borrowed.close()
    assert not http.is_closed
    await http.aclose()
    own = IntercomSource(settings_for_tests(), "token")
    await own.close()
    with pytest.raises(RuntimeError, match="closed"):
        await own.client.get("/me")
