"""How tests look at a sample conversation: as the customer sees it, as words."""

import html
import re
from datetime import UTC, datetime

from earshot.sim.workspace import Json

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
INTERNAL = {"note", "note_and_reopen"}


def plain(body: str | None) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body or "")).split())


def parts(conversation: Json) -> list[Json]:
    return conversation["conversation_parts"]["conversation_parts"]


def visible(conversation: Json) -> list[str]:
    source = conversation["source"]
    said = [part["body"] for part in parts(conversation) if part["part_type"] not in INTERNAL]
    return [plain(text) for text in (source["subject"], source["body"], *said)]


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}
