"""What items are made of, gathered from the store: a theme, its mentions, its evidence, its quotes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from earshot.domain.grouping import ThemeHead
from earshot.domain.report import Window
from earshot.domain.rice import Estimate
from earshot.domain.theme import Theme
from earshot.group.existing import Matter
from earshot.pipeline.backlog.matching import load_matters
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.prioritise.quotes import choose
from earshot.prioritise.step import Grounds

QUOTES = 400
"""Quotes of a theme that are looked at, the newest."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A theme with everything that stands behind it."""

    matter: Matter
    grounds: Grounds

    @property
    def theme(self) -> Theme:
        """The theme."""
        return self.matter.theme

    def estimated(self, estimates: Sequence[Estimate]) -> Grounds:
        """The grounds with the estimates of models and people."""
        return Grounds(
            head=self.grounds.head,
            evidence=self.grounds.evidence,
            recent=self.grounds.recent,
            now=self.grounds.now,
            estimates=tuple(estimates),
        )


async def lay_grounds(parts: Parts, unit: Unit, *, theme_ids: Sequence[str]) -> list[Ground]:
    """The grounds of those of these themes that live, in that order."""
    now = parts.clock.now()
    matters = await load_matters(unit, theme_ids)
    ids = [matter.theme.id for matter in matters]
    window = Window(start=now - timedelta(days=parts.prioritise.window_days), end=now + timedelta(seconds=1))
    always = await unit.backlog.evidence(ids)
    recent = await unit.backlog.evidence(ids, window=window)
    found: list[Ground] = []
    for matter in matters:
        theme = matter.theme
        if theme.id not in always:
            continue
        quotes = choose(await unit.backlog.quotes(theme.id, limit=QUOTES), title=theme.title)
        evidence = always[theme.id]
        shown = {"quotes": quotes, "links": evidence.links[: parts.prioritise.most_links]}
        grounds = Grounds(
            head=_head(theme), evidence=evidence.model_copy(update=shown), recent=recent.get(theme.id), now=now
        )
        found.append(Ground(matter, grounds))
    return found


def _head(theme: Theme) -> ThemeHead:
    return ThemeHead(
        id=theme.id, issue_type=theme.issue_type, area=theme.area, title=theme.title, description=theme.description
    )
