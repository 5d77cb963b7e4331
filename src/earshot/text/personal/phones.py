"""Telephone numbers: international, in a national form that no other number has, or where one is spoken of."""

import re
from collections.abc import Iterator

import phonenumbers

from earshot.text.personal.spans import Kind, Searched, Span

_GAP = r"(?:[ .]|[ ]?[-–][ ]?|/|[-. ]?[()][-. ]?\(?)?"
_CANDIDATE = re.compile(
    rf"(?<![\w@/=&?%+$€£-])(?<![0-9][.,:])(?:\+[ ]?)?\(?[0-9](?:{_GAP}[0-9]){{5,17}}"
    r"(?:,? ?(?:x|ext\.?) ?[0-9]{1,6})?(?![a-z0-9_%]|[.,:/][0-9])"
)
_EXTENSION = re.compile(r"(?:x|ext).*\Z")
_GROUP = re.compile(r"[0-9]+")
_SAID = re.compile(
    r"phone|\bcall(?:ed|ing)?\b|mobil|\btel\b|\btél\b|telef|téléph|\bfax\b|whatsapp|viber|\bsignal\b|telegram|\bsms\b"
    r"|\btext(?:ed)? (?:me|us)|\bcell\b|handy|celular|cellulare|\bmóvil|\b(?:desk|office)[ :]*\Z|\bhotline"
    r"|\bring me|\bdial|reach (?:me|us|you|him|her)|answering at|messages to|contact (?:me|us) (?:at|on)|registered"
    r"|rufnummer|電話|电话|телефон|\bcontact (?:number|no)"
    r"|my (?:new |old |work |home )?number is|\bgsm\b|landline|\bextension\b"
)
_AFTER = re.compile(r"[ \-–(,/]{1,3}(?:office|fax|mobile|mob|cell|home|work|phone|tel|desk|landline|direct)\b")
_OTHER = re.compile(
    r"order|invoice|ticket|\bcase\b|\bref\b|referen|version|build|\bbug\b|issue|tracking|serial|\bsku\b|booking|confirm"
    r"|account (?:id|no|num|#)|\bpnr\b|\bflight|item|product|model|\bids?\b|uuid|\bzip\b|postcode|\bcode\b|\bpin\b"
    r"|amount|total|\bsize\b|bytes|timestamp|license|\bisbn\b|\bport\b|\bline \d*\Z|commit|board|\bpolicy|parcel"
    r"|package|claim|bestell|rechnung|pedido|commande"
)
_DATE = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|[12][0-9]|3[01])[-/.](?:(?:19|20)[0-9]{2}|[0-9]{2})(?![-/.]?[0-9])"
    r"|(?:19|20)[0-9]{2} ?[-–/] ?(?:19|20)[0-9]{2}(?![0-9]))"
)
_AMERICAN = re.compile(
    r"(?:1[-. ]{1,2})?(?:\([2-9][0-9]{2}\)[ -]{0,2}|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}(?![0-9])"
)
_ZERO = re.compile(r"\(?0[1-9]")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){1,4}\Z")
_BEFORE, _BEHIND = 3, 16
"""Signs before the first digit, and an extension behind the last."""
_FEWEST, _MOST = 7, 15
"""Digits without an extension; the most that ITU-T E.164 allows."""
_MOST_READINGS = 6
_SHORT = 8
_NEAR = 35
_FAR = 70
_REGIONS = (
    "GB",
    "FR",
    "DE",
    "AU",
    "IT",
    "NL",
    "BE",
    "CH",
    "AT",
    "IE",
    "SE",
    "FI",
    "JP",
    "ZA",
    "NZ",
    "IN",
    "BR",
    "PL",
)


def phones(text: Searched) -> Iterator[Span]:
    """Telephone numbers."""
    for start, end in text.numbers:
        place = max(0, start - _BEFORE)
        while found := _CANDIDATE.search(text.text, place, end + _BEHIND):
            span = next((s for s in _readings(found) if _is_phone(text, s.start, end=s.end)), None)
            if span:
                yield span
            place = span.end if span else _first_group_end(found)


def _readings(found: re.Match[str]) -> Iterator[Span]:
    """The whole, then less and less of it, because two numbers or a date may stand beside each other."""
    start = found.start() + (found[0][0] == "(" and ")" not in found[0])
    date = _DATE.search(found[0])
    stop = date.start() if date else len(found[0])
    ends = [found.start() + group.end() for group in _GROUP.finditer(found[0][:stop])]
    if not date:
        yield Span(start, found.end(), Kind.PHONE)
    for end in reversed(ends[-_MOST_READINGS : None if date else -1]):
        yield Span(start, end, Kind.PHONE)


def _first_group_end(found: re.Match[str]) -> int:
    group = _GROUP.search(found[0])
    return found.start() + group.end() if group else found.end()


def _is_phone(text: Searched, start: int, *, end: int) -> bool:
    written = text.text[start:end]
    if written.count("(") != written.count(")"):
        return False
    if not _FEWEST <= sum(map(len, _GROUP.findall(_EXTENSION.sub("", written)))) <= _MOST:
        return False
    return _international(written) or _spoken_of(text, start, end=end) or _national(text, start, written=written)


def _international(written: str) -> bool:
    """A number that says its country, and could exist there."""
    if written[0] != "+" and not (written.startswith("00") and not written.startswith("000")):
        return False
    try:
        number = phonenumbers.parse("+" + written.lstrip("+0 "), None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _spoken_of(text: Searched, start: int, *, end: int) -> bool:
    """Whether the nearest thing spoken of before the number, or what stands after it, is a telephone."""
    written = text.text[start:end]
    if _AFTER.match(text.lower, end):
        return True
    before = text.before(start, _FAR if end - start > _SHORT else _NEAR)
    said = max((found.end() for found in _SAID.finditer(before)), default=-1)
    other = max((found.end() for found in _OTHER.finditer(before)), default=-1)
    numbered = before.endswith("#") and written.isdecimal()
    return said > other and not numbered and not (_VERSION.match(written) and written.count(".") < 2)


def _national(text: Searched, start: int, *, written: str) -> bool:
    """A form that only telephone numbers have, where nothing else is spoken of."""
    if _OTHER.search(text.before(start, 30)):
        return False
    if _AMERICAN.match(written):
        return True
    return _ZERO.match(written) is not None and any(_valid(written, region) for region in _REGIONS)


def _valid(written: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False
