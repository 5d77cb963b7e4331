"""The tool `slack`: messages by a bot where there is a token, else by an incoming webhook."""

import json
from collections.abc import Mapping, Sequence

import httpx2

from earshot.connectors.lacks import found_or_lack
from earshot.connectors.orders import misfit
from earshot.connectors.secrets import optional
from earshot.connectors.slack.bot import HINT, Bot
from earshot.connectors.slack.hook import Hook
from earshot.connectors.slack.settings import SlackSettings
from earshot.domain.delivery import Order, Outcome, Remote, Result, Thing
from earshot.domain.letter import Letter
from earshot.errors import Misconfigured
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess

TOKEN = "SLACK_BOT_TOKEN"  # noqa: S105 (the name of one)
HOOK_URL = "SLACK_WEBHOOK_URL"
SECRETS: tuple[str, ...] = (TOKEN, HOOK_URL)


class SlackTool:
    """Messages. Slack promises no idempotency and we never read messages, so nothing is sent twice."""

    def __init__(
        self,
        settings: SlackSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._speaker, self._lack = found_or_lack(
            lambda: _speaker(settings, secrets, clock=clock, transport=transport),
            otherwise=Bot(settings, "", clock=clock, transport=transport),
        )

    @property
    def name(self) -> str:
        """The destination's name."""
        return "slack"

    @property
    def abilities(self) -> Abilities:
        """Messages; a bot also edits them. Slack takes about one message a second."""
        return Abilities(
            orders={Thing.MESSAGE: self._speaker.orders}, resend={Thing.MESSAGE: Resend.NEVER}, per_second=1.0
        )

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is."""
        return misfit(order, self.abilities) or ("" if self._lack else self._speaker.check(order))

    def preview(self, order: Order) -> str:
        """The message as JSON."""
        return json.dumps(self._speaker.body(order), ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Post it, or edit the message of the receipt."""
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        if wrong:
            return Outcome(result=Result.REJECTED, reason=wrong)
        return await self._speaker.deliver(order)

    def check_letter(self, letter: Letter) -> str:
        """What is wrong with a letter, "" when nothing is; nothing is sent."""
        return "" if self._lack else self._speaker.check_letter(letter)

    async def post(self, letter: Letter) -> Outcome:
        """Post a letter once."""
        if self._lack:
            return self._lack.outcome
        if wrong := self.check_letter(letter):
            return Outcome(result=Result.REJECTED, reason=wrong)
        return await self._speaker.post(letter)

    async def find(self, order: Order) -> Outcome:
        """Messages are never read back."""
        del order
        return Outcome(result=Result.UNKNOWN, reason="Slack's messages cannot be looked up")

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Nothing: a message has no standing."""
        del external_ids
        return []

    async def access(self) -> ToolAccess:
        """Try the credentials without posting. Raises Misconfigured, Transient."""
        if self._lack:
            raise self._lack.error
        return await self._speaker.access()

    async def close(self) -> None:
        """Give connections back."""
        await self._speaker.close()


def _speaker(
    settings: SlackSettings,
    secrets: Mapping[str, str],
    *,
    clock: Clock,
    transport: httpx2.AsyncBaseTransport | None,
) -> Bot | Hook:
    token, url = optional(secrets, TOKEN), optional(secrets, HOOK_URL)
    if token:
        return Bot(settings, token, clock=clock, transport=transport)
    if url:
        return Hook(settings, url, clock=clock, transport=transport)
    raise Misconfigured(f"Neither {TOKEN} nor {HOOK_URL} is set.", hint=HINT)
