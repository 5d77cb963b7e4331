"""Slack's file uploads, simulated: an address per file, the bytes, and the end that shows them in a channel."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from earshot.sim.intercom.peek import mapping, sequence
from earshot.sim.tools.door import ToolRoute
from earshot.sim.tools.wire import ToolCall, ToolRefused, ToolReply, answer


@dataclass
class File:
    """A file: what was announced, what came, and where it is shown."""

    name: str
    length: int
    label: str
    body: bytes = b""
    channel: str = ""
    thread: str = ""
    title: str = ""


class SlackFiles:
    """Files by id. `refuse` words a refusal, `scopes` gives the bot's, `thread` says whether a message stands."""

    def __init__(
        self,
        *,
        refuse: Callable[[str], ToolRefused],
        scopes: Callable[[], str],
        thread: Callable[[str, str], bool],
    ) -> None:
        self._refuse, self._scopes, self._thread = refuse, scopes, thread
        self.files: dict[str, File] = {}
        self.routes = (
            ToolRoute("POST", "/api/files.getUploadURLExternal", self._announce),
            ToolRoute("POST", "/upload/v1/{ident}", self._take),
            ToolRoute("POST", "/api/files.completeUploadExternal", self._complete),
        )

    def forget(self) -> None:
        """Begin anew."""
        self.files.clear()

    def _announce(self, call: ToolCall) -> ToolReply:
        if "files:write" not in self._scopes().split(","):
            raise self._refuse("missing_scope")
        if not call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise self._refuse("invalid_arguments")
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        if not form.get("filename") or not form.get("length", "").isdigit():
            raise self._refuse("invalid_arguments")
        ident = f"F{len(self.files) + 1:08d}"
        self.files[ident] = File(form["filename"], int(form["length"]), form.get("alt_txt", ""))
        base = call.address.split("/api/")[0].rstrip("/")
        return answer({"ok": True, "upload_url": f"{base}/upload/v1/{ident}", "file_id": ident})

    def _take(self, call: ToolCall) -> ToolReply:
        file = self.files.get(call.path["ident"])
        if file is None or len(call.body) != file.length:
            return ToolReply(400, b"bad", media="text/plain")
        if "authorization" in call.headers:
            return ToolReply(400, b"no token belongs here", media="text/plain")
        file.body = call.body
        return ToolReply(200, f"OK - {len(call.body)}".encode(), media="text/plain")

    def _complete(self, call: ToolCall) -> ToolReply:
        body = call.json()
        channel, thread = str(body.get("channel_id", "")), str(body.get("thread_ts", ""))
        if thread and not self._thread(channel, thread):
            raise self._refuse("thread_not_found")
        wanted = [mapping(one) for one in sequence(body.get("files")) or ()]
        for one in wanted:
            file = self.files.get(str(one.get("id")))
            if file is None or not file.body:
                raise self._refuse("file_not_found")
            file.channel, file.thread, file.title = channel, thread, str(one.get("title", ""))
        return answer({"ok": True, "files": [{"id": str(one.get("id"))} for one in wanted]})
