"""Names of themes out of their mentions' own summaries, and when a name is due; stable while the theme is."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from earshot.domain.grouping import Decider, Edit, EditKind, Mention, ThemeHead
from earshot.domain.reading import IssueType
from earshot.group.likeness.score import same_matter
from earshot.group.likeness.sketch import Sketch, merged
from earshot.group.title import TITLE_LIMIT, tidy
from earshot.text.injection import instructs

DESCRIPTION_LIMIT = 300
"""Longest extracted description, in characters."""

SETTLED = 24
"""Named with so many mentions or more, a theme is named again only when it has taken in another."""

_TURN = 1.5
"""A theme's issue type or area changes when so many times more mentions say otherwise."""

_BETTER = 0.15
"""A title gives way only to one that is better by this much."""

_USUAL = 2.0
"""What it is worth when every word of a title is also said by all others: so another language than most speak, a
customer's own names and slips of the pen are no titles."""

_SHOWN = 24
_ALIKE = 0.5
_NUMBER = re.compile(r"\b(?:\w*\d\w*[-/.:#]?){1,}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_PERSON = re.compile(r"\b(?:i|me|my|mine|i'm|i've|we|our|us)\b", re.IGNORECASE)
_FEELING = re.compile(
    r"\b(?:please|pls|asap|urgent\w*|help|thanks?|sorry|angry|annoy\w*|ridiculous|terrible|awful|worst|hate|useless"
    r"|unacceptable|disappoint\w*|frustrat\w*|wtf|hello|hi|hey|dear|regards)\b",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"\b(?:made no difference|(?:did|does)(?:n't| not) help|no luck|already tried|tried (?:it )?(?:again|already)"
    r"|(?:clear|restart|reinstall|reboot)(?:ed|ing)?\b)",
    re.IGNORECASE,
)


def naming_due(head: ThemeHead | None, mentions: int) -> bool:
    """Whether a theme of so many mentions should be named (again): when it is new, or has doubled since.

    A person's name is never due. From SETTLED mentions on a name stays: by then the matter is known.
    """
    if head is None or not head.title:
        return True
    if head.named_by is Decider.PERSON:
        return False
    return head.named_size < SETTLED and mentions >= 2 * max(1, head.named_size)


def head_of(
    theme: str, mentions: Sequence[Mention], *, sketches: Mapping[int, Sketch], known: ThemeHead | None
) -> ThemeHead:
    """The theme's head by the mentions of its centre: kind, area, title and description, old ones where they do."""
    kind = _kind([mention.issue_type for mention in mentions], known)
    area = _area([mention.area for mention in mentions if mention.area], known)
    by_model = known is not None and known.named_by is Decider.MODEL and bool(known.title)
    if known is not None and (by_model or not naming_due(known, len(mentions))):
        return known.model_copy(update={"issue_type": kind, "area": area})
    ranked = _ranked(mentions, sketches)
    title = _title(ranked, known)
    others = (text for text, _ in ranked if text != title and not instructs(text))
    return ThemeHead(
        id=theme,
        issue_type=kind,
        area=area,
        title=title,
        description=_description(title, others),
        named_size=len(mentions),
        asked_size=known.asked_size if known is not None else 0,
    )


def _title(ranked: Sequence[tuple[str, float]], known: ThemeHead | None) -> str:
    best, worth = next((one for one in ranked if not instructs(one[0])), ranked[0])  # no words to a model
    old = next((score for text, score in ranked if known is not None and text == known.title), None)
    return known.title if known is not None and old is not None and worth < old + _BETTER else best


def renamed(heads: Mapping[str, ThemeHead], edits: Sequence[Edit]) -> dict[str, ThemeHead]:
    """The heads of themes that a person called something else; the latest word counts."""
    said: dict[str, ThemeHead] = {}
    orders = [edit for edit in edits if edit.kind is EditKind.RENAME and edit.undone_at is None and edit.title]
    for edit in sorted(orders, key=lambda edit: (edit.made_at, edit.id)):
        head = said.get(edit.theme_id) or heads.get(edit.theme_id)
        if head is not None:
            update = {"title": edit.title, "named_by": Decider.PERSON}
            if edit.description is not None:
                update["description"] = edit.description
            said[edit.theme_id] = head.model_copy(update=update)
    return said


def _ranked(mentions: Sequence[Mention], sketches: Mapping[int, Sketch]) -> list[tuple[str, float]]:
    """Candidate titles, the best first: near the centre, in usual words, about the thing and not the writer."""
    shown = sorted(mentions, key=lambda mention: mention.rank)[:_SHOWN]
    texts = {mention.id: tidy(mention.summary) for mention in shown}
    if len(set(texts.values())) == 1:
        return [(texts[shown[0].id], 0.0)]
    centre = merged(sketches[mention.id] for mention in shown)
    said = Counter(word for mention in shown for word in _words(f"{mention.summary} {mention.quote or ''}"))
    scores: dict[str, float] = {}
    for mention in shown:
        text = texts[mention.id]
        near = same_matter(sketches[mention.id], centre)
        worth = near + _form(text) + _usual(text, said, mentions=len(shown))
        scores[text] = max(scores.get(text, -9.0), round(worth, 4))
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _usual(text: str, said: Mapping[str, int], *, mentions: int) -> float:
    """What it is worth that others say the words of a text too."""
    words = _words(text)
    shared = sum(said.get(word, 1) - 1 for word in words)
    return _USUAL * shared / max(1, len(words) * (mentions - 1))


def _form(text: str) -> float:
    """How much a text is like a title, about -2 to 0.4."""
    words = _WORD.findall(text)
    length = len(text)
    score = 0.4 if 25 <= length <= 80 else 0.1 if 15 <= length <= TITLE_LIMIT - 1 else -0.4
    score -= 0.6 if len(words) < 3 else 0.0
    score -= 0.3 * len(_FEELING.findall(text))
    score -= 0.3 * min(3, len(_NUMBER.findall(text)))
    score -= 0.2 * min(2, len(_PERSON.findall(text)))
    score -= 0.4 * len(_TRIED.findall(text))
    score -= 0.2 if text.endswith("…") else 0.0
    score -= 0.2 * min(2, len(_SHOUTED.findall(text)))
    return score


def _description(title: str, others: Iterable[str]) -> str:
    chosen: list[str] = []
    for text in others:
        if len(chosen) == 2:
            break
        known = [title, *chosen]
        fits = sum(len(one) + 2 for one in [*chosen, text]) <= DESCRIPTION_LIMIT
        if fits and len(_words(text)) >= 3 and all(_overlap(text, one) < _ALIKE for one in known):
            chosen.append(text)
    sentences = [title, *chosen]
    return " ".join(text if text.endswith(("?", "…")) else f"{text}." for text in sentences)[:DESCRIPTION_LIMIT]


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _overlap(one: str, other: str) -> float:
    left, right = _words(one), _words(other)
    return len(left & right) / max(1, min(len(left), len(right)))


def _kind(kinds: Sequence[IssueType], known: ThemeHead | None) -> IssueType:
    counts = Counter(kinds)
    most = min(counts, key=lambda kind: (-counts[kind], kind))
    if known is not None and counts[most] <= _TURN * counts.get(known.issue_type, 0):
        return known.issue_type
    return most


def _area(areas: Sequence[str], known: ThemeHead | None) -> str | None:
    counts = Counter(areas)
    old = known.area if known is not None else None
    if not counts:
        return old
    most = min(counts, key=lambda area: (-counts[area], area))
    return old if old is not None and counts[most] <= _TURN * counts.get(old, 0) else most
