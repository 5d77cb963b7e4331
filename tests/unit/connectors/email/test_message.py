"""Mails are the same bytes each time, and hold hostile words as words."""

import email
from email import policy
from email.message import EmailMessage

import pytest

from earshot.connectors.email.message import compose
from earshot.connectors.email.settings import EmailSettings
from earshot.domain.delivery import Op, Order, Receipt, Thing
from tests.contract.tools.case import HOSTILE, NOW, REQUEST, order

SETTINGS = EmailSettings(
    sender="bot@example.com", to=["cs@example.com", "pm@example.com"], reply_to="me@example.com"
)


def parsed(wanted: Order) -> EmailMessage:
    whole = compose(wanted, SETTINGS, at=NOW).as_bytes()
    message = email.message_from_bytes(whole, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    assert all(len(line) <= 998 for line in whole.split(b"\r\n"))
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_it_has_both_forms_and_the_headers_of_a_machine() -> None:
    message = parsed(order(Thing.MAIL))
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{REQUEST}@example.com>"
    assert message["To"] == "cs@example.com, pm@example.com"
    assert message["Reply-To"] == "me@example.com"
    assert message["Subject"] == "Export stops at 10,000 rows"
    assert "Exports stop at 10,000 rows." in part(message, "plain")
    assert "<strong>Now.</strong>" in part(message, "html")


def test_the_same_order_is_the_same_bytes() -> None:
    wanted = order(Thing.MAIL, words="Ünïcode 🙂 " * 50)
    assert compose(wanted, SETTINGS, at=NOW).as_bytes() == compose(wanted, SETTINGS, at=NOW).as_bytes()


def test_hostile_words_are_words_in_both_forms() -> None:
    message = parsed(order(Thing.MAIL, words=HOSTILE))
    html = part(message, "html")
    for tag in ("<script", "<b>", "<img", 'href="https://evil', "javascript:"):
        assert tag not in html.lower()
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html + part(message, "plain")


@pytest.mark.parametrize(
    "title", ["a\r\nBcc: x@evil.example", "a\nb", "\x00", "x" * 5000, "\ud800", "=?utf-8?q?=0ABcc?="]
)
def test_no_header_can_be_smuggled_in(title: str) -> None:
    message = parsed(order(Thing.MAIL, title=title))
    assert message["Bcc"] is None
    assert "\n" not in str(message["Subject"])
    assert len(str(message["Subject"])) <= 160


def test_later_mails_are_answers_to_the_first() -> None:
    receipt = Receipt(external_id="<first@example.com>")
    message = parsed(order(Thing.MAIL, op=Op.UPDATE, receipt=receipt))
    assert message["In-Reply-To"] == message["References"] == "<first@example.com>"
    assert str(message["Subject"]).startswith("Re: ")


def test_the_customers_address_is_nowhere() -> None:
    assert b"customer@example.com" not in compose(order(Thing.MAIL), SETTINGS, at=NOW).as_bytes()
