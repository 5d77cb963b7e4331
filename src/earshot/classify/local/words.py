"""Words of a support message: normalised tokens that survive typos of punctuation, links, code and emoji."""

import re
from functools import lru_cache

_QUOTES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "…": ".", "\u00a0": " "})
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{2,300}`", re.DOTALL)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_HISTORY = re.compile(
    r"^(?:-{2,} ?original message ?-{2,}|on .{6,120} wrote:|from: .{3,120}\n(?:sent|date|to):|_{10,}).*",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_SAID = re.compile(r"^.{1,40} said:?[ \t]*$", re.MULTILINE)
_CLOSING = re.compile(
    r"\s*(?:(?:best|kind|warm|many|with|mit|viele|liebe|freundliche[nr]?|met|cordiali?)?\s*"
    r"(?:regards|wishes|greetings|gr[uü](?:ß|ss)en?|saludos|saluti|cordialement|groet(?:en)?|atenciosamente|rgds|br)"
    r"|thanks?(?: you)?(?: so much| in advance| a lot| again)?"
    r"|thx|tia|ta|cheers|sincerely|yours \w+|sent from my .*"
    r"|danke(?: im voraus)?|merci(?: d'avance)?|gracias|grazie|obrigad[oa]|bedankt|-{2,}|_{2,})[\s,.!]*$",
    re.IGNORECASE,
)
_SIGNATURE_LINES = 7
_SIGNATURE_WIDTH = 70
_SHAPES = re.compile(
    r"(?P<xurl>https?://\S+|www\.\S+|<link>)"
    r"|(?P<xmail>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{1,80})"
    r"|(?P<xhandle>@\w+)"
    r"|(?P<ximage>\[image\]|!\[[^\]\n]*\]\([^)\n]*\))"
    r"|(?P<xsmile>[:;]-?[)D](?!\w)|<3|:(?:slight_smile|slightly_smiling_face|smile|grin|grinning|joy|heart|tada"
    r"|blush|wink|sweat_smile|partying_face|\+1|thumbsup|pray|wave|waving_hand|raised_hands|star_struck):)"
    r"|(?P<xsad>:'?-?[(/](?!\w)|:(?:frowning|slightly_frowning_face|cry|sob|rage|angry|pensive|disappointed|-1"
    r"|thumbsdown|confused|upside_down_face):)",
    re.IGNORECASE,
)
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_TOKEN = re.compile(
    r"[^\W_]+(?:_[^\W_]+)*|[?!]|[.;\n]+|\+1|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"
    r"|[\u3040-\u30ff\u4e00-\u9fff]"
)
_STOPS = frozenset(".;\n")


def own_words(text: str) -> str:
    """The message without quoted lines and mail history below it."""
    if ">" in text:
        text = _SAID.sub("", _QUOTED_LINE.sub("", text))
    return _HISTORY.sub("", text) if ":" in text or "____" in text else text


def without_signature(text: str) -> str:
    """The message without the name lines below a closing formula, which name trades and places, not matters."""
    lines = text.rstrip().split("\n")
    for place in range(max(1, len(lines) - _SIGNATURE_LINES), len(lines)):
        below = lines[place + 1 :]
        if _CLOSING.match(lines[place]) and all(len(line) < _SIGNATURE_WIDTH for line in below):
            return "\n".join(lines[: place + 1])
    return text


def _shape(match: re.Match[str]) -> str:
    return f" {match.lastgroup} "


def tokens(text: str) -> list[str]:
    """Lower-case tokens; numbers become "0", sentence ends ".", links and the like one word each."""
    plain = _CODE.sub(" xcode ", text).translate(_QUOTES)
    plain = _APOSTROPHE.sub("", _SHAPES.sub(_shape, plain))
    return [_plain(token) for token in _TOKEN.findall(plain.lower())]


@lru_cache(maxsize=65536)
def _plain(token: str) -> str:
    if token[0] in _STOPS:
        return "."
    return "0" if token.isdigit() else token[:40]


def shouting(text: str) -> float:
    """The share of words of three letters or more that are written in capitals."""
    words = [w for w in text.split() if len(w) > 2 and w.isalpha()]
    return sum(w.isupper() for w in words) / len(words) if len(words) > 3 else 0.0
