"""Mail under contract."""

import email
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage

from earshot.connectors.email.settings import EmailSettings
from earshot.connectors.email.tool import EmailTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from earshot.sim.tools.smtp import SmtpSim
from tests.contract.tools.case import NOW, SECRET, Bench, ToolCase, order
from tests.still import StillClock

SETTINGS = EmailSettings(sender="bot@example.com", to=["cs@example.com"], timeout_seconds=5.0)
NOBODY = "smtp://127.0.0.1:1"


@dataclass
class MailBench:
    """Mail with a simulated server on a socket."""

    tool: EmailTool
    clock: StillClock
    sim: SmtpSim

    def strike(self, fault: ToolFault) -> None:
        self.sim.faults.script(fault)

    def cut_off(self) -> None:
        self.tool = EmailTool(SETTINGS, {"SMTP_URL": NOBODY}, clock=self.clock)

    def objects(self) -> int:
        return self.sim.tally.objects

    def duplicates(self) -> int:
        return sum(self.sim.tally.duplicates.values())

    def bodies(self) -> Sequence[str]:
        return [mail.message.decode("ascii") for mail in self.sim.mails]


@asynccontextmanager
async def bench() -> AsyncGenerator[Bench]:
    sim, clock = SmtpSim(ToolSimSettings(faults=ToolFaultSettings(hang_seconds=0))), StillClock(NOW)
    async with sim.running() as (host, port):
        url = f"smtp://bot:{SECRET}@{host}:{port}"
        yield MailBench(EmailTool(SETTINGS, {"SMTP_URL": url}, clock=clock), clock, sim)


def inert(body: str) -> None:
    """No markup of the customer's in the HTML part, no header more than ours."""
    message = email.message_from_string(body, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    assert message["Bcc"] is None
    page = message.get_body(("html",))
    assert page is not None
    html = str(page.get_content()).lower()
    for tag in ("<script", "<b>", "<img", 'href="https://evil', "\u202e"):
        assert tag not in html


CASE = ToolCase(name="email", bench=bench, orders=(order(Thing.MAIL),), inert=inert, waits=False)
