"""A letter as a mail: plain text, HTML, and the pictures that the HTML shows, in one message."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from earshot.connectors.email.settings import EmailSettings
from earshot.domain.letter import Letter
from earshot.text.escape import clip, one_line

MOST_BYTES = 8_000_000
"""Mail servers commonly refuse more than 10 MB."""
_LONGEST_SUBJECT = 150


def mail_of(letter: Letter, settings: EmailSettings, *, at: datetime) -> EmailMessage:
    """The mail; the same letter gives the same parts and the same Message-ID."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=settings.sender_name, addr_spec=settings.sender or "")
    message["To"] = tuple(Address(addr_spec=one) for one in letter.to)
    if settings.reply_to:
        message["Reply-To"] = Address(addr_spec=settings.reply_to)
    message["Subject"] = clip(letter.title, _LONGEST_SUBJECT)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = letter_id(letter, settings)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.plain)
    if letter.page:
        message.add_alternative(_with_addresses(letter, settings), subtype="html")
        _attach(message, letter, settings=settings)
    return message


def letter_id(letter: Letter, settings: EmailSettings) -> str:
    """The mail's own id, the same whenever this letter is written."""
    return f"<{letter.key}@{_domain(settings)}>"


def _domain(settings: EmailSettings) -> str:
    return (settings.sender or "earshot@localhost").rpartition("@")[2]


def _address(name: str, letter: Letter, *, settings: EmailSettings) -> str:
    """The address of a picture within the mail."""
    return f"{name}.{letter.key}@{_domain(settings)}"


def _with_addresses(letter: Letter, settings: EmailSettings) -> str:
    page = letter.page
    for picture in letter.pictures:
        address = _address(picture.name, letter, settings=settings)
        page = page.replace(f'src="cid:{picture.name}"', f'src="cid:{address}"')
    return page


def _attach(message: EmailMessage, letter: Letter, *, settings: EmailSettings) -> None:
    """Put the pictures beside the HTML, as parts that are shown in it."""
    page = message.get_body(("html",))
    if page is None:
        return
    for picture in letter.pictures:
        page.add_related(
            picture.body,
            "image",
            "png",
            cid=f"<{_address(picture.name, letter, settings=settings)}>",
            filename=one_line(picture.name),
            disposition="inline",
        )
