"""An open Earshot over a read workspace whose reports go to a real mail server and a simulated Slack."""

import email
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import Envelope
from pydantic import SecretStr

from earshot.app import build
from earshot.domain.report import Window
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.reports.sending import Told, send
from earshot.pipeline.scheduling.issuing import series_of
from earshot.settings import Secrets
from earshot.sim import serving
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.slack import SlackSim
from tests.pages import sites
from tests.unit.connectors.email.post_office import Office, open_office

APP = "https://earshot.example.com"
WEEKLY = {"name": "weekly", "mail": ["pm@example.com", "lead@example.com"], "slack": ["#product"]}
TOKEN = "xoxb-test"


@dataclass
class Desk:
    """What reports are sent with, and what arrived."""

    earshot: Earshot
    office: Office
    slack: SlackSim
    database_url: str

    @property
    def window(self) -> Window:
        """The week that ended today; its week before is whole too."""
        end = sites.NOW.replace(hour=0, minute=0, second=0)
        return Window(start=end - timedelta(days=7), end=end)

    async def send(self, *, days_ago: int = 0, **options: bool) -> dict[str, Told]:
        """Send the week that ended so many days ago; how it went, by destination."""
        window = self.window
        shifted = Window(start=window.start - timedelta(days=days_ago), end=window.end - timedelta(days=days_ago))
        series = series_of(self.earshot.parts, "weekly")
        told = await send(self.earshot.parts, series, window=shifted, **options)
        return {one.destination: one for one in told}

    @property
    def mails(self) -> list[EmailMessage]:
        """What arrived, parsed."""
        return [parsed(one) for one in self.office.taken]


def parsed(envelope: Envelope) -> EmailMessage:
    """A mail as it arrived."""
    content = envelope.content
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def html_of(mail: EmailMessage) -> str:
    """The HTML part."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def plain_of(mail: EmailMessage) -> str:
    """The text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def pictures_of(mail: EmailMessage) -> dict[str, bytes]:
    """The pictures by their content ids."""
    found: dict[str, bytes] = {}
    for part in mail.walk():
        if part.get_content_type() == "image/png":
            body = part.get_payload(decode=True)
            assert isinstance(body, bytes)
            found[str(part["Content-ID"]).strip("<>")] = body
    return found


@asynccontextmanager
async def desk_over(
    database_url: str, *, series: dict[str, Any] | None = None, hook: bool = False, **sections: Any
) -> AsyncGenerator[Desk]:
    """Earshot over a database, with its post office and its Slack."""
    office, slack = Office(), SlackSim(ToolSimSettings(token=TOKEN))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_office(office))
        base = await stack.enter_async_context(serving.running(slack.app))
        post = {"enabled": True, "sender": "earshot@example.com", "to": ["ops@example.com"], "timeout_seconds": 5.0}
        values = {
            "report": {"series": [{**WEEKLY, **(series or {})}]},
            "web": {"public_url": APP},
            "email": post,
            "slack": {"enabled": True, "base_url": f"{base}/api", "channel": "#alerts"},
        }
        merged = {name: {**values.get(name, {}), **sections.get(name, {})} for name in {*values, *sections}}
        tools = {"SMTP_URL": SecretStr(f"smtp://127.0.0.1:{office.port}")}
        secret = ("SLACK_WEBHOOK_URL", f"{base}/services/T1/B1/{TOKEN}") if hook else ("SLACK_BOT_TOKEN", TOKEN)
        tools[secret[0]] = SecretStr(secret[1])
        secrets = Secrets(database_url=SecretStr(database_url), intercom_token=SecretStr("t"), tools=tools)
        earshot = await stack.enter_async_context(await build(sites.settings_of(merged), secrets=secrets))
        yield Desk(earshot, office, slack, database_url)
