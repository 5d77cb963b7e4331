"""Slack by an incoming webhook: set up in two minutes, one channel, posts only."""

import httpx2

from earshot.connectors.addresses import is_safe
from earshot.connectors.http.sender import Sender
from earshot.connectors.lenient import Json
from earshot.connectors.slack.message import SENT_PLAINLY, letter_message, message, plain
from earshot.connectors.slack.said import said_to_hook
from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.words import FORM_REFUSED
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Order, Outcome
from earshot.domain.letter import Letter
from earshot.errors import Misconfigured
from earshot.ports.clock import Clock
from earshot.ports.tool import ToolAccess

HINT = (
    "Set SLACK_WEBHOOK_URL to the address that Slack shows (api.slack.com/apps > your app > Incoming Webhooks), "
    "which begins with https://hooks.slack.com/."
)


class Hook:
    """Posts to the address, which is itself the secret."""

    orders = frozenset({Op.CREATE})

    def __init__(
        self,
        settings: SlackSettings,
        url: str,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        if not is_safe(url):
            raise Misconfigured("SLACK_WEBHOOK_URL is not an https address.", hint=HINT)
        self._sender = Sender(
            url,
            headers={},
            clock=clock,
            secrets=(url, url.partition("/services/")[2]),
            timeout=settings.timeout_seconds,
            transport=transport,
        )

    def check(self, order: Order) -> str:
        """A webhook has its channel."""
        del order
        return ""

    def body(self, order: Order) -> Json:
        """The message as it is first tried."""
        return message(order.content)

    async def deliver(self, order: Order) -> Outcome:
        """Post it."""
        return await self._say(self.body(order))

    async def post(self, letter: Letter) -> Outcome:
        """Post a letter, without pictures: a webhook takes no files."""
        return await self._say(letter_message(letter))

    def check_letter(self, letter: Letter) -> str:
        """A webhook has its channel."""
        del letter
        return ""

    async def _say(self, body: Json) -> Outcome:
        said = said_to_hook(await self._sender.send("POST", "", json=body))
        if said.word not in FORM_REFUSED:
            return said.outcome
        again = said_to_hook(await self._sender.send("POST", "", json=plain(body)))
        return again.outcome.model_copy(update={"note": SENT_PLAINLY})

    async def access(self) -> ToolAccess:
        """Send a message without text, which a living webhook refuses as such. Raises Misconfigured, Transient."""
        said = said_to_hook(await self._sender.send("POST", "", json={"text": ""}))
        if said.word not in FORM_REFUSED and said.word != "missing_text_or_fallback_or_attachments":
            raise error_of(said.outcome, tool="Slack", hint=HINT)
        warning = "a webhook cannot edit its messages; a bot can (SLACK_BOT_TOKEN)"
        return ToolAccess(who="an incoming webhook", can="post messages to its channel", warnings=(warning,))

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()
