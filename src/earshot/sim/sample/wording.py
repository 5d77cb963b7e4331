"""From a written line to one person's message: alternatives, slots, habits of typing."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from earshot.sim.sample.script import Library

CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
WORD = re.compile(r"\b[a-z]{5,}\b")
APOSTROPHES = str.maketrans("", "", "'’")
STICKY = {"tech", "client", "device", "droid", "browser", "job", "invoice", "version", "money", "month", "ref"}
HASTE = ((" please", " pls"), (" you ", " u "), (" because ", " cos "), ("and ", "& "), (" tomorrow", " tmrw"))


class Wording:
    """Fills lines for one conversation; names and numbers of things keep their value until it ends."""

    def __init__(self, library: Library, rng: Random, *, turn: int, said_at: int, known: dict[str, str]) -> None:
        self._library = library
        self._rng = rng
        self._turn = turn
        self._said_at = datetime.fromtimestamp(said_at, UTC)
        self._values = dict(known)

    def pool(self, name: str) -> str:
        """The next line of a pool, in turn over the conversations so that none is worn out."""
        return self.line(self._library.pools[name])

    def line(self, lines: Sequence[str]) -> str:
        """One of these lines, filled."""
        return self.fill(self.chosen(lines))

    def chosen(self, lines: Sequence[str]) -> str:
        """One of these lines as it is written."""
        step = self._rng.randrange(3)
        return lines[(self._turn * 7 + self._turn // len(lines) + step) % len(lines)]

    def fill(self, text: str) -> str:
        """Choose among alternatives and fill the slots."""
        while CHOICE.search(text):
            text = CHOICE.sub(lambda match: self._rng.choice(match.group(1).split("|")), text)
        text = SLOT.sub(lambda match: self._value(match.group(1)), text)
        return re.sub(r" {2,}", " ", text).replace(" ## ", "\n\n").replace(" // ", "\n").strip()

    def _value(self, slot: str) -> str:
        if slot in self._values:
            return self._values[slot]
        value = self._fresh(slot)
        if slot.rstrip("0123456789") in STICKY:
            self._values[slot] = value
        return value

    def _fresh(self, slot: str) -> str:
        figure = self._figure(slot)
        if figure is not None:
            return figure
        name = slot.rstrip("0123456789")
        lines = self._library.pools.get(f"slot.{name}")
        if lines is None:
            raise KeyError(f"no pool for the slot {slot!r}")
        return self.fill(self._rng.choice(lines))

    def _figure(self, slot: str) -> str | None:
        pick = self._rng.randrange
        numbers = {
            "n": lambda: str(pick(2, 10)),
            "nn": lambda: str(pick(11, 95)),
            "nnn": lambda: str(pick(110, 980)),
            "money": lambda: (
                f"{self._values.get('sign', '£')}{pick(38, 2400)}{self._rng.choice(('', '.00', '.50'))}"
            ),
            "invoice": lambda: f"INV-{pick(10200, 99800)}",
            "job": lambda: f"J-{pick(20300, 98700)}",
            "version": lambda: f"{pick(5, 8)}.{pick(0, 30)}.{pick(0, 9)}",
            "ref": lambda: f"{pick(16**7, 16**8):x}",
            "time": lambda: f"{pick(6, 20)}:{pick(0, 12) * 5:02d}",
            "date": lambda: self._day(-pick(1, 12)),
            "soon": lambda: self._day(pick(2, 14)),
            "weekday": lambda: f"{self._said_at - timedelta(days=pick(1, 6)):%A}",
            "month": lambda: f"{self._said_at - timedelta(days=20):%B}",
        }
        make = numbers.get(slot.rstrip("0123456789"))
        return None if make is None else make()

    def _day(self, days: int) -> str:
        day = self._said_at + timedelta(days=days)
        figures = f"{day.day:02d}/{day.month:02d}"
        if self._values["language"] != "en":
            return figures
        return self._rng.choice((f"{day.day} {day:%B}", f"{day:%A} {day.day}", figures))


def typed_by(text: str, habit: str, *, rng: Random) -> str:
    """The text as somebody with this habit types it: tidy, lower, hasty, sloppy or loud."""
    if habit == "lower":
        return text.lower().translate(APOSTROPHES)
    if habit == "hasty":
        for long, short in HASTE:
            text = text.replace(long, short)
        return text if text[:2].isupper() else text[0].lower() + text[1:].rstrip(".")
    if habit == "sloppy":
        return _misspelt(text, rng)
    if habit == "loud":
        first, mark, rest = text.partition(". ")
        return first.upper() + mark + rest
    return text


def _misspelt(text: str, rng: Random) -> str:
    words = list(WORD.finditer(text))
    for match in sorted(rng.sample(words, min(len(words), 1 + len(words) // 12)), key=lambda m: -m.start()):
        at = match.start() + rng.randrange(1, len(match.group()) - 2)
        swapped = text[at + 1] + text[at]
        text = text[:at] + rng.choice((swapped, text[at], text[at] + text[at + 1] * 2)) + text[at + 2 :]
    return text
