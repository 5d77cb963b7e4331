"""E-mail addresses, what web addresses carry beside host and path, and IP addresses."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from earshot.text.personal.spans import BREAK, Kind, Searched, Span

_LETTERS = "A-Za-z0-9À-ɏͰ-ӿ"
_LOCAL_BACKWARDS = re.compile(rf"[{_LETTERS}.%+'_-]{{1,64}}")
_DOMAIN = re.compile(rf"[{_LETTERS}-]{{1,63}}(?:\.[{_LETTERS}-]{{1,63}}){{1,8}}")
_TOP_LEVEL = re.compile(r"(?:[A-Za-zÀ-ɏͰ-ӿ]{2,63}|xn--[A-Za-z0-9-]{1,59})")
_SPELT_OUT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?[(\[{] ?at ?[)\]}] ?[\w-]{1,63}"
    r"(?:(?:\.| ?[(\[{] ?dot ?[)\]}] ?| dot )[\w-]{1,63}){1,4}"
    r"|(?<![\w.+-])[\w.+-]{1,64} at [\w-]{1,63} dot (?:com|org|net|io|de|fr|es|it|nl|uk|co|eu)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(rf"://[^\s<>\"“”{BREAK}]*")
_USER_NAME = re.compile(r"://[^\s/?#]*\Z")
_QUERY = re.compile(rf"(?<=[\w/.-])\?(?=[\w\[\].%-]{{1,64}}=)[^\s<>\"“”`{BREAK}]+")
_TRAILING = ".,;:!?)]}'’”`*_"
_V4 = re.compile(r"[0-9][0-9]{0,2}(?:\.[0-9]{1,3}){3}(?!\.?[0-9])")
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_HEX_BACKWARDS = re.compile(r"[0-9A-Fa-f]{0,4}")
_V6 = re.compile(r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION = re.compile(
    r"(?:version|versão|versión|release|build|firmware|driver|update|\bver|\bv)[\s.:=/#-]*\Z|[a-z]/\Z"
)
_NOBODY = ("0.", "127.", "255.")


def web(text: Searched) -> Iterator[Span]:
    """User names, query strings and fragments of web addresses; host and path stay."""
    if "://" in text.text:
        for found in _ADDRESS.finditer(text.text):
            yield from _parts(found[0].rstrip(_TRAILING), found.start())
    if "?" in text.text and "=" in text.text:
        for found in _QUERY.finditer(text.text):
            yield from _rest(found[0].rstrip(_TRAILING), found.start())


def _parts(address: str, start: int) -> Iterator[Span]:
    ends = [place for mark in "/?#" if (place := address.find(mark, 3)) >= 0]
    user = address.rfind("@", 3, min(ends, default=len(address)))
    if user > 3:
        yield Span(start + 3, start + user, Kind.KEY)
    rest = min((place for place in (address.find("?", 3), address.find("#", 3)) if place >= 0), default=-1)
    if rest >= 0:
        yield from _rest(address[rest:], start + rest)


def _rest(query: str, start: int) -> Iterator[Span]:
    if len(query) > 1:
        yield Span(start + 1, start + len(query), Kind.QUERY)


def emails(text: Searched) -> Iterator[Span]:
    """E-mail addresses, also with (at) and (dot) spelt out."""
    at = text.text.find("@")
    while at >= 0:
        if span := _email(text.text, at):
            yield span
        at = text.text.find("@", at + 1)
    lower = text.lower
    if " dot " in lower or "at)" in lower or "at ]" in lower or "at]" in lower or "at )" in lower or "at}" in lower:
        for found in _SPELT_OUT.finditer(text.text):
            yield Span(*found.span(), Kind.EMAIL)


def _email(text: str, at: int) -> Span | None:
    local = _LOCAL_BACKWARDS.match(text[max(0, at - 64) : at][::-1])
    domain = _DOMAIN.match(text, at + 1)
    if not local or not domain:
        return None
    name = domain[0].rstrip("-.")
    top = _TOP_LEVEL.match(name.rpartition(".")[2])
    if "." not in name or not top or _USER_NAME.search(text, max(0, at - 200), at):
        return None
    start = at - len(local[0].rstrip(".'-%"))
    end = at + 1 + name.rindex(".") + 1 + top.end()
    return Span(start, end, Kind.EMAIL) if start < at else None


def ips(text: Searched) -> Iterator[Span]:
    """IPv4 and IPv6 addresses, but not version numbers and not those that are every computer's own."""
    if not text.digits:
        return
    if text.text.count(".") >= 3:
        for found in _V4.finditer(text.text):
            apart = text.text[found.start() - 1 : found.start()] != "." and text.apart(*found.span())
            if apart and _is_v4(found[0]) and not _VERSION.search(text.before(found.start(), 16)):
                yield Span(*found.span(), Kind.IP)
    if "::" in text.text or text.text.count(":") >= 7:
        yield from _v6(text)


def _v6(text: Searched) -> Iterator[Span]:
    place = 0
    while colons := _COLONS.search(text.text, place):
        place = colons.end() - 1
        before = _HEX_BACKWARDS.match(text.text[max(0, colons.start() - 4) : colons.start()][::-1])
        found = _V6.match(text.text, colons.start() - (before.end() if before else 0))
        if found and text.apart(*found.span(), joining=":._-") and _is_v6(found[0]):
            yield Span(*found.span(), Kind.IP)
            place = found.end()


def _is_v4(written: str) -> bool:
    try:
        IPv4Address(written)
    except AddressValueError:
        return False
    return not written.startswith(_NOBODY)


def _is_v6(written: str) -> bool:
    try:
        IPv6Address(written)
    except AddressValueError:
        return False
    groups = [group for group in written.split(":") if group]
    return len(groups) >= 3 and any(char.isdigit() for char in written)
