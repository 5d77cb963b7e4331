"""Slack by a bot: messages that are edited in place when there is more to tell."""

import re

import httpx2

from earshot.connectors.http.sender import Sender
from earshot.connectors.lenient import Json, string
from earshot.connectors.slack.files import Uploads
from earshot.connectors.slack.message import SENT_PLAINLY, letter_message, message, plain
from earshot.connectors.slack.said import Said, said_to_bot
from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.words import FORM_REFUSED, MESSAGE_LOST
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Result
from earshot.domain.letter import Letter
from earshot.ports.clock import Clock
from earshot.ports.tool import ToolAccess

POST = "/chat.postMessage"
UPDATE = "/chat.update"
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_TS = re.compile(r"\d{1,20}\.\d{1,20}")
_AS_IT_STANDS: Json = {"parse": "none", "link_names": False}
"""chat.update would otherwise make links and mentions of plain words again."""
HINT = (
    "Set SLACK_BOT_TOKEN to the bot token (xoxb-…) of an app with the scope chat:write (api.slack.com/apps > "
    "your app > OAuth & Permissions), and invite the bot to the channel."
)


class Bot:
    """Posts and edits by the Web API."""

    orders = frozenset(Op)

    def __init__(
        self,
        settings: SlackSettings,
        token: str,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._sender = Sender(
            settings.base_url,
            headers={"Authorization": f"Bearer {token}"},
            clock=clock,
            secrets=(token,),
            timeout=settings.timeout_seconds,
            transport=transport,
        )
        self._uploads = Uploads(settings, self._sender, clock=clock, transport=transport)

    def check(self, order: Order) -> str:
        """What is missing, "" when nothing is."""
        return "" if self._place(order) else "no channel: set [slack] channel, or name one in the rule"

    def body(self, order: Order) -> Json:
        """The message as it is first tried."""
        held = _held(order)
        if held is not None:
            return {**message(order.content), **_AS_IT_STANDS, **held}
        return {**message(order.content), "channel": self._place(order)}

    async def deliver(self, order: Order) -> Outcome:
        """Post, or edit the message of the receipt. One that can no longer be edited is posted anew."""
        held = _held(order)
        if held is not None:
            said = await self._say(UPDATE, self.body(order))
            if said.word not in MESSAGE_LOST:
                return self._outcome(said, order)
        place = self._place(order) if held is None else held["channel"]
        return self._outcome(await self._say(POST, {**message(order.content), "channel": place}), order)

    async def post(self, letter: Letter) -> Outcome:
        """Post a letter, its pictures in the thread below it; without them where the bot may not upload."""
        said = await self._say(POST, {**letter_message(letter), "channel": self._channel(letter)})
        receipt = self._receipt(said.data)
        outcome = said.outcome.model_copy(update={"receipt": receipt})
        if said.outcome.result is not Result.DELIVERED or receipt is None or not letter.pictures:
            return outcome
        place = receipt.extra
        why = await self._uploads.show(letter.pictures, channel=place["channel"], thread=place["ts"])
        return outcome.model_copy(update={"note": "; ".join(filter(None, (outcome.note, why)))})

    def check_letter(self, letter: Letter) -> str:
        """What is missing, "" when nothing is."""
        return "" if self._channel(letter) else "no channel: name one for the report, or set [slack] channel"

    async def access(self) -> ToolAccess:
        """Ask whose token it is. Raises Misconfigured, Transient."""
        answer = await self._sender.send("POST", "/auth.test", json={})
        said = said_to_bot(answer, posts=False)
        if said.outcome.result is not Result.DELIVERED:
            raise error_of(said.outcome, tool="Slack", hint=HINT)
        who = f"{string(said.data.get('user')) or 'a bot'} in {string(said.data.get('team')) or 'a workspace'}"
        scopes = getattr(answer, "headers", {}).get("x-oauth-scopes", "")
        warnings = () if not scopes or "chat:write" in scopes.split(",") else ("the token lacks chat:write",)
        return ToolAccess(who=who, can="post messages and edit them", warnings=warnings)

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()

    def _channel(self, letter: Letter) -> str:
        return (next(iter(letter.to), "") or self._settings.channel).strip()

    def _place(self, order: Order) -> str:
        return (order.content.parameters.get("channel", "") or self._settings.channel).strip()

    async def _say(self, method: str, body: Json) -> Said:
        said = said_to_bot(await self._sender.send("POST", method, json=body), posts=method == POST)
        if said.word not in FORM_REFUSED or "blocks" not in body:
            return said
        again = said_to_bot(await self._sender.send("POST", method, json=plain(body)), posts=method == POST)
        return Said(again.outcome.model_copy(update={"note": SENT_PLAINLY}), again.word, again.data)

    def _outcome(self, said: Said, order: Order) -> Outcome:
        if said.outcome.result is Result.DELIVERED:
            return said.outcome.model_copy(update={"receipt": self._receipt(said.data)})
        own = order.content.parameters.get("channel", "").strip()
        if said.outcome.result is Result.PAUSED and own and own != self._settings.channel:
            # A rule's own channel is that rule's mistake: the other messages go on.
            return said.outcome.model_copy(update={"result": Result.REJECTED, "fields": ("channel",)})
        return said.outcome

    def _receipt(self, data: Json) -> Receipt | None:
        channel, ts = data.get("channel"), data.get("ts")
        if not isinstance(channel, str) or not isinstance(ts, str):
            return None
        if not (_CHANNEL.fullmatch(channel) and _TS.fullmatch(ts)):
            return None
        site = self._settings.site_url
        url = f"{site}/archives/{channel}/p{ts.replace('.', '')}" if site else None
        return Receipt(external_id=f"{channel}:{ts}", url=url, extra={"channel": channel, "ts": ts})


def _held(order: Order) -> Json | None:
    """The channel and ts of the message to be edited; None where it is not known, or is to be made.

    What is back is said anew: nobody is told of an edit.
    """
    if order.op not in (Op.UPDATE, Op.RESOLVE) or order.receipt is None:
        return None
    extra = order.receipt.extra
    return {"channel": extra["channel"], "ts": extra["ts"]} if {"channel", "ts"} <= extra.keys() else None
