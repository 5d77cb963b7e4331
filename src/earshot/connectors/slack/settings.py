"""The `[slack]` section: where messages go. Light."""

from pydantic import Field

from earshot.connectors.addresses import ServiceUrl
from earshot.domain.model import Noun


class SlackSettings(Noun):
    """Messages in Slack, by a bot (SLACK_BOT_TOKEN) or an incoming webhook (SLACK_WEBHOOK_URL).

    A bot edits its message when more conversations come; a webhook is set up in two minutes and only posts.
    Where both are set, the bot is used.
    """

    enabled: bool = Field(default=False, description="Send messages to Slack.")
    dry_run: bool = Field(default=False, description="Render and check messages, send none.")
    base_url: ServiceUrl = Field(
        default="https://slack.com/api", description="Slack's Web API; another address is a simulator."
    )
    channel: str = Field(
        default="",
        description="Where messages go unless a rule names its own channel: an id (C0123456789) or #name. A "
        "webhook posts only to the channel it was made for.",
    )
    site_url: ServiceUrl | None = Field(
        default=None,
        description="The workspace as people open it (https://acme.slack.com); makes links to the messages.",
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, description="How long one request may take.")
