"""Text by strangers made harmless for a language model: nothing unseen in it, no way out of its frame."""

import json
import re
from bisect import bisect_right

_UNSEEN = (
    r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164"  # no width
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"  # tag characters and variation selectors: text that only machines see
)
_LINE_BREAK = "\\r\\x0b\\x0c\\x85\\u2028\\u2029"
_CHANGED = re.compile(rf"\r(?=\n)|[{_UNSEEN}]+|[{_LINE_BREAK}\ud800-\udfff]")
_BREAKS = frozenset("\r\x0b\x0c\x85\u2028\u2029")

_ESCAPED = r"(?:[^A-Za-z<>\\]|\\[nt]){0,8}"
_FRAME = re.compile(
    rf"<(?=[/|｜!<]|{_ESCAPED}(?:conversation|message|customer|agent|bot|title|summary|thread|data|task|example"
    r"|instruction|system|assistant|user|human|answer|output|tool|function|think|start_of|end_of|im_|bos|eos|s>))"
    r"|(?<=<)<|\[(?=/?(?:INST|SYSTEM|AVAILABLE_TOOLS|TOOL_))",
    re.IGNORECASE,
)
_HARMLESS = {"<": "\\u003c", "[": "\\u005b"}


class Inert:
    """Text without unseen characters, and where each of its characters stood in the original.

    Removed: control, zero-width, bidirectional and tag characters, variation selectors, `\\r` before `\\n`.
    Replaced one for one: any other line break by `\\n`, half characters (lone surrogates) by U+FFFD.
    """

    __slots__ = ("_at", "_shift", "text")

    def __init__(self, original: str) -> None:
        self._at: list[int] = []
        self._shift: list[int] = []
        self.text = original if _CHANGED.search(original) is None else self._changed(original)

    def original_offset(self, offset: int) -> int:
        """Where the character at `offset` of `text` stands in the original.

        For the end of a passage ask for its last character and add one.
        """
        before = bisect_right(self._at, offset)
        return offset + self._shift[before - 1] if before else offset

    def _changed(self, original: str) -> str:
        pieces: list[str] = []
        position = removed = 0
        for found in _CHANGED.finditer(original):
            pieces.append(original[position : found.start()])
            position = found.end()
            kept = _kept(found[0], original[position : position + 1])
            if kept:
                pieces.append(kept)
                continue
            removed += position - found.start()
            self._at.append(position - removed)
            self._shift.append(removed)
        pieces.append(original[position:])
        return "".join(pieces)


def _kept(changed: str, following: str) -> str:
    if changed == "\r" and following == "\n":
        return ""
    if changed in _BREAKS:
        return "\n"
    return "\ufffd" if "\ud800" <= changed <= "\udfff" else ""


def inert(text: str) -> str:
    """The text as a person sees it; see `Inert` for what is changed."""
    return Inert(text).text


def quoted(text: str) -> str:
    """Inert text as one JSON string on one line, which no text in it can end or leave.

    `<` and `[` are written as `\\u003c` and `\\u005b` where they could open or close a tag of ours or a control
    token of a local model. Reading the string as JSON gives exactly `inert(text)`.
    """
    written = json.dumps(inert(text), ensure_ascii=False)
    if "<" not in written and "[" not in written:
        return written
    return _FRAME.sub(lambda found: _HARMLESS[found[0]], written)
