"""OpenAI's Files: what batches read from and write to."""

import re
from dataclasses import dataclass

from earshot.sim.llm.wire import Call, Json, Reply, bad, encode, missing
from earshot.sim.llm.world import World

MOST_BYTES = 512_000_000
_PURPOSES = frozenset({"assistants", "batch", "fine-tune", "vision", "user_data", "evals"})
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(rb'name="([^"]*)"')
_FILENAME = re.compile(rb'filename="([^"]*)"')


@dataclass(frozen=True)
class Stored:
    """A file."""

    id: str
    name: str
    purpose: str
    content: bytes
    created: float

    def as_json(self) -> Json:
        """The file object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": int(self.created),
            "expires_at": None,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


class Files:
    """The endpoints of Files."""

    def __init__(self, sim: World) -> None:
        self.sim = sim
        self.all: dict[str, Stored] = {}

    def add(self, name: str, content: bytes, *, purpose: str) -> Stored:
        """Keep a file."""
        file = Stored(self.sim.new_id("file-"), name, purpose, content, self.sim.moment())
        self.all[file.id] = file
        return file

    def find(self, file_id: str) -> Stored:
        """The file of that id. Raises Refused (404)."""
        file = self.all.get(file_id)
        if file is None:
            raise missing(f"No such File object: {file_id}")
        return file

    async def create(self, _sim: World, call: Call) -> Reply:
        """POST: a multipart form with `purpose` and `file`."""
        form = _form(call)
        purpose = form.get("purpose", ("", b""))[1].decode()
        if purpose not in _PURPOSES:
            raise bad(f"'{purpose}' is not one of the purposes", code="invalid_value", param="purpose")
        if "file" not in form:
            raise bad("Missing required parameter: 'file'.", code="missing_required_parameter", param="file")
        name, content = form["file"]
        if not content or len(content) > MOST_BYTES:
            raise bad("File is empty or too large.", code="invalid_file", param="file")
        return Reply(200, encode(self.add(name, content, purpose=purpose).as_json()))

    async def retrieve(self, _sim: World, call: Call) -> Reply:
        """GET one."""
        return Reply(200, encode(self.find(call.path[0]).as_json()))

    async def content(self, _sim: World, call: Call) -> Reply:
        """GET its content."""
        return Reply(200, self.find(call.path[0]).content, media="application/octet-stream")

    async def listing(self, _sim: World, call: Call) -> Reply:
        """GET all, newest first."""
        purpose = call.query.get("purpose")
        found = [file.as_json() for file in reversed(self.all.values()) if purpose in (None, file.purpose)]
        return Reply(200, encode({"object": "list", "data": found, "has_more": False}))

    async def delete(self, _sim: World, call: Call) -> Reply:
        """DELETE one."""
        file = self.find(call.path[0])
        del self.all[file.id]
        return Reply(200, encode({"id": file.id, "object": "file", "deleted": True}))


def _form(call: Call) -> dict[str, tuple[str, bytes]]:
    """The fields of a multipart form: name to file name and content."""
    found = _BOUNDARY.search(call.headers.get("content-type", ""))
    if found is None:
        raise bad("The body must be a multipart form.")
    fields: dict[str, tuple[str, bytes]] = {}
    for part in call.body.split(b"--" + found.group(1).encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name, filename = _NAME.search(head), _FILENAME.search(head)
        if name is not None:
            given = filename.group(1).decode("utf-8", "replace") if filename else ""
            fields[name.group(1).decode()] = (given, content.removesuffix(b"\r\n"))
    return fields
