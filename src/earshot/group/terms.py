"""Terms of a finding: concepts, word stems and their neighbours, each with a weight before rarity counts."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from earshot.domain.theme import OpenFinding
from earshot.group.concepts import Match, Thesaurus
from earshot.group.words import stem, stems, symbols

Terms = dict[str, float]

THING, STATE, WORD, COVERED, PAIR = 1.4, 0.9, 1.0, 0.45, 0.5
"""Weights: a concept for a thing, for a state, a plain word, a word a concept covers, two neighbours."""

QUOTE, AREA = 0.5, 0.6
"""How much the quote and the product area count beside the summary (1)."""

WORDLESS = "∅"
"""The one term of a text without any word or picture."""

_MOST_WORDS = 80


def terms_of(finding: OpenFinding, thesaurus: Thesaurus) -> Terms:
    """The finding's terms; never empty."""
    merged: Terms = {}
    for text, share in ((finding.summary, 1.0), (finding.quote or "", QUOTE), (finding.area or "", AREA)):
        for term, weight in text_terms(text, thesaurus).items():
            merged[term] = max(merged.get(term, 0.0), weight * share)
    if not merged:
        merged = {f"!{symbol}": 1.0 for symbol in symbols(finding.summary)}
    return merged or {WORDLESS: 1.0}


def text_terms(text: str, thesaurus: Thesaurus) -> Terms:
    """The terms of one text; empty when it has no meaningful word."""
    stemmed = stems(text)[:_MOST_WORDS]
    matches = list(thesaurus.matches(stemmed))
    terms = _concept_terms(matches)
    sequence = _sequence(stemmed, matches)
    for term in sequence:
        terms.setdefault(term, WORD)
    for first, second in pairwise(sequence):
        if first != second:
            terms[f"{first} {second}"] = PAIR
    for term in _covered(stemmed, matches):
        terms.setdefault(term, COVERED)
    return terms


def _concept_terms(matches: Sequence[Match]) -> Terms:
    return {f"#{m.concept.name}": THING if m.concept.thing else STATE for m in matches}


def _sequence(stemmed: Sequence[str], matches: Sequence[Match]) -> list[str]:
    """The text as a row of concepts and meaningful words, in order."""
    starts = {match.start: match for match in matches}
    row: list[str] = []
    at = 0
    while at < len(stemmed):
        match = starts.get(at)
        if match is not None:
            row.append(f"#{match.concept.name}")
        elif _meaningful(stemmed[at]):
            row.append(stemmed[at])
        at += match.length if match is not None else 1
    return row


def _covered(stemmed: Sequence[str], matches: Sequence[Match]) -> list[str]:
    inside = (stemmed[i] for match in matches for i in range(match.start, match.start + match.length))
    return [word for word in inside if _meaningful(word)]


def _meaningful(word: str) -> bool:
    return len(word) > 1 and word not in _stop_words()


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    listed = files("earshot.group").joinpath("stop.txt").read_text("utf-8").split()
    return frozenset(stem(word) for word in listed)


def is_pair(term: str) -> bool:
    """Whether a term is two neighbours; their rarity follows from their parts."""
    return " " in term


def parts(term: str) -> Sequence[str]:
    """The parts of a pair, or the term itself."""
    return term.split(" ")


def scaled(terms: Mapping[str, float], factor: float) -> Terms:
    """All weights times a factor."""
    return {term: weight * factor for term, weight in terms.items()}
