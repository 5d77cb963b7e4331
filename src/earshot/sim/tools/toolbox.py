"""All simulated tools together, and the settings that lead Earshot to them."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from earshot.ports.clock import Clock
from earshot.sim.tools.hubspot import HubSpotSim
from earshot.sim.tools.jira import JiraSim
from earshot.sim.tools.linear import LinearSim
from earshot.sim.tools.pagerduty import PagerDutySim
from earshot.sim.tools.productboard import ProductboardSim
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.slack import SlackSim
from earshot.sim.tools.smtp import SmtpSim
from earshot.sim.tools.tally import ToolTally
from earshot.sim.tools.webhook import SIM_SECRET, WebhookSim

_SECTIONS = """\
[jira]
enabled = true
base_url = "{url}/jira"
email = "bot@example.com"
project = "ENG"

[linear]
enabled = true
base_url = "{url}/linear"
team = "ENG"

[productboard]
enabled = true
base_url = "{url}/productboard/v2"

[slack]
enabled = true
base_url = "{url}/slack/api"
channel = "#alerts"

[pagerduty]
enabled = true
base_url = "{url}/pagerduty/v2"

[hubspot]
enabled = true
base_url = "{url}/hubspot"

[email]
enabled = true
sender = "earshot@example.com"
to = ["team@example.com"]

[[webhooks]]
name = "sim"
url = "{url}/webhook/events"
secret_env = "SIM_WEBHOOK_SECRET"
allow_private = true
"""
_TOKENS = (
    "JIRA_API_TOKEN",
    "LINEAR_API_KEY",
    "PRODUCTBOARD_TOKEN",
    "SLACK_BOT_TOKEN",
    "PAGERDUTY_ROUTING_KEY",
    "HUBSPOT_TOKEN",
)


class Toolbox:
    """One of each. `apps` are served by name; the mail server has a port of its own."""

    def __init__(self, settings: ToolSimSettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings or ToolSimSettings()
        self.jira = JiraSim(self.settings, clock=clock)
        self.linear = LinearSim(self.settings, clock=clock)
        self.productboard = ProductboardSim(self.settings, clock=clock)
        self.slack = SlackSim(self.settings, clock=clock)
        self.pagerduty = PagerDutySim(self.settings, clock=clock)
        self.hubspot = HubSpotSim(self.settings, clock=clock)
        self.webhook = WebhookSim(self.settings, clock=clock)
        self.smtp = SmtpSim(self.settings, clock=clock)

    @property
    def apps(self) -> Mapping[str, ASGIApp]:
        """What is served over HTTP, by the first piece of the path."""
        return {
            "jira": self.jira.app,
            "linear": self.linear.app,
            "productboard": self.productboard.app,
            "slack": self.slack.app,
            "pagerduty": self.pagerduty.app,
            "hubspot": self.hubspot.app,
            "webhook": self.webhook.app,
        }

    @property
    def tallies(self) -> Mapping[str, ToolTally]:
        """What each received and stored."""
        return {
            "jira": self.jira.tally,
            "linear": self.linear.tally,
            "productboard": self.productboard.tally,
            "slack": self.slack.tally,
            "pagerduty": self.pagerduty.tally,
            "hubspot": self.hubspot.tally,
            "webhook": self.webhook.tally,
            "email": self.smtp.tally,
        }

    def sections(self, url: str) -> str:
        """What to put into earshot.toml."""
        return _SECTIONS.format(url=url)

    def environment(self, smtp: tuple[str, int]) -> dict[str, str]:
        """What to put into the environment; `smtp` is where the mail server listens."""
        token = self.settings.token or "any"
        host = f"[{smtp[0]}]" if ":" in smtp[0] else smtp[0]
        return {
            **dict.fromkeys(_TOKENS, token),
            "SMTP_URL": f"smtp://earshot:{token}@{host}:{smtp[1]}",
            "SIM_WEBHOOK_SECRET": SIM_SECRET,
        }
