"""An order as a mail: plain and HTML, the same bytes each time, marked as written by a machine."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from earshot.connectors.email.settings import EmailSettings
from earshot.domain.delivery import Op, Order
from earshot.text.escape import clip, for_html
from earshot.text.render.html import to_html
from earshot.text.render.plain import to_plain

_LONGEST_SUBJECT = 150
_MOST_TEXT = 20_000
_LONGEST_TITLE = 2000
_FOOT = "Written by Earshot. It reads no answers to this address."


def compose(order: Order, settings: EmailSettings, *, at: datetime) -> EmailMessage:
    """The mail for an order. Later orders about a thing are answers to its first mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=settings.sender_name, addr_spec=settings.sender or "")
    message["To"] = tuple(Address(addr_spec=one) for one in settings.to)
    if settings.reply_to:
        message["Reply-To"] = Address(addr_spec=settings.reply_to)
    message["Subject"] = subject(order)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(order, settings)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if order.receipt is not None and order.op is not Op.CREATE:
        message["In-Reply-To"] = order.receipt.external_id
        message["References"] = order.receipt.external_id
    message.set_content(plain(order))
    message.add_alternative(_page(order), subtype="html")
    message.set_boundary(f"=_{order.request_key}")
    return message


def message_id(order: Order, settings: EmailSettings) -> str:
    """The mail's own id, the same whenever this request is rendered."""
    domain = (settings.sender or "earshot@localhost").rpartition("@")[2]
    return f"<{order.request_key}@{domain}>"


def subject(order: Order) -> str:
    """The title on one line; later mails begin with what became of it."""
    begin = {Op.RESOLVE: "Resolved: ", Op.UPDATE: "Re: ", Op.REOPEN: "Again: "}.get(order.op, "")
    return begin + clip(order.content.title, _LONGEST_SUBJECT)


def plain(order: Order) -> str:
    """The text part."""
    text = to_plain(order.content.body, limit=_MOST_TEXT) or clip(order.content.title, _LONGEST_TITLE)
    return f"{text}\n\n-- \n{_FOOT}\n"


def _page(order: Order) -> str:
    body = (
        to_html(order.content.body, limit=_MOST_TEXT)
        or f"<p>{for_html(clip(order.content.title, _LONGEST_TITLE))}</p>"
    )
    head = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>'
    return f"{head}<body>\n{body}\n<p>{_FOOT}</p>\n</body></html>\n"
