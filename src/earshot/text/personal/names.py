"""Names that the conversation's own metadata gives away: the customer, the agents, the company."""

import unicodedata
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import NamedTuple

from earshot.domain.conversation import Author, Conversation
from earshot.text.personal.spans import Kind, Searched, Span
from earshot.text.untrusted import inert

_TEXT = files("earshot.text.personal").joinpath("names.txt").read_text("utf-8")


def _section(title: str) -> frozenset[str]:
    """The words of one section of `names.txt`."""
    body = _TEXT.partition(f"\n[{title}]")[2].partition("\n[")[0]
    return frozenset(body.partition("\n")[2].split())


_PARTICLES = _section("particles")
_ROLES = _section("roles")
_WORDS = _section("words")
_AFTER_A_VERB = _section("after a verb")
_VERBS = frozenset(("will", "may", "can", "mark", "like", "see"))
_LEGAL_FORMS = _section("legal forms")
_NO_SPACES = "\u0e00"
"""From Thai on, scripts mostly write no spaces between words."""
_SHORTEST = 3
_SHORTEST_CODE = 5


class Name(NamedTuple):
    """A name in lower case; `written` is how it must be spelt where it is an ordinary word too."""

    lower: str
    kind: Kind
    written: str | None


def known(conversation: Conversation) -> list[Name]:
    """The names to look for, long ones first."""
    found: dict[str, Name] = {}
    for name in _all(conversation):
        found.setdefault(name.lower, name)
    return sorted(found.values(), key=lambda name: (-len(name.lower), name.lower))


def metadata(conversation: Conversation) -> list[str]:
    """What a prompt may say about the customer, so that its placeholders exist even where no message has it."""
    customer = conversation.customer
    if customer is None:
        return []
    return [value for value in (customer.name, customer.email, customer.company, customer.id) if value]


def names(text: Searched, wanted: Iterable[Name]) -> Iterator[Span]:
    """Where the names stand as whole words, possessives without their ending."""
    for name in wanted:
        at = text.lower.find(name.lower)
        while at >= 0:
            end = at + len(name.lower)
            if _is_whole(text.lower, at, end=end) and _is_meant(text, at, name=name):
                yield Span(at, end, name.kind)
            at = text.lower.find(name.lower, end)


def _all(conversation: Conversation) -> Iterator[Name]:
    customer = conversation.customer
    if customer is not None:
        yield from _person(inert(customer.name or ""), Kind.CUSTOMER)
        yield from _mailbox(inert(customer.email or ""), Kind.CUSTOMER)
        yield from _codes(customer.id, customer.company_id, customer.email)
    for author, kind in ((Author.CUSTOMER, Kind.CUSTOMER), (Author.AGENT, Kind.AGENT)):
        for written in sorted(
            {m.author_name for m in conversation.messages if m.author is author and m.author_name}
        ):
            yield from _person(inert(written), kind)
    if customer is not None:
        yield from _company(inert(customer.company or ""))


def _person(name: str, kind: Kind) -> Iterator[Name]:
    if "@" in name:
        yield from _mailbox(name, kind)
        return
    words = [bare for word in name.split() if (bare := word.strip(".,;:()[]\"'"))]
    if not words or all(word.lower() in _ROLES for word in words):
        return
    if len(words) > 1:
        yield from _spellings(" ".join(words), kind)
        if len(joined := "".join(words)) >= _SHORTEST_CODE:
            yield from _spellings(joined, kind)
    for word in words:
        yield from _word(word, kind, alone=len(words) == 1)
        for part in word.split("-") if "-" in word else ():
            yield from _word(part, kind, alone=False)


def _word(word: str, kind: Kind, *, alone: bool) -> Iterator[Name]:
    lower = word.lower()
    if lower in _PARTICLES or lower in _ROLES or word.isdecimal():
        return
    if len(word) >= _SHORTEST or (len(word) == 2 and (alone or word >= _NO_SPACES)):
        yield from _spellings(word, kind)


def _mailbox(address: str, kind: Kind) -> Iterator[Name]:
    local = address.partition("@")[0].partition("+")[0]
    shortest = _SHORTEST_CODE if local.isdecimal() else _SHORTEST + 1
    if len(local) >= shortest and local.lower() not in _ROLES:
        yield from _spellings(local, kind)
    for part in local.replace("_", ".").replace("-", ".").split("."):
        if len(part) > _SHORTEST and part.isalpha() and part.lower() not in _ROLES | _WORDS:
            yield from _spellings(part, kind)


def _codes(*codes: str | None) -> Iterator[Name]:
    for code in codes:
        if code and len(bare := inert(code)) >= _SHORTEST_CODE:
            yield Name(Searched(bare).lower, Kind.CUSTOMER, None)


def _company(name: str) -> Iterator[Name]:
    words = [word for word in name.split() if word]
    if not words or len(name) < _SHORTEST:
        return
    yield from _spellings(" ".join(words), Kind.COMPANY)
    short = list(words)
    while len(short) > 1 and short[-1].lower().strip(".,&") in _LEGAL_FORMS:
        short.pop()
    trimmed = " ".join(short).rstrip(",.&")
    if trimmed.lower() not in _ROLES and len(trimmed) >= _SHORTEST:
        yield from _spellings(trimmed, Kind.COMPANY)


def _spellings(written: str, kind: Kind) -> Iterator[Name]:
    """As written, composed and decomposed, and without accents."""
    for spelt in (written,) if written.isascii() else dict.fromkeys((written, *_unaccented(written))):
        if not spelt:
            continue
        searched = Searched(spelt)
        exact = searched.lower in _WORDS or searched.lower in _PARTICLES or len(spelt) <= 2
        yield Name(searched.lower, kind, searched.text if exact else None)


def _unaccented(written: str) -> tuple[str, str, str]:
    decomposed = unicodedata.normalize("NFD", written)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", written), decomposed, bare


def _is_whole(text: str, start: int, *, end: int) -> bool:
    return not (_joined(text[start - 1 : start], text[start]) or _joined(text[end : end + 1], text[end - 1]))


def _joined(outside: str, inside: str) -> bool:
    """Whether two neighbours are of one word; scripts that write no spaces have no such words."""
    return outside.isalnum() and inside.isalnum() and outside < _NO_SPACES and inside < _NO_SPACES


def _is_meant(text: Searched, at: int, *, name: Name) -> bool:
    if name.written is None:
        return True
    end = at + len(name.lower)
    written = text.text[at:end]
    capitals = written.isupper() and len(written) > 2 and not text.text[end : end + 12].isupper()
    if written != name.written[:1].upper() + name.written[1:] and written != name.written and not capitals:
        return False
    if written.islower():
        return False
    following = text.lower[end : end + 12].split()
    return name.lower not in _VERBS or not following or following[0] not in _AFTER_A_VERB
