"""Terms of a finding: matters, concepts, stems and their neighbours, weighted before rarity counts."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from earshot.domain.reading import IssueType
from earshot.domain.theme import OpenFinding
from earshot.group.concepts import Match, Thesaurus
from earshot.group.vocabulary import Vocabulary
from earshot.group.words import meaningful, stems, symbols

Terms = dict[str, float]

THING, STATE, WORD, COVERED, PAIR = 1.4, 0.9, 1.0, 0.45, 0.5
"""Weights: a concept for a thing, for a state, a plain word, a word that a concept covers, two
neighbours."""

QUOTE, CONTEXT, AREA = 0.5, 0.6, 0.9
"""How much the quote, the first message and the product area count beside the summary (1)."""

WORDLESS = "∅"
"""The one term of a text without any word or picture."""

_MOST_WORDS = 80
_KIND = "%"


def terms_of(finding: OpenFinding, vocabulary: Vocabulary) -> Terms:
    """The finding's terms with its issue type; never empty."""
    thesaurus = vocabulary.thesaurus
    merged = text_terms(finding.summary, thesaurus)
    _heighten(merged, text_terms(finding.quote or "", thesaurus), share=QUOTE)
    _heighten(merged, text_terms(finding.context or "", thesaurus), share=CONTEXT)
    area = text_terms(finding.area or "", thesaurus)
    matters = vocabulary.matters(_concepts(merged), _concepts(area))
    merged.update({f"@{name}": weight for name, weight in matters.items()})
    _heighten(merged, area, share=AREA)
    if not merged:
        merged = {f"!{symbol}": 1.0 for symbol in symbols(finding.summary)} or {WORDLESS: 1.0}
    merged[kind_term(finding.issue_type)] = 1.0
    return merged


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


def _heighten(terms: Terms, by: Mapping[str, float], *, share: float) -> None:
    for term, weight in by.items():
        terms[term] = max(terms.get(term, 0.0), weight * share)


def kinds_in(terms: Mapping[str, float]) -> dict[IssueType, float]:
    """The issue types among terms with their weights."""
    return {kind: terms[kind_term(kind)] for kind in IssueType if kind_term(kind) in terms}


def kind_term(kind: IssueType) -> str:
    """The term of an issue type."""
    return _KIND + kind


def _concepts(terms: Iterable[str]) -> set[str]:
    return {term[1:] for term in terms if term.startswith("#") and not is_pair(term)}


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
        elif meaningful(stemmed[at]):
            row.append(stemmed[at])
        at += match.length if match is not None else 1
    return row


def _covered(stemmed: Sequence[str], matches: Sequence[Match]) -> list[str]:
    inside = (stemmed[i] for match in matches for i in range(match.start, match.start + match.length))
    return [word for word in inside if meaningful(word)]


def is_kind(term: str) -> bool:
    """Whether a term is an issue type; it is compared apart and not counted."""
    return term.startswith(_KIND)


def is_pair(term: str) -> bool:
    """Whether a term is two neighbours; their rarity follows from their parts."""
    return " " in term


def parts(term: str) -> Sequence[str]:
    """The parts of a pair, or the term itself."""
    return term.split(" ")


def scaled(terms: Mapping[str, float], factor: float) -> Terms:
    """All weights times a factor."""
    return {term: weight * factor for term, weight in terms.items()}
