"""The typed lists of sources and tools. A new one is a file in this folder and a line here; a contract suite runs
over it.

What makes one is named by its place, so that only the chosen ones are imported.
"""

from dataclasses import dataclass
from typing import Protocol

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.domain.model import Noun


@dataclass(frozen=True)
class SourceEntry:
    """A source: its name and settings section, its settings class, its secret, and where its class stands.

    The class is called with the settings and the secret, and takes `clock` and `directory` by name.
    """

    name: str
    settings: type[Noun]
    secret: str
    place: str


SOURCES: tuple[SourceEntry, ...] = (
    SourceEntry(
        name="intercom",
        settings=IntercomSettings,
        secret="INTERCOM_ACCESS_TOKEN",  # noqa: S106 (the variable's name, not a secret)
        place="earshot.connectors.intercom.source:IntercomSource",
    ),
)
"""Every source there is."""


class ToolSettings(Protocol):
    """What every tool's settings have."""

    @property
    def enabled(self) -> bool:
        """Whether it is switched on."""
        ...

    @property
    def dry_run(self) -> bool:
        """Whether everything is rendered and checked, and nothing sent."""
        ...


@dataclass(frozen=True)
class ToolEntry:
    """A tool: its name (settings section and destination), its secrets, and where its class stands.

    The class is called with the section and the secrets by their environment names, and takes `clock` by name.
    """

    name: str
    secrets: tuple[str, ...]
    place: str


TOOLS: tuple[ToolEntry, ...] = (
    ToolEntry("jira", ("JIRA_API_TOKEN",), "earshot.connectors.jira.tool:JiraTool"),
    ToolEntry("linear", ("LINEAR_API_KEY",), "earshot.connectors.linear.tool:LinearTool"),
    ToolEntry("productboard", ("PRODUCTBOARD_TOKEN",), "earshot.connectors.productboard.tool:ProductboardTool"),
    ToolEntry("slack", ("SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL"), "earshot.connectors.slack.tool:SlackTool"),
    ToolEntry("pagerduty", ("PAGERDUTY_ROUTING_KEY",), "earshot.connectors.pagerduty.tool:PagerDutyTool"),
    ToolEntry("hubspot", ("HUBSPOT_TOKEN",), "earshot.connectors.hubspot.tool:HubSpotTool"),
    ToolEntry("email", ("SMTP_URL", "SMTP_OAUTH_TOKEN"), "earshot.connectors.email.tool:EmailTool"),
)
"""Every tool that has a section of its own."""

WEBHOOK = "earshot.connectors.webhook.tool:WebhookTool"
"""Where the class of `[[webhooks]]` stands; a destination is called `webhook:<name>`."""
INTERCOM = ToolEntry("intercom", ("INTERCOM_ACCESS_TOKEN",), "earshot.connectors.intercom.tool:IntercomTool")
"""Writing back into the source, switched on by `[intercom.write]`."""
