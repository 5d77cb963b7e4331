"""The affected product area: configured areas first, then known ones, then the words of the matter itself."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

from earshot.classify.local.phrases import Cues
from earshot.classify.local.words import tokens

LONGEST = 100
_OWN_WORDS = 3


@cache
def known() -> Mapping[str, tuple[str, ...]]:
    """The shipped areas and the words that mean them."""
    text = resources.files("earshot.classify.local").joinpath("areas.txt").read_text(encoding="utf-8")
    entries = (line.split(":", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name.strip(): tuple(w.strip() for w in words.split(",")) for name, words in entries}


@cache
def _stopwords() -> frozenset[str]:
    text = resources.files("earshot.classify.local").joinpath("stopwords.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=8)
def _matcher(areas: tuple[tuple[str, tuple[str, ...]], ...]) -> Cues:
    return Cues(
        {name: [" ".join(tokens(word)) for word in (name, *words) if tokens(word)] for name, words in areas}
    )


def frozen(areas: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Areas as a hashable value."""
    return tuple((name, tuple(words)) for name, words in areas.items())


def find(
    weighted: Sequence[tuple[list[str], float]], configured: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> str | None:
    """The area that the weighted token lists speak of most, None where nothing names one."""
    for areas in (configured, frozen(known())):
        if areas and (best := _strongest(_matcher(areas), weighted)):
            return best.lower()[:LONGEST]
    return next((own for words, _ in weighted if (own := _own(words))), None)


def _strongest(matcher: Cues, weighted: Sequence[tuple[list[str], float]]) -> str | None:
    totals: dict[int, float] = {}
    for words, weight in weighted:
        for group, start, end in matcher.hits(words):
            early = 1.0 + 1.0 / (1.0 + start / 8)
            totals[group] = totals.get(group, 0.0) + weight * (end - start) ** 1.5 * early
    return matcher.names[max(totals, key=lambda g: (totals[g], -g))] if totals else None


def _own(words: Sequence[str]) -> str | None:
    """The first run of telling words: "spam folder" of "my spam folder disappeared"."""
    run: list[str] = []
    best: list[str] = []
    for word in [*words, "."]:
        if word.isalpha() and len(word) > 2 and word not in _stopwords():
            run.append(word)
            continue
        if len(run) > len(best):
            best = run
        run = []
    return " ".join(best[:_OWN_WORDS])[:LONGEST] or None
