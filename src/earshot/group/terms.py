"""Terms of a text: concepts, stems and their neighbours, weighted before rarity counts."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from earshot.group.concepts import Match, Thesaurus
from earshot.group.words import meaningful, stem

Terms = dict[str, float]

THING, STATE, WORD, COVERED, PAIR = 1.4, 0.9, 1.0, 0.45, 0.5
"""Weights: a concept for a thing, for a state, a plain word, a word that a concept covers, two
neighbours."""

_MOST_WORDS = 250


def occurrences(said: Sequence[str], thesaurus: Thesaurus) -> Terms:
    """The terms of a text's words with the weight of each occurrence added up."""
    stemmed = [stem(word) for word in said[:_MOST_WORDS]]
    matches = list(thesaurus.matches(stemmed))
    counts: Terms = {}
    for match in matches:
        _count(counts, f"#{match.concept.name}", weight=THING if match.concept.thing else STATE)
    sequence = _sequence(stemmed, matches)
    for term in sequence:
        if not term.startswith("#"):
            _count(counts, term, weight=WORD)
    for first, second in pairwise(sequence):
        if first != second:
            _count(counts, f"{first} {second}", weight=PAIR)
    for term in _covered(stemmed, matches):
        _count(counts, term, weight=COVERED)
    return counts


def _count(counts: Terms, term: str, *, weight: float) -> None:
    counts[term] = counts.get(term, 0.0) + weight


def concepts_in(terms: Iterable[str]) -> set[str]:
    """The names of the concepts among terms."""
    return {term[1:] for term in terms if term.startswith("#") and not is_pair(term)}


def _sequence(stemmed: Sequence[str], matches: Sequence[Match]) -> list[str]:
    """The text as a row of concepts and meaningful words, in order."""
    starts = {match.start: match for match in matches}
    row: list[str] = []
    at = 0
    while at < len(stemmed):
        match = starts.get(at)
        if match is not None:
            row.append(f"#{match.concept.name}")
        elif meaningful(stemmed[at]):
            row.append(stemmed[at])
        at += match.length if match is not None else 1
    return row


def _covered(stemmed: Sequence[str], matches: Sequence[Match]) -> list[str]:
    inside = (stemmed[i] for match in matches for i in range(match.start, match.start + match.length))
    return [word for word in inside if meaningful(word)]


def is_pair(term: str) -> bool:
    """Whether a term is two neighbours; their rarity follows from their parts."""
    return " " in term


def parts(term: str) -> Sequence[str]:
    """The parts of a pair, or the term itself."""
    return term.split(" ")
