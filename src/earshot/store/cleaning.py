"""What PostgreSQL cannot hold: NUL characters and lone surrogates, taken out of texts before they are saved."""

import re
from typing import Any, cast

from earshot.domain.conversation import Conversation

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without NUL characters; lone surrogates become the replacement character."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", text)


def clean_or_none(text: str | None) -> str | None:
    """The same for a text that may be missing."""
    return None if text is None else clean(text)


def clean_json(value: Any) -> Any:
    """The same for every text inside JSON data, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        found = cast("dict[Any, Any]", value)
        return {clean(str(key)): clean_json(item) for key, item in found.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in cast("list[Any]", value)]
    return value


def clean_conversation(conversation: Conversation) -> Conversation:
    """The conversation as it can be stored; the same object when nothing has to change."""
    try:
        if "\\u0000" not in conversation.model_dump_json():
            return conversation
    except ValueError:
        pass
    return Conversation.model_validate(clean_json(conversation.model_dump()))
