"""Mail through a real server: logins, encryption, refusals, and lines that break."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from earshot.connectors.email.server import read_server
from earshot.connectors.email.settings import EmailSettings
from earshot.connectors.email.tool import EmailTool
from earshot.domain.delivery import Op, Receipt, Result, Thing
from earshot.errors import Misconfigured, Transient
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from earshot.sim.tools.smtp import SmtpSim
from tests.certificates import contexts
from tests.contract.tools.case import NOW, SECRET, order
from tests.still import StillClock
from tests.unit.connectors.email.post_office import PASSWORD, Office, open_office

MAIL = order(Thing.MAIL)
TO = ["cs@example.com", "pm@example.com"]
LOGIN = "bot%40example.com:p4ss%3Aw%40rd"


def made(url: str, *, tls: ssl.SSLContext | None = None, token: str = "", **changes: Any) -> EmailTool:
    settings = EmailSettings.model_validate(
        {"sender": "bot@example.com", "to": TO, "timeout_seconds": 5.0, **changes}
    )
    return EmailTool(settings, {"SMTP_URL": url, "SMTP_OAUTH_TOKEN": token}, clock=StillClock(NOW), tls=tls)


async def test_a_mail_is_taken_by_a_real_server() -> None:
    async with open_office(Office()) as office:
        outcome = await made(f"smtp://127.0.0.1:{office.port}").deliver(MAIL)
    assert outcome.result is Result.DELIVERED
    assert outcome.receipt == Receipt(external_id=f"<{MAIL.request_key}@example.com>")
    (taken,) = office.taken
    assert taken.rcpt_tos == TO
    assert taken.mail_from == "bot@example.com"


async def test_the_password_travels_encrypted(tmp_path: Path) -> None:
    server, client = contexts(tmp_path)
    async with open_office(Office(), tls=server, login=True) as office:
        tool = made(f"smtp://{LOGIN}@localhost:{office.port}", tls=client)
        assert (await tool.access()).who == "bot@example.com at localhost"
        assert (await tool.deliver(MAIL)).result is Result.DELIVERED
    assert office.encrypted == [True]
    assert office.logins == [PASSWORD.encode()] * 2


async def test_a_certificate_that_is_not_trusted_ends_it(tmp_path: Path) -> None:
    server, _client = contexts(tmp_path)
    async with open_office(Office(), tls=server, login=True) as office:
        outcome = await made(f"smtp://{LOGIN}@localhost:{office.port}").deliver(MAIL)
    assert outcome.result is Result.RETRY
    assert office.logins == []


async def test_a_wrong_password_pauses(tmp_path: Path) -> None:
    server, client = contexts(tmp_path)
    async with open_office(Office(), tls=server, login=True) as office:
        tool = made(f"smtp://bot:wrong@localhost:{office.port}", tls=client)
        outcome = await tool.deliver(MAIL)
        with pytest.raises(Misconfigured):
            await tool.access()
    assert outcome.result is Result.AUTH_FAILED
    assert "wrong" not in repr(outcome)
    assert office.taken == []


async def test_without_encryption_nothing_secret_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earshot.connectors.email.server._LOOPBACK", frozenset[str]())
    async with open_office(Office(), login=True) as office:
        url = f"smtp://{LOGIN}@127.0.0.1:{office.port}"
        assert (await made(url, allow_plain=True).deliver(MAIL)).result is Result.PAUSED
        assert (await made(url, token="t0ken", allow_plain=True).deliver(MAIL)).result is Result.PAUSED
        assert office.logins == []
    async with open_office(Office()) as office:
        url = f"smtp://127.0.0.1:{office.port}"
        assert (await made(url).deliver(MAIL)).result is Result.PAUSED
        assert (await made(url, allow_plain=True).deliver(MAIL)).result is Result.DELIVERED


async def test_one_refused_recipient_is_named_and_the_rest_get_it() -> None:
    async with open_office(Office(refused={"pm@example.com": "550 No such user"})) as office:
        outcome = await made(f"smtp://127.0.0.1:{office.port}").deliver(MAIL)
    assert outcome.result is Result.DELIVERED
    assert outcome.note == "not sent to pm@example.com (550)"
    assert office.taken[0].rcpt_tos == ["cs@example.com"]


@pytest.mark.parametrize(("code", "result"), [("550 No", Result.REJECTED), ("450 Later", Result.RETRY)])
async def test_no_recipient_left(code: str, result: Result) -> None:
    async with open_office(Office(refused=dict.fromkeys(TO, code))) as office:
        outcome = await made(f"smtp://127.0.0.1:{office.port}").deliver(MAIL)
    assert outcome.result is result
    assert office.taken == []


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("451 Later", Result.RETRY),
        ("421 Closing", Result.RETRY),
        ("452 Full", Result.RETRY),
        ("552 Too large", Result.REJECTED),
        ("554 Spam", Result.REJECTED),
    ],
)
async def test_what_the_server_says_counts(answer: str, result: Result) -> None:
    async with open_office(Office(end_answer=answer)) as office:
        assert (await made(f"smtp://127.0.0.1:{office.port}").deliver(MAIL)).result is result
    async with open_office(Office(sender_answer=answer)) as office:
        assert (await made(f"smtp://127.0.0.1:{office.port}").deliver(MAIL)).result is result


async def test_nobody_there_is_tried_again() -> None:
    async with open_office(Office()) as office:
        pass
    tool = made(f"smtp://127.0.0.1:{office.port}")
    assert (await tool.deliver(MAIL)).result is Result.RETRY
    with pytest.raises(Transient):
        await tool.access()


@pytest.mark.parametrize("fault", [ToolFault.LOST, ToolFault.GARBAGE, ToolFault.HUGE, ToolFault.LATE_HANG])
async def test_a_line_that_breaks_after_the_end_leaves_it_unknown(fault: ToolFault) -> None:
    sim = SmtpSim(ToolSimSettings(faults=ToolFaultSettings(hang_seconds=0)))
    sim.faults.script(fault)
    async with sim.running() as (host, port):
        outcome = await made(f"smtp://bot:{SECRET}@{host}:{port}").deliver(MAIL)
    assert outcome.result is Result.UNKNOWN
    assert len(sim.mails) == 1


async def test_an_answer_that_never_comes_leaves_it_unknown() -> None:
    sim = SmtpSim()
    sim.faults.script(ToolFault.LATE_HANG)
    async with sim.running() as (host, port):
        outcome = await made(f"smtp://bot:{SECRET}@{host}:{port}", timeout_seconds=0.3).deliver(MAIL)
    assert outcome.result is Result.UNKNOWN
    assert len(sim.mails) == 1


async def test_a_token_logs_in_and_its_file_is_read_anew(tmp_path: Path) -> None:
    sim, file = SmtpSim(), tmp_path / "token"
    async with sim.running() as (host, port):
        url = f"smtp://bot%40example.com@{host}:{port}"
        assert (await made(url, token=SECRET).deliver(MAIL)).result is Result.DELIVERED
        tool = made(url, oauth_token_file=file)
        assert (await tool.deliver(MAIL)).result is Result.AUTH_FAILED
        file.write_text(SECRET + "\n")
        assert (await tool.deliver(MAIL)).result is Result.DELIVERED
        file.write_text("old")
        assert (await tool.deliver(MAIL)).result is Result.AUTH_FAILED


async def test_later_mails_keep_the_first_ones_receipt() -> None:
    receipt = Receipt(external_id="<first@example.com>")
    async with open_office(Office()) as office:
        tool = made(f"smtp://127.0.0.1:{office.port}")
        outcome = await tool.deliver(order(Thing.MAIL, op=Op.UPDATE, receipt=receipt))
    assert outcome.receipt == receipt


def test_the_preview_is_text_and_a_long_mail_is_cut() -> None:
    tool = made("smtp://127.0.0.1")
    assert tool.preview(MAIL).startswith("To: cs@example.com, pm@example.com\nSubject: Export stops")
    assert tool.check(order(Thing.MAIL, words="word " * 50_000)) == ""


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example.com", 587, False),
        ("smtps://mail.example.com", 465, True),
        ("smtp://u:p@mail.example.com:2525/", 2525, False),
        ("smtps://u:p@[2001:db8::1]:26", 26, True),
    ],
)
def test_servers_are_read(url: str, port: int, tls: bool) -> None:
    server = read_server(url)
    assert (server.port, server.tls) == (port, tls)


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.com", "http://u:s3cret@x", "smtp://", "smtp://u:s3cret@h:port", "smtp://u:s3cret%0a@h"],
)
def test_other_addresses_are_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Misconfigured) as error:
        read_server(url)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ["a@b.c\nBcc: d@e.f"]},
        {"to": ["Name <a@b.c>"]},
        {"sender": "a b@c.d"},
        {"sender_name": "x\r\nBcc: a@b.c"},
        {"enabled": True, "to": []},
    ],
)
def test_odd_addresses_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EmailSettings.model_validate({"sender": "bot@example.com", "to": TO, **changes})


def test_a_password_is_not_shown() -> None:
    tool = made(f"smtp://{LOGIN}@mail.example.com")
    assert "p4ss" not in repr(tool) + repr(read_server(f"smtp://{LOGIN}@mail.example.com"))


@pytest.mark.parametrize(
    ("url", "changes", "result"),
    [("", {}, Result.AUTH_FAILED), ("smtp://127.0.0.1:1", {"to": []}, Result.PAUSED)],
)
async def test_without_server_or_recipients_mails_wait(url: str, changes: dict[str, Any], result: Result) -> None:
    tool = made(url, **changes)
    assert tool.check(MAIL) == ""
    assert (await tool.deliver(MAIL)).result is result
    with pytest.raises(Misconfigured):
        await tool.access()
