"""A simulated Slack: a bot's Web API and an incoming webhook, strict about what Block Kit takes."""

import re
from dataclasses import dataclass

from earshot.ports.clock import Clock
from earshot.sim.intercom.peek import is_object, mapping, sequence
from earshot.sim.tools.door import ToolDoor, ToolRoute
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.slack_blocks import wrong_blocks
from earshot.sim.tools.slack_files import SlackFiles
from earshot.sim.tools.wire import Json, ToolCall, ToolRefused, ToolReply, answer

_BLOCK_CHARACTERS = 13_200
_TEXT_CHARACTERS = 40_000
_CHANNEL = re.compile(r"#[a-z0-9_-]{1,80}")
_KNOWN = frozenset(
    {
        "channel",
        "text",
        "blocks",
        "attachments",
        "unfurl_links",
        "unfurl_media",
        "ts",
        "thread_ts",
        "parse",
        "link_names",
        "metadata",
        "mrkdwn",
    }
)


@dataclass
class Message:
    """A message that stands in a channel; `edits` counts its updates."""

    channel: str
    ts: str
    text: str
    blocks: list[Json]
    edits: int = 0
    editable: bool = True


class SlackSim:
    """One workspace, which has every channel that is asked for but those in `unknown`.

    `channels` maps names to ids; `missing` are channels without the bot, `archived` closed ones.

    The webhook posts to the first channel. A message posted twice with one text counts as a duplicate. `strict`
    refuses all blocks, as Slack does when it finds something in them that no document names.
    """

    def __init__(self, settings: ToolSimSettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings or ToolSimSettings()
        self.channels = {"#alerts": "C0000000001", "#cs-alerts": "C0000000002", "#closed": "C0000000003"}
        self.archived = {"C0000000003"}
        self.missing: set[str] = set()
        self.unknown = {"#nowhere"}
        self.strict = False
        self.scopes = "chat:write,files:write"
        self.messages: list[Message] = []
        self.files = SlackFiles(refuse=_no, scopes=lambda: self.scopes, thread=self._in_thread)
        self._by_ts: dict[tuple[str, str], Message] = {}
        self._door = ToolDoor(
            self.settings,
            routes=(
                ToolRoute("POST", "/api/auth.test", self._auth),
                ToolRoute("POST", "/api/chat.postMessage", self._post),
                ToolRoute("POST", "/api/chat.update", self._update),
                *self.files.routes,
                ToolRoute("POST", "/services/{team}/{app}/{token}", self._hook),
            ),
            authorised=self._authorised,
            refusal=_worded,
            state=self._state,
            reset=self._forget,
            clock=clock,
        )
        self.app = self._door.app
        self.faults = self._door.faults
        self.tally = self._door.tally

    def freeze(self) -> None:
        """From now on no message that stands can be edited any more."""
        for message in self.messages:
            message.editable = False

    def _authorised(self, call: ToolCall) -> None:
        wanted = self.settings.token
        if "/upload/" in call.url:
            return
        if "/services/" in call.url:
            if wanted and call.path["token"] != wanted:
                raise ToolRefused(_plain(404, "no_service"))
            return
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not given:
            raise _no("not_authed")
        if wanted and given != wanted:
            raise _no("invalid_auth")

    def _auth(self, _call: ToolCall) -> ToolReply:
        told = {"ok": True, "url": "https://sim.slack.com/", "team": "Sim", "user": "earshot", "bot_id": "B1"}
        return answer(told, headers={"x-oauth-scopes": self.scopes})

    def _post(self, call: ToolCall) -> ToolReply:
        body = _body(call)
        channel = self._channel(body)
        if body.get("thread_ts") and not self._standing(channel, str(body["thread_ts"])):
            raise _no("thread_not_found")
        _check(body, strict=self.strict)
        return answer(self._told(self._put(channel, body)))

    def _update(self, call: ToolCall) -> ToolReply:
        body = _body(call)
        channel = self._channel(body, by_id=True)
        message = self._standing(channel, body.get("ts"))
        if message is None:
            raise _no("message_not_found")
        if not message.editable:
            raise _no("edit_window_closed")
        _check(body, strict=self.strict)
        message.text = str(body.get("text", message.text))
        message.blocks = body.get("blocks") or []
        message.edits += 1
        return answer(self._told(message))

    def _hook(self, call: ToolCall) -> ToolReply:
        try:
            body = _body(call)
            if {"channel", "ts", "thread_ts"} & body.keys():
                raise _no("invalid_payload")
            _check(body, strict=self.strict)
        except ToolRefused as refusal:
            word = refusal.word if isinstance(refusal, _Refused) else "invalid_payload"
            raise ToolRefused(_plain(400, word)) from refusal
        channel = next(iter(self.channels.values()))
        if channel in self.archived:
            raise ToolRefused(_plain(410, "channel_is_archived"))
        self._put(channel, body)
        return _plain(200, "ok")

    def _channel(self, body: Json, *, by_id: bool = False) -> str:
        given = str(body.get("channel"))
        if not by_id and _CHANNEL.fullmatch(given) and given not in self.unknown:
            given = self.channels.setdefault(given, f"C{len(self.channels) + 1:010d}")
        if given not in self.channels.values():
            raise _no("channel_not_found")
        channel = given
        if channel in self.archived:
            raise _no("is_archived")
        if channel in self.missing:
            raise _no("not_in_channel")
        return channel

    def _in_thread(self, channel: str, ts: str) -> bool:
        return self._standing(channel, ts) is not None

    def _standing(self, channel: str, ts: object) -> Message | None:
        return self._by_ts.get((channel, ts)) if isinstance(ts, str) else None

    def _put(self, channel: str, body: Json) -> Message:
        number = len(self.messages) + 1
        seconds = int(self._door.clock.now().timestamp())
        message = Message(channel, f"{seconds}.{number:06d}", str(body.get("text", "")), body.get("blocks") or [])
        self.messages.append(message)
        self._by_ts[channel, message.ts] = message
        self.tally.store("message", f"{channel} {message.text}")
        return message

    @staticmethod
    def _told(message: Message) -> Json:
        said = {"type": "message", "text": message.text, "ts": message.ts, "blocks": message.blocks}
        return {"ok": True, "channel": message.channel, "ts": message.ts, "text": message.text, "message": said}

    def _forget(self) -> None:
        self.files.forget()
        self.messages.clear()
        self._by_ts.clear()

    def _state(self) -> object:
        return [{"channel": one.channel, "ts": one.ts, "edits": one.edits} for one in self.messages]


def _body(call: ToolCall) -> Json:
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise _no("invalid_post_type")
    try:
        body = call.json()
    except ToolRefused as error:
        raise _no("invalid_json") from error
    if body.keys() - _KNOWN:
        raise _no("invalid_arguments")
    return body


def _check(body: Json, *, strict: bool) -> None:
    text, held = body.get("text", ""), sequence(body.get("blocks", []))
    if not isinstance(text, str) or held is None:
        raise _no("invalid_arguments")
    if not text.strip() and not held:
        raise _no("no_text")
    if len(text) > _TEXT_CHARACTERS:
        raise _no("msg_too_long")
    if wrong_blocks(held) or (strict and held):
        raise _no("invalid_blocks")
    if len(str(held)) > 4 * _BLOCK_CHARACTERS or _characters(held) > _BLOCK_CHARACTERS:
        raise _no("msg_blocks_too_long")


def _characters(value: object) -> int:
    """Characters of all texts within."""
    if is_object(value):
        return sum(_characters(item) for name, item in mapping(value).items() if name not in ("type", "style"))
    return len(value) if isinstance(value, str) else sum(map(_characters, sequence(value) or ()))


class _Refused(ToolRefused):
    """How Slack refuses: by a word, with 200."""

    def __init__(self, word: str) -> None:
        super().__init__(answer({"ok": False, "error": word}))
        self.word = word


def _no(word: str) -> ToolRefused:
    return _Refused(word)


def _plain(status: int, word: str) -> ToolReply:
    return ToolReply(status, word.encode(), media="text/plain")


def _worded(status: int, /, *, retry_after: float) -> ToolReply | None:
    if status == 401:
        return answer({"ok": False, "error": "invalid_auth"})
    if status == 429:
        headers = {"Retry-After": f"{retry_after:g}"}
        return answer({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    return None
