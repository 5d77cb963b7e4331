"""Whether a theme is an item that stands in a backlog elsewhere already: candidates, probability, standing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from earshot.domain.backlog import ExistingItem, Match, Standing
from earshot.domain.grouping import Candidate, Decider, Doubt, Mention, Verdict
from earshot.domain.reading import IssueType
from earshot.domain.theme import Theme
from earshot.group.likeness.score import reasons, same_matter
from earshot.group.likeness.search import Near
from earshot.group.likeness.sketch import Sketch, Sketcher, Told, merged
from earshot.group.settings import GroupSettings
from earshot.group.telling import told as told_by

MOST = 5
"""So many candidates are kept for a theme, the likeliest."""
ASKED_FROM, LINKED_FROM = 0.6, 0.95
"""From the one on a person is asked, from the other on a score alone says that a theme is an item; `doubt_from` and
`doubt_to` where those are higher. Between mentions less will do: most of them have a theme, but most themes are no
item; and a wrong theme is seen, a wrong link hides a matter. Measured by `bench/existing.py`."""
CALLED_THE_SAME = 0.99
"""The least probability where both are called exactly the same, in so many words or more:"""
_TELLING_WORDS = 3
MENTIONS = 12
"""So many mentions of a theme speak for it."""
_TEXT_LIMIT = 1200
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Matter:
    """A theme with some of its mentions, as it is compared with items."""

    theme: Theme
    mentions: Sequence[Mention]

    @property
    def told(self) -> list[Told]:
        """Its texts: its own name, and what its mentions say."""
        kind, area = self.theme.issue_type, self.theme.area
        named = Told(title=self.theme.title, body=self.theme.description, kind=kind, area=area)
        return [named, *(told_by(mention) for mention in self.mentions[:MENTIONS])]

    @property
    def text(self) -> str:
        """Its words for whoever must decide: description, and a few customers' own words."""
        quotes = [mention.quote for mention in self.mentions if mention.quote][:3]
        return "\n".join(filter(None, (self.theme.description, *quotes)))[:_TEXT_LIMIT]


@dataclass(frozen=True, slots=True)
class Band:
    """The probabilities between which nobody is sure."""

    low: float
    high: float

    def standing(self, probability: float) -> Standing:
        """What a probability means."""
        if probability >= self.high:
            return Standing.SAME
        return Standing.UNSURE if probability >= self.low else Standing.DIFFERENT


def band_of(settings: GroupSettings) -> Band:
    """The band for themes and items."""
    return Band(max(settings.doubt_from, ASKED_FROM), max(settings.doubt_to, LINKED_FROM))


class ExistingItems:
    """The items of a backlog elsewhere, ready to be searched."""

    def __init__(self, sketcher: Sketcher, items: Iterable[ExistingItem], *, band: Band) -> None:
        self._sketcher = sketcher
        self._band = band
        self._items: dict[str, ExistingItem] = {}
        self._sketches: dict[str, Sketch] = {}
        self._called: dict[str, list[str]] = {}
        self._near: Near[str] = Near()
        for item in items:
            sketch = sketcher.sketch(_written(item))
            self._items[item.id], self._sketches[item.id] = item, sketch
            self._near.add(item.id, sketch)
            self._called.setdefault(_name(item.title), []).append(item.id)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def items(self) -> dict[str, ExistingItem]:
        """The items by id."""
        return self._items

    def judge(
        self, matter: Matter, *, verdicts: Mapping[str, Verdict], kept: Sequence[Match], now: datetime
    ) -> list[Match]:
        """How the theme stands to the items it may be, the likeliest first; what is kept and changed is among them.

        `verdicts` are a model's or a person's words by item, `kept` the matches as they stand. A person's match is
        left as it is.
        """
        profile = merged([self._sketcher.sketch(told) for told in matter.told])
        found = [key for key, _ in self._near.of(profile, most=MOST, least=self._band.low)]
        found += self._called_like(matter.theme)[:MOST]
        settled = {match.item_id for match in kept if match.decided_by is Decider.PERSON}
        before = [match.item_id for match in kept if match.standing is not Standing.DIFFERENT]
        asked = dict.fromkeys((*found, *before, *verdicts))
        matches = [
            self._match(matter.theme, item_id, profile=profile, verdict=verdicts.get(item_id), now=now)
            for item_id in asked
            if item_id in self._items and item_id not in settled
        ]
        return sorted(matches, key=lambda match: (-match.probability, match.item_id))

    def doubt(self, matter: Matter, matches: Iterable[Match]) -> Doubt | None:
        """The question about a theme whose matches leave it open; None when none does, or one is sure."""
        every = list(matches)
        unsure = [match for match in every if match.standing is Standing.UNSURE]
        if not unsure or any(match.standing is Standing.SAME for match in every):
            return None
        return Doubt(
            digest=matter.theme.id,
            theme_id=matter.theme.id,
            title=matter.theme.title,
            text=matter.text,
            candidates=tuple(self._candidate(match) for match in unsure[:MOST] if match.item_id in self._items),
        )

    def _match(
        self, theme: Theme, item_id: str, *, profile: Sketch, verdict: Verdict | None, now: datetime
    ) -> Match:
        sketch = self._sketches[item_id]
        probability, why = round(same_matter(profile, sketch), _DIGITS), reasons(profile, sketch)
        if item_id in self._called_like(theme):
            probability, why = max(probability, CALLED_THE_SAME), ("called the same", *why)
        match = Match(
            theme_id=theme.id,
            item_id=item_id,
            probability=probability,
            standing=self._band.standing(probability),
            reason="; ".join(why),
            decided_at=now,
        )
        return match if verdict is None else judged(match, verdict)

    def _called_like(self, theme: Theme) -> list[str]:
        name = _name(theme.title)
        return self._called.get(name, []) if name.count(" ") >= _TELLING_WORDS - 1 else []

    def _candidate(self, match: Match) -> Candidate:
        item = self._items[match.item_id]
        text = item.description[:_TEXT_LIMIT]
        return Candidate(id=item.id, digest=item.id, title=item.title, text=text, probability=match.probability)


def judged(match: Match, verdict: Verdict) -> Match:
    """The match as a model or a person decided it."""
    decided = {
        "standing": Standing.SAME if verdict.same else Standing.DIFFERENT,
        "decided_by": verdict.decided_by,
        "reason": verdict.reason,
        "decided_at": verdict.decided_at,
    }
    return match.model_copy(update=decided)


def _name(title: str) -> str:
    """A title without case and punctuation."""
    return " ".join(re.findall(r"\w+", title.casefold()))


def _written(item: ExistingItem) -> Told:
    return Told(title=item.title, body=item.description, kind=_kind(item.issue_type), written=True)


def _kind(issue_type: str | None) -> IssueType | None:
    """Only features say something: trackers call a bug what readers call billing, access or friction."""
    return IssueType.FEATURE_REQUEST if "feature" in (issue_type or "").casefold() else None
