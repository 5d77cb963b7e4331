"""Numbers and lists in words, the same on every machine."""

from collections.abc import Sequence
from fractions import Fraction

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def number(value: float | Fraction, places: int = 2) -> str:
    """A number with thousands separated and no idle zeros: 1,234.5."""
    text = f"{float(round(Fraction(value), places)) + 0.0:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(count: int, one: str, *, many: str = "") -> str:
    """A count and its noun: "1 customer", "1,200 customers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Words in a row: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def money(amount: float, currency: str) -> str:
    """An amount in whole units: "$45,000", "CHF 45,000"."""
    return f"{_SYMBOLS.get(currency, currency + ' ')}{round(amount):,}"


def weeks(value: float) -> str:
    """Person-weeks: "1 week", "2.5 weeks"."""
    return "1 week" if value == 1 else f"{number(value)} weeks"


def mood(score: float) -> str:
    """A sentiment score in words."""
    if abs(score) < 0.2:
        return "neutral"
    return f"{'highly ' if abs(score) >= 0.6 else ''}{'negative' if score < 0 else 'positive'}"
