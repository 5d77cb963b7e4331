"""Pacing apart: what is sent, what is tried again, and how errors are named."""

import logging
from typing import Any

import httpx2
import pytest

from earshot.connectors.intercom.client import Token
from earshot.errors import Misconfigured, NotFound, Rejected, Transient
from tests.unit.connectors.scripted import Script, Waits, client_of, error, in_turn, limits, ok


async def test_every_request_carries_token_and_version() -> None:
    script = in_turn(ok({"type": "admin"}))
    await client_of(script).get("/me")
    request = script.requests[0]
    assert str(request.url) == "http://intercom.test/me"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert request.headers["intercom-version"] == "2.16"


async def test_an_answer_keeps_its_bytes() -> None:
    body = b'{"id": "1",   "body": "\\u00e9"}'
    script = in_turn(httpx2.Response(200, content=body))
    answer = await client_of(script).get("/conversations/1")
    assert answer.body == body
    assert answer.data == {"id": "1", "body": "é"}


@pytest.mark.parametrize(
    "fault",
    [
        error(500),
        error(503),
        error(408),
        httpx2.Response(502, text="<html>Bad gateway</html>"),
        httpx2.Response(200, content=b""),
        httpx2.Response(200, content=b"  \n"),
        httpx2.Response(200, content=b'{"id": "1", "conv'),
        httpx2.Response(200, content=b"[]"),
        httpx2.Response(200, content=b"[" * 100_000),
        httpx2.ReadTimeout("slow"),
        httpx2.ConnectTimeout("slow"),
        httpx2.ConnectError("refused"),
        httpx2.RemoteProtocolError("peer closed"),
        httpx2.ReadError("reset"),
        httpx2.DecodingError("bad gzip"),
    ],
    ids=lambda fault: repr(fault)[:40],
)
async def test_passing_faults_are_tried_again_with_growing_waits(fault: Any) -> None:
    clock = Waits()
    script = in_turn(fault, fault, fault, fault, ok({"id": "1"}))
    answer = await client_of(script, clock).get("/conversations/1")
    assert answer.data == {"id": "1"}
    assert clock.slept == [0.375, 0.75, 1.5, 3.0]


async def test_waits_end_at_a_minute() -> None:
    clock = Waits()
    script = in_turn(error(500))
    with pytest.raises(Transient):
        await client_of(script, clock, tries=12).get("/me")
    assert max(clock.slept) == 45.0  # 60 s, times the middle of 0.5 … 1
    assert len(script.requests) == 12


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (error(500), "answered 500"),
        (httpx2.Response(200, content=b""), "empty"),
        (httpx2.Response(200, content=b"{"), "not whole JSON"),
        (httpx2.ConnectError("Name or service not known"), "no connection (Name or service not known)"),
        (httpx2.ConnectTimeout("t"), "no connection in time"),
        (httpx2.ReadTimeout("t"), "no answer in time"),
        (httpx2.ReadError("t"), "connection broke"),
    ],
)
async def test_what_never_passes_is_transient_and_says_why(fault: Any, words: str) -> None:
    script = in_turn(fault)
    with pytest.raises(Transient) as caught:
        await client_of(script).get("/conversations/1?display_as=plaintext")
    assert words in str(caught.value)
    assert "5 tries" in str(caught.value)
    assert "display_as" not in str(caught.value)
    assert "network" in caught.value.hint
    assert len(script.requests) == 5


async def test_a_refused_token_names_token_and_region() -> None:
    script = in_turn(error(401, "unauthorized", "Access Token Invalid"))
    with pytest.raises(Misconfigured) as caught:
        await client_of(script).get("/me")
    assert "INTERCOM_ACCESS_TOKEN" in caught.value.hint
    assert "region" in caught.value.hint
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [402, 403])
async def test_a_missing_permission_names_permissions(status: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        await client_of(in_turn(error(status, "api_plan_restricted"))).get("/contacts/1")
    assert "/contacts/1" in str(caught.value)
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("status", [301, 302, 308])
async def test_a_redirect_is_a_wrong_region_and_is_not_followed(status: int) -> None:
    script = in_turn(httpx2.Response(status, headers={"location": "http://elsewhere.test/"}))
    with pytest.raises(Misconfigured, match="elsewhere") as caught:
        await client_of(script).get("/me")
    assert "region" in caught.value.hint
    assert len(script.requests) == 1


async def test_an_impossible_address_is_a_setting() -> None:
    with pytest.raises(Misconfigured) as caught:
        await client_of(in_turn(ok({})), base_url="http://ho\x01st").get("/me")
    assert "base_url" in caught.value.hint


async def test_not_there_and_refused_are_told_apart() -> None:
    with pytest.raises(NotFound):
        await client_of(in_turn(error(404, "not_found"))).get("/conversations/1")
    with pytest.raises(Rejected) as caught:
        await client_of(in_turn(error(422, "parameter_invalid", "line\nbreak\x1b[31m"))).get("/x")
    assert not isinstance(caught.value, NotFound)
    assert "parameter_invalid" in str(caught.value)
    assert "\x1b" not in str(caught.value)


async def test_errors_without_a_body_are_named_too() -> None:
    with pytest.raises(Rejected, match="no code"):
        await client_of(in_turn(httpx2.Response(400, content=b""))).get("/x")


async def test_a_429_waits_for_the_reset_and_does_not_use_up_tries() -> None:
    clock = Waits()
    reset = clock.now().timestamp() + 7
    refusals = [error(429, "rate_limit_exceeded", **limits(167, 0, reset))] * 8
    script = in_turn(*refusals, ok({"id": "1"}))
    answer = await client_of(script, clock).get("/me")
    assert answer.data["id"] == "1"
    assert clock.slept[0] == pytest.approx(7.5)  # pyright: ignore[reportUnknownMemberType]
    assert len(script.requests) == 9


async def test_a_rate_limit_that_never_ends_gives_up() -> None:
    script = in_turn(error(429, "rate_limit_exceeded"))
    with pytest.raises(Transient, match="429"):
        await client_of(script).get("/me")
    assert len(script.requests) == 35


@pytest.mark.parametrize("value", ["", "  ", "two\nlines", "sécret"])
def test_an_unusable_token_is_refused_at_once(value: str) -> None:
    with pytest.raises(Misconfigured, match="token"):
        Token(value)


async def test_the_token_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="earshot")
    messages: list[str] = []
    for fault in (error(401), error(403), error(500), error(422), httpx2.ReadError("x")):
        try:
            await client_of(in_turn(fault)).get("/me")
        except (Misconfigured, Rejected, Transient) as caught:
            messages += [str(caught), caught.hint]
    assert "secret-token" not in "".join(messages) + caplog.text
    assert "secret-token" not in repr(Token("secret-token"))


async def test_only_wanted_statuses_are_answers() -> None:
    def merged(_: httpx2.Request) -> httpx2.Response:
        return error(410, "contact_merged", link='</contacts/2>; rel="canonical"')

    answer = await client_of(Script(merged)).get("/contacts/1", accept=(410,))
    assert answer.status == 410
    assert answer.link == '</contacts/2>; rel="canonical"'
    with pytest.raises(Rejected):
        await client_of(Script(merged)).get("/contacts/1")
