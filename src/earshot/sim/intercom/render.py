"""The forms in which a conversation is sent: a retrieval (HTML or plain text) and a row of a listing."""

from typing import Any

from earshot.sim.intercom.plaintext import plaintext
from earshot.sim.intercom.shape import PLAIN
from earshot.sim.workspace import Json


def retrieved(talk: Json, *, plain: bool, limit: int) -> Json:
    """The whole conversation with its newest `limit` parts; changes `talk`."""
    holder: Json = talk["conversation_parts"]
    parts: list[Json] = holder["conversation_parts"]
    holder["total_count"] = max(len(parts), holder.get("total_count") or 0)
    holder["conversation_parts"] = parts[-limit:]
    for item in holder["conversation_parts"]:
        _show(item, plain=plain)
    _show(talk["source"], plain=plain)
    if plain and talk["source"].get("subject"):
        talk["source"]["subject"] = plaintext(talk["source"]["subject"])
    return talk


def noticed(talk: Json) -> Json:
    """A conversation as a webhook carries it: plain text, only the newest part; changes `talk`."""
    return retrieved(talk, plain=True, limit=1)


def listed(talk: Json) -> Json:
    """A row of a listing: no parts, HTML; changes `talk`."""
    talk.pop("conversation_parts", None)
    _show(talk["source"], plain=False)
    return talk


def _show(message: Json, *, plain: bool) -> None:
    kept: Any = message.pop(PLAIN, None)
    if plain:
        message["body"] = plaintext(message.get("body")) if kept is None else kept
