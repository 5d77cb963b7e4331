"""Prompt caching: which beginning of a prompt was seen before, and which is written for the next one.

An entry is a prefix of parts, exactly equal, of at least the floor's tokens. It can be read from the moment its
first answer began until its life ends; reading renews it. Requests sent together all miss, as with the vendors.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from earshot.sim.llm.asking import Ask
from earshot.sim.llm.catalogue import Tokens

SHORT = 1800
"""Lives of up to so many seconds are charged as short ones (5 m, 30 m), longer ones (1 h, 12 h) as long."""
_MOST = 20_000


@dataclass
class _Entry:
    ready: float
    ends: float
    life: int


class PromptCache:
    """The prefixes that a provider remembers."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def take(self, ask: Ask, counts: list[int], *, now: float, ready: float) -> Tokens:
        """The prompt's tokens by kind; remembers what this request writes. `ready`: when its answer begins."""
        lives = self._lives(ask)
        total = sum(counts)
        if total < self.floor or not any(lives):
            return Tokens(input=total)
        prefixes = _prefixes(ask, counts, upto=max(i for i, life in enumerate(lives) if life) + 1)
        read = self._read(prefixes, now)
        written = self._write(prefixes, lives, read=read, now=now, ready=ready)
        short = written[0] if ask.model.writes_cost else 0
        long = written[1] if ask.model.writes_cost else 0
        return Tokens(input=total - read - short - long, read=read, write=short, write_long=long)

    def _lives(self, ask: Ask) -> list[int | None]:
        lives = [part.life for part in ask.parts]
        if ask.implicit and lives:
            lives[-1] = lives[-1] or SHORT
        return lives

    def _read(self, prefixes: list[tuple[bytes, int]], now: float) -> int:
        for digest, size in reversed(prefixes):
            entry = self._entries.get(digest)
            if size >= self.floor and entry is not None and entry.ready <= now < entry.ends:
                entry.ends = now + entry.life
                return size
        return 0

    def _write(
        self, prefixes: list[tuple[bytes, int]], lives: list[int | None], *, read: int, now: float, ready: float
    ) -> tuple[int, int]:
        """Tokens written with a short and with a long life."""
        short = long = 0
        done = read
        pending: list[bytes] = []
        for (digest, size), life in zip(prefixes, lives, strict=False):
            pending.append(digest)
            if not life or size <= done or size < self.floor:
                continue
            self._remember(pending, life, now=now, ready=ready)
            short, long = (short + size - done, long) if life <= SHORT else (short, long + size - done)
            done, pending = size, []
        return short, long

    def _remember(self, digests: list[bytes], life: int, *, now: float, ready: float) -> None:
        for digest in digests:
            known = self._entries.get(digest)
            if known is None or known.ends <= now:
                self._entries[digest] = _Entry(ready, ready + life, life)
        while len(self._entries) > _MOST:
            self._entries.popitem(last=False)


def _prefixes(ask: Ask, counts: list[int], *, upto: int) -> list[tuple[bytes, int]]:
    """The digest and size of every beginning that ends with a part, up to the last breakpoint."""
    running = hashlib.blake2b(f"{ask.model.name}\x1f{ask.cache_key}".encode(), digest_size=16)
    found: list[tuple[bytes, int]] = []
    size = 0
    for part, number in zip(ask.parts[:upto], counts, strict=False):
        running.update(b"\x1e" + part.text.encode("utf-8", "surrogatepass"))
        size += number
        found.append((running.digest(), size))
    return found
