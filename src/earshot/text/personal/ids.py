"""National identity numbers: by check digit or fixed form, or because their name stands before them."""

import re
from collections.abc import Callable, Iterator

from earshot.text.personal import checks
from earshot.text.personal.spans import BREAK, Kind, Searched, Span

_SSN = r"(?!000|666)(?:[0-8][0-9]{2}-(?!00)[0-9]{2}|9[0-9]{2}-[5-9][0-9])-(?!0000)[0-9]{4}"
_NINO = (
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"(?P<gap>[ -]?)[0-9]{2}(?P=gap)[0-9]{2}(?P=gap)[0-9]{2}(?P=gap)[A-D]"
)
_NIR = r"[12] ?[0-9]{2} ?[01][0-9] ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"
_FORMS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    (_SSN, bool),
    (_NINO, bool),
    (r"(?:[0-9]{8}|[XYZ][ -]?[0-9]{7})[ -]?[A-Z]", checks.dni),
    (r"[0-3][0-9][01][0-9]{3}[-+A][0-9]{3}[0-9A-Y]", checks.hetu),
    (r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", checks.cpf),
    (r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", checks.ahv),
    (r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", checks.belgian),
    (r"[0-9]{6}[-+][0-9]{4}", checks.swedish),
    (r"[0-9]{6}-[1-8][0-9]{6}", checks.korean),
    (_NIR, checks.nir),
    (r"[1-9][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9Xx]", checks.chinese),
    (r"[0-3][0-9]{5} [0-9]{5}", checks.norwegian),
    (r"[2-9][0-9]{3}(?P<gap>[ -])[0-9]{4}(?P=gap)[0-9]{4}", checks.verhoeff),
)
_CHECKED = tuple((re.compile(form), check) for form, check in _FORMS)
_CODICE = re.compile(r"[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]")
_CODICE_LENGTH = 16
_BEFORE, _AFTER = 3, 2
"""Letters of a number that stand before its first digit and after its last, with gaps."""
_DOCUMENTS = (
    r"ssn", r"itin", r"social security", r"social insurance", r"national insurance", r"nino", r"sin number",
    r"pesel", r"bsn", r"burgerservice\w*", r"sofi-?nummer", r"steuer-?id\w*", r"idnr", r"steuernummer", r"tfn",
    r"tax (?:id\w*|file)", r"taxpayer id\w*", r"cpf", r"aadhaa?r", r"pan card", r"nif", r"dni", r"nie", r"curp",
    r"nhs", r"medicare", r"personnummer", r"cpr", r"fødselsnummer", r"codice fiscale", r"sécurité sociale",
    r"passport", r"reisepass\w*", r"pasaporte", r"passeport", r"passaporto", r"personalausweis\w*",
    r"driver['’]?s? licen[cs]e", r"driving licen[cs]e", r"licen[cs]e plate", r"national id\w*", r"identity card",
    r"id card",
)  # fmt: skip
_LONG_ENOUGH = 8
_LONGEST = 12
_SAID = re.compile(
    rf"(?<!\w)(?:{'|'.join(_DOCUMENTS)})(?!\w)"
    r"(?:[ ]?(?:number|numbers|nummer|numero|número|numéro|no|nr|num|code|id|card|plate|is|my|was|the|ist|es|est)\b"
    rf"|[ ]?[.:#=()\"'°º,?{BREAK}-]){{0,6}}[ ]?"
    r"(?P<value>[A-Za-z0-9](?:[ .\-/]?[A-Za-z0-9]){4,24})(?!\w)"
)
_SAID_HINTS = (
    "ssn", "itin", "social", "national", "nino", "sin num", "pesel", "bsn", "burger", "sofi", "steuer", "idnr",
    "tax", "tfn", "cpf", "aadha", "pan card", "nif", "dni", "nie", "curp", "nhs", "medicare", "personn", "cpr",
    "fødsel", "codice", "curité", "passport", "passeport", "pasaporte", "passaporto", "reisepass", "personal",
    "licen", "identity", "id card",
)  # fmt: skip


def ids(text: Searched) -> Iterator[Span]:
    """National identity numbers."""
    for start, end in text.numbers:
        yield from _in_number(text, max(0, start - _BEFORE), end=end + _AFTER)
    if text.numbers:
        yield from _named(text)
    if text.digits and text.longest_word >= _CODICE_LENGTH:
        for found in _CODICE.finditer(text.text):
            if text.apart(*found.span()) and checks.codice_fiscale(found[0]):
                yield Span(*found.span(), Kind.ID)


def _in_number(text: Searched, start: int, *, end: int) -> Iterator[Span]:
    for pattern, check in _CHECKED:
        for found in pattern.finditer(text.text, start, end):
            if text.apart(*found.span(), joining=".-_") and check(_bare(found[0])):
                yield Span(*found.span(), Kind.ID)


def _named(text: Searched) -> Iterator[Span]:
    """Numbers right after the name of an identity document, whatever their check digit says."""
    if not any(hint in text.lower for hint in _SAID_HINTS):
        return
    for found in _SAID.finditer(text.lower):
        start, end = found.span("value")
        end = start + len(_until_words(found["value"]))
        if sum(char.isdecimal() for char in text.text[start:end]) >= 5:
            yield Span(start, end, Kind.ID)


def _until_words(value: str) -> str:
    """The number at the beginning, with gaps as in `AB 12 34 56 C`, without words and numbers that follow it."""
    end = length = 0
    for word in re.finditer(r"[^ ]+", value):
        bare = len(_bare(word[0]))
        if word[0].isalpha() and bare > 2:
            break
        if length >= _LONG_ENOUGH and not (bare == 1 or (word[0].isdecimal() and length + bare <= _LONGEST)):
            break
        end, length = word.end(), length + bare
    return value[:end]


def _bare(written: str) -> str:
    return "".join(char for char in written if char.isalnum())
