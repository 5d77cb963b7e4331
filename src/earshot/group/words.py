"""Words of a text, folded and lightly stemmed so that forms of one word are equal; hostile input stays bounded."""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

TEXT_LIMIT = 2_000
"""Longest stretch of a text that is looked at, in characters."""

WORD_LIMIT = 32
"""Longest word kept, in characters; the rest of a longer one is cut off."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['’][^\W\d_]+)?")
_CJK_RUN = re.compile(rf"[{_CJK}]")
_URL = re.compile(r"\b(?:https?://|www\.)\S+|\b[^\s@]{1,64}@[^\s@]{1,255}\.\w{1,24}", re.IGNORECASE)
_MARKS = re.compile(r"[\u0300-\u036f]")
_STATUS = re.compile(r"[45]\d\d")


def fold(text: str) -> str:
    """Lower case, compatibility forms unified, accents off, addresses out, at most TEXT_LIMIT characters."""
    cut = text[:TEXT_LIMIT]
    if cut.isascii():
        return _without_addresses(cut.lower())
    plain = _without_addresses(unicodedata.normalize("NFKD", cut).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


def words(text: str) -> list[str]:
    """The words of a text, folded but not stemmed; scripts without spaces give overlapping character pairs."""
    found: list[str] = []
    for token in _TOKEN.findall(fold(text)):
        found.extend(_words_of(token))
    return found


def stems(text: str) -> list[str]:
    """The words of a text, stemmed, stop words included."""
    return [stem(word) for word in words(text)]


def symbols(text: str) -> list[str]:
    """The emoji and other pictures in a text, each once, in order: all there is when nobody wrote a word."""
    seen = [c for c in text[:TEXT_LIMIT] if unicodedata.category(c) == "So"]
    return list(dict.fromkeys(seen))[:8]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word without the commonest endings; crude, but the same for every form it meets."""
    if len(word) <= 3 or not word.isascii():
        return word
    return _without_final_e(_without_ending(_singular(word)))


def meaningful(word: str) -> bool:
    """Whether a stem says anything: neither a single character nor one of the words that every text has."""
    return len(word) > 1 and word not in _stop_words()


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    listed = files("earshot.group").joinpath("stop.txt").read_text("utf-8").split()
    return frozenset(stem(word) for word in listed)


def _without_addresses(plain: str) -> str:
    there = "@" in plain or "://" in plain or "www." in plain
    return _URL.sub(" ", plain) if there else plain


@lru_cache(maxsize=65_536)
def _words_of(token: str) -> tuple[str, ...]:
    if _CJK_RUN.match(token):
        return tuple(_pairs(token))
    plain = _plain(token)
    return (plain,) if plain else ()


def _plain(token: str) -> str:
    head = re.split(r"['’]", token, maxsplit=1)[0] if token.endswith(("'s", "’s")) else token
    word = head.replace("'", "").replace("’", "")[:WORD_LIMIT]
    if word.isdecimal():
        return word if _STATUS.fullmatch(word) else ""
    return word


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_ending(word: str) -> str:
    for ending, least in (("ing", 6), ("ed", 5), ("ly", 6)):
        if word.endswith(ending) and len(word) >= least:
            return _undoubled(word[: -len(ending)])
    return word


def _undoubled(word: str) -> str:
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz"
    return word[:-1] if doubled else word


def _without_final_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > 4 else word
