"""Pictures in Slack: an address to upload to, the bytes, and the end that shows them in a message's thread."""

from urllib.parse import urlencode, urlsplit

import httpx2

from earshot.connectors.addresses import is_safe
from earshot.connectors.http.sender import Lost, Sender
from earshot.connectors.lenient import Json, string
from earshot.connectors.slack.said import Said, said_to_bot
from earshot.connectors.slack.settings import SlackSettings
from earshot.domain.delivery import Result
from earshot.domain.letter import Picture
from earshot.ports.clock import Clock

URL, COMPLETE = "/files.getUploadURLExternal", "/files.completeUploadExternal"
SCOPE_HINT = "give the app the scope files:write and install it again to have charts in the message"
_LONGEST_LABEL = 1000
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Uploads:
    """Uploads by one bot. `sender` is the bot's own connection to Slack's Web API."""

    def __init__(
        self,
        settings: SlackSettings,
        sender: Sender,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings, self._sender, self._clock, self._transport = settings, sender, clock, transport

    async def show(self, pictures: tuple[Picture, ...], *, channel: str, thread: str) -> str:
        """Show pictures under a message; "" when they are there, else why not: the message stands all the same."""
        held: list[Json] = []
        for picture in pictures:
            ident, why = await self._upload(picture)
            if why:
                return why
            held.append({"id": ident, "title": picture.label[:150]})
        if not held:
            return ""
        body: Json = {"files": held, "channel_id": channel, "thread_ts": thread}
        return _why(said_to_bot(await self._sender.send("POST", COMPLETE, json=body), posts=True))

    async def _upload(self, picture: Picture) -> tuple[str, str]:
        """The file's id, or why there is none."""
        form = {
            "filename": picture.name,
            "length": str(len(picture.body)),
            "alt_txt": picture.label[:_LONGEST_LABEL],
        }
        answer = await self._sender.send("POST", URL, content=urlencode(form).encode(), headers=_FORM)
        said = said_to_bot(answer, posts=False)
        if said.outcome.result is not Result.DELIVERED:
            return "", _why(said)
        url, ident = string(said.data.get("upload_url")), string(said.data.get("file_id"))
        if not url or not ident or not self._is_slacks(url):
            return "", "Slack named no address to upload to"
        return (ident, "") if await self._sent(url, picture) else ("", "the upload of a chart failed")

    async def _sent(self, url: str, picture: Picture) -> bool:
        # the address is a secret of its own; the bot's token does not go there
        sender = Sender(
            url,
            headers={},
            clock=self._clock,
            secrets=(url,),
            timeout=self._settings.timeout_seconds,
            transport=self._transport,
        )
        try:
            answer = await sender.send("POST", "", content=picture.body, headers={"Content-Type": "image/png"})
        finally:
            await sender.close()
        return not isinstance(answer, Lost) and answer.status == 200

    def _is_slacks(self, url: str) -> bool:
        """Only Slack's own hosts, or the one of the settings (a simulator), get the pictures."""
        host, own = urlsplit(url).hostname or "", urlsplit(self._settings.base_url).hostname or ""
        return is_safe(url) and (host in {own, "slack.com"} or host.endswith(".slack.com"))


def _why(said: Said) -> str:
    if said.outcome.result is Result.DELIVERED:
        return ""
    if said.word in {"missing_scope", "not_allowed_token_type"}:
        return SCOPE_HINT
    return said.outcome.reason or "Slack did not take the charts"
