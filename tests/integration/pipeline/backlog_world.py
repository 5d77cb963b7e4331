"""A small world for the use cases of the backlog: conversations in themes, existing items, a stand-in model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemText
from earshot.domain.call import Purpose
from earshot.domain.grouping import Change, Decider, Doubt, Lineage, Regrouping, Verdict
from earshot.domain.rice import Estimate, Factor, Source
from earshot.errors import Misconfigured
from earshot.group.settings import GroupSettings
from earshot.pipeline.parts import Parts
from earshot.ports.store import Store
from earshot.prioritise.asking.evidence import Subject
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import SlowClock
from tests.integration.store.store_samples import NOW, arrival, conversation, customer, group, head, insight

EXPORT = "The CSV export stops half way with error 500"
LOGIN = "Single sign-on login loops back to the sign-in page"
DARK = "Please add a dark mode to the calendar"
THEMES = {EXPORT: "t-export", LOGIN: "t-login", DARK: "t-dark"}
KINDS = {EXPORT: "PRODUCT_BUG", LOGIN: "ACCOUNT_ACCESS", DARK: "FEATURE_REQUEST"}
AREAS = {EXPORT: "exports", LOGIN: "login", DARK: "calendar"}
SURE = GroupSettings(doubt_from=0.2, doubt_to=0.2)
"""Whatever is somewhat alike is taken for the same."""
UNSURE = GroupSettings(doubt_from=0.2, doubt_to=1.0)
"""Whatever is somewhat alike is asked about."""
SUFFIXES = (
    ", and our accountants wait for the numbers.",
    ". It happened three times since Monday morning.",
    ". Could somebody please look at it this week?",
    ", so nobody in the team can work with it.",
    ". We tried another browser, which changed nothing.",
    ", which is a pity because we like the rest.",
)


@dataclass
class ModelTasks:
    """Stands for a language model: says the same of every theme. `refuses` are themes it does not answer for."""

    impact: float = 3.0
    weeks: float = 2.0
    same: bool | None = None
    refuses: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list[str])

    ledger: None = None
    """It costs nothing."""

    def booked(self, purpose: Purpose) -> Any:
        """Who is asked."""
        return SimpleNamespace(model=SimpleNamespace(name="stand-in", provider="nobody"))

    async def estimate(self, subjects: Sequence[Subject]) -> dict[str, tuple[Estimate, ...]]:
        """The same impact and effort for all."""
        self.asked += [f"estimate {one.theme_id}" for one in subjects]
        impact = Estimate(
            factor=Factor.IMPACT, value=self.impact, source=Source.MODEL, reason="It stops their work."
        )
        effort = Estimate(factor=Factor.EFFORT, value=self.weeks, source=Source.MODEL, reason="One endpoint.")
        return {one.theme_id: (impact, effort) for one in subjects if one.theme_id not in self.refuses}

    async def draft(self, items: Sequence[tuple[Subject, ItemText]]) -> dict[str, ItemText]:
        """The template's item with another title."""
        self.asked += [f"draft {one.theme_id}" for one, _ in items]
        return {
            one.theme_id: text.model_copy(update={"title": f"Worded: {one.theme_id}", "story_points": 13})
            for one, text in items
            if one.theme_id not in self.refuses
        }

    async def adjudicate(self, doubts: Sequence[Doubt]) -> list[Verdict]:
        """The same of every candidate, or nothing."""
        self.asked += [f"adjudicate {one.theme_id}" for one in doubts]
        return [
            Verdict(
                one=doubt.digest,
                other=candidate.digest,
                same=self.same,
                reason="read both",
                decided_by=Decider.MODEL,
                decided_at=NOW,
            )
            for doubt in doubts
            for candidate in doubt.candidates
            if self.same is not None
        ]


def _nobody(*_: object) -> Any:
    raise Misconfigured("nobody is here")


def parts_of(store: Any, **more: Any) -> Parts:
    """Parts around a store, with nothing outside it."""
    given: dict[str, Any] = {"clock": SlowClock(), "actor": "tester", **more}
    return Parts(
        store=store, make_source=_nobody, make_reader=_nobody, make_rules=_nobody, read_file=_nobody, **given
    )


async def tell(store: PostgresStore, told: Sequence[str], *, start: int = 0, **changes: Any) -> list[str]:
    """Conversations, each raising one of the matters in words of its own, arrive, are read and grouped; their ids.

    Each is of another company, all of them small ones unless `changes` say otherwise.
    """
    ids: list[str] = []
    for number, matter in enumerate(told, start=start):
        firm = {"company_id": f"firm-{number}", "company": f"Firm {number}", "mrr": 100.0}
        person = customer(number, **{**firm, **changes})
        text = matter + SUFFIXES[number % len(SUFFIXES)]
        found = conversation(number, text, customer=person)
        more = {"issue_type": KINDS[matter], "affected_feature": AREAS[matter], "summary": matter}
        async with store.unit() as unit:
            await unit.conversations.save([arrival(found)], now=NOW)
            await unit.insights.save([insight(found, **more)], [])
            await unit.commit()
        ids.append(found.id)
    await group(store, THEMES)
    return ids


async def merge(store: PostgresStore, one: str, into: str) -> None:
    """A theme goes into another, as grouping does it."""
    await _give(store, one, into, change=Change.MERGED)


async def restore(store: PostgresStore, theme: str) -> None:
    """A theme that went into another is there again."""
    await _give(store, theme, theme, change=Change.SPLIT)


async def _give(store: PostgresStore, cell: str, theme: str, *, change: Change) -> None:
    async with store.unit() as unit:
        partition = await unit.themes.partition()
        members = {m: theme for m, placed in partition.placements.items() if placed.cell_id == cell}
        other = theme if theme != cell else None
        event = Lineage(theme_id=cell, change=change, other_id=other, mentions=len(members), at=NOW)
        mentions = await unit.themes.mentions(1000, placed=True)
        first = next(mention for mention in mentions if mention.id in members)
        heads = () if theme in partition.heads else (head(theme, first),)
        regrouping = Regrouping(cells={cell: theme}, mentions=members, lineage=(event,), heads=heads)
        await unit.themes.save(regrouping, now=NOW)
        await unit.commit()


async def items_of(store: Store) -> dict[str, BacklogItem]:
    """All items by id."""
    async with store.unit() as unit:
        return {item.id: item for item in await unit.backlog.items()}


async def item_of(store: Store, theme_id: str) -> BacklogItem:
    """The one item of a theme."""
    (found,) = [item for item in (await items_of(store)).values() if item.theme_id == theme_id]
    return found


async def existing_of(store: Store) -> dict[str, ExistingItem]:
    """All existing items by id."""
    async with store.unit() as unit:
        return {item.id: item async for batch in unit.backlog.existing() for item in batch}


def csv_file(folder: Path, *rows: str, head: str = "Summary,Issue key,Issue Type,Status,Description") -> Path:
    """A file as Jira writes it."""
    path = folder / "jira.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path
