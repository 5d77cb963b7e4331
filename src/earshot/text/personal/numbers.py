"""Payment cards and bank accounts, by their check digits."""

import re
from collections.abc import Iterator

from earshot.text.personal import checks
from earshot.text.personal.spans import Kind, Searched, Span

_GROUP = re.compile(r"[0-9]+")
_CARD = re.compile(
    r"4[0-9]{12}|3[0689][0-9]{12}|3[47][0-9]{13}|(?:[3-6][0-9]|2[2-7])[0-9]{14}|(?:4[0-9]|5[06-8]|6[0-9])[0-9]{15,17}"
)
"""Ranges of numbers that card networks use, by length."""
_CARD_SAID = re.compile(
    r"\bcards?\b|\bcc\b|credit|debit|\bvisa\b|mastercard|maestro|amex|\bkarte|karten|tarjeta|carte|cart[aã]o|\bcarta\b"
)
_PAIR = re.compile(r"[0-9][0-9]")
_ACCOUNT = re.compile(r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_SHORTEST_CARD, _LONGEST_CARD = 12, 19
_MOST_GROUPS = 6


def cards(text: Searched) -> Iterator[Span]:
    """Card numbers: 13 to 19 digits of a known range with a right check digit.

    Where a card is spoken of, 12 digits and any four groups of four too.
    """
    for start, end in text.numbers:
        if end - start >= _SHORTEST_CARD:
            yield from _cards_in(text, start, end=end)


def _cards_in(text: Searched, start: int, *, end: int) -> Iterator[Span]:
    groups = [group.span() for group in _GROUP.finditer(text.text, start, end)]
    said = _CARD_SAID.search(text.before(start, 60)) is not None
    first = 0
    while first < len(groups):
        for last in range(min(len(groups), first + _MOST_GROUPS), first, -1):
            if _is_card(text.text, groups[first:last], said=said):
                yield Span(groups[first][0], groups[last - 1][1], Kind.CARD)
                first = last - 1
                break
        first += 1


def _is_card(text: str, groups: list[tuple[int, int]], *, said: bool) -> bool:
    sizes = [end - start for start, end in groups]
    if not _SHORTEST_CARD <= sum(sizes) <= _LONGEST_CARD or not (said or _printed_so(sizes)):
        return False
    if said and sizes == [4, 4, 4, 4]:
        return True
    digits = "".join(text[start:end] for start, end in groups)
    return (said or _CARD.fullmatch(digits) is not None) and len(set(digits)) > 1 and checks.luhn(digits)


def _printed_so(sizes: list[int]) -> bool:
    """Groups as on a card: none, fours, or 4-6-5 and 4-6-4."""
    return all(size == 4 for size in sizes[:-1]) or sizes in ([4, 6, 5], [4, 6, 4])


def ibans(text: Searched) -> Iterator[Span]:
    """Bank account numbers, with or without gaps, in either case."""
    if not text.digits:
        return
    for pair in _PAIR.finditer(text.text):
        start = pair.start() - 2
        length = checks.IBAN_LENGTH.get(text.text[max(0, start) : pair.start()].upper())
        if length and not text.text[start - 1 : start].isalnum():
            yield from _iban_at(text, start, length=length)


def _iban_at(text: Searched, start: int, *, length: int) -> Iterator[Span]:
    found = _ACCOUNT.match(text.text, start)
    written = _first(found[0], length) if found else None
    end = start + len(written or "")
    if written and not text.text[end : end + 1].isalnum() and _is_iban(written):
        yield Span(start, end, Kind.IBAN)


def _first(written: str, count: int) -> str | None:
    """The part with the first `count` letters and digits, None where there are fewer."""
    ends = [place + 1 for place, char in enumerate(written) if char.isalnum()]
    return written[: ends[count - 1]] if len(ends) >= count else None


def _is_iban(written: str) -> bool:
    account = "".join(filter(str.isalnum, written))
    return (account.isupper() or account.islower()) and checks.iban(account)
