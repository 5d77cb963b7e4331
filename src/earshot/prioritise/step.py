"""Keeping items in step: evidence and score follow the theme, words only its name, and never over a person's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from earshot.domain.backlog import BacklogItem, Evidence, ItemStatus, ItemText
from earshot.domain.grouping import Decider, ThemeHead, text_digest
from earshot.domain.rice import Estimate, Rice, Source
from earshot.prioritise.drafting import TEMPLATE, draft, kind_of
from earshot.prioritise.estimates import kept
from earshot.prioritise.rice import rice
from earshot.prioritise.settings import PrioritiseSettings

LEAST_GROWTH = 5
"""A model words an item anew only after at least so many further conversations."""
WORDS = ("title", "description", "acceptance_criteria")
"""The fields that are somebody's words; all others follow rules."""
_MARK = re.compile(r"^(?P<how>.*) #(?P<name>[0-9a-f]{12}) @(?P<size>\d+)(?: !(?P<left>[a-z_,]+))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an item is made of. `evidence` is over all time, with the chosen quotes; `recent` the RICE window's.

    `recent` None: nothing was said then. `estimates` are a model's and people's; None: those the item has.
    """

    head: ThemeHead
    evidence: Evidence
    recent: Evidence | None
    now: datetime
    estimates: Sequence[Estimate] | None = None

    @property
    def current(self) -> Evidence:
        """What the matter is like now: the window's evidence where there is any."""
        if self.recent is None:
            return self.evidence
        return self.recent.model_copy(update={"quotes": self.recent.quotes or self.evidence.quotes})


@dataclass(frozen=True, slots=True)
class Mark:
    """From what an item's words were made: `BacklogItem.drafted_as` as a value.

    `how` is the template or model, `name` a digest of what the theme was called, `size` its conversations, `left`
    the words that a person had set, so that they are made anew once given back.
    """

    how: str
    name: str
    size: int
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        left = f" !{','.join(self.left)}" if self.left else ""
        return f"{self.how} #{self.name} @{self.size}{left}"


def mark(how: str, grounds: Grounds, *, edited: Sequence[str] = ()) -> Mark:
    """The mark of words made now, while a person has set those fields."""
    head = grounds.head
    name = text_digest(head.issue_type, head.area or "", head.title, head.description)[:12]
    left = tuple(field for field in WORDS if field in edited)
    return Mark(how=how, name=name, size=grounds.evidence.conversations, left=left)


def read_mark(drafted_as: str) -> Mark | None:
    """The mark in `drafted_as`, None where there is none."""
    found = _MARK.match(drafted_as)
    if found is None:
        return None
    left = tuple(found["left"].split(",")) if found["left"] else ()
    return Mark(found["how"], found["name"], int(found["size"]), left)


def new_item(item_id: str, grounds: Grounds, *, settings: PrioritiseSettings) -> BacklogItem:
    """A theme's item, worded by the template."""
    scored = _score(grounds, grounds.estimates or (), settings=settings)
    return BacklogItem(
        id=item_id,
        theme_id=grounds.head.id,
        text=draft(grounds.head, grounds.current, rice=scored, settings=settings),
        rice=scored,
        evidence=_linked(grounds.evidence, settings),
        drafted_by=Decider.SCORE,
        drafted_as=str(mark(TEMPLATE, grounds)),
        created_at=grounds.now,
        updated_at=grounds.now,
    )


def in_step(
    item: BacklogItem, grounds: Grounds, *, settings: PrioritiseSettings, reword: bool = False
) -> BacklogItem:
    """The item with today's evidence and score; the same item where nothing changed.

    What `edited` names stays as it is. Once an item is no draft any more its words stay too. `reword` asks the
    template again although the theme is called as before (a person gave a field back).
    """
    given = grounds.estimates
    if given is None:
        given = _given(item.rice)
    scored = _score(grounds, given, settings=settings)
    evidence = _linked(grounds.evidence, settings)
    changes: dict[str, Any] = {"rice": scored, "evidence": evidence, "theme_id": grounds.head.id}
    if item.status is ItemStatus.DRAFT:
        changes |= _words(item, grounds, scored=scored, settings=settings, reword=reword)
    return _changed(item, changes, now=grounds.now)


def reworded(item: BacklogItem, text: ItemText, *, how: str, grounds: Grounds) -> BacklogItem:
    """The item in a model's words (`how`: its name and prompt version); what people set stays."""
    drafted_as = str(mark(how, grounds, edited=item.edited))
    changes = {"text": _unless_edited(item, text), "drafted_by": Decider.MODEL, "drafted_as": drafted_as}
    return _changed(item, changes, now=grounds.now)


def due(item: BacklogItem, grounds: Grounds, *, settings: PrioritiseSettings) -> str | None:
    """Why it is worth asking a model for the words (again), None while it is not."""
    size = grounds.evidence.conversations
    if settings.draft == "template" or item.status is not ItemStatus.DRAFT or size < settings.least_conversations:
        return None
    if item.drafted_by is Decider.PERSON or set(WORDS) <= set(item.edited):
        return None
    before = read_mark(item.drafted_as)
    if item.drafted_by is not Decider.MODEL or before is None:
        return "no model has worded it yet"
    if before.name != mark("", grounds).name:
        return "the theme is called otherwise now"
    if _given_back(before, item):
        return "a person gave words back"
    if size >= max(before.size * settings.redraft_growth, before.size + LEAST_GROWTH):
        return f"worded from {before.size} conversations, now {size}"
    return None


def _score(grounds: Grounds, estimates: Sequence[Estimate], *, settings: PrioritiseSettings) -> Rice:
    return rice(
        grounds.current,
        settings,
        item_type=kind_of(grounds.head),
        area=grounds.head.area,
        now=grounds.now,
        estimates=estimates,
    )


def _linked(evidence: Evidence, settings: PrioritiseSettings) -> Evidence:
    return evidence.model_copy(update={"links": evidence.links[: settings.most_links]})


def _given(rice: Rice | None) -> tuple[Estimate, ...]:
    """The model's and people's estimates of a score."""
    if rice is None:
        return ()
    return (*kept(rice.estimates, Source.MODEL), *kept(rice.estimates, Source.PERSON))


def _words(
    item: BacklogItem, grounds: Grounds, *, scored: Rice, settings: PrioritiseSettings, reword: bool
) -> dict[str, Any]:
    """The words as they are now, and their mark where the template was asked."""
    fresh = draft(grounds.head, grounds.current, rice=scored, settings=settings)
    old = item.text
    if item.drafted_by is not Decider.SCORE:
        labels = tuple(dict.fromkeys((*fresh.labels, *old.labels)))
        follows = {"labels": labels, "components": fresh.components, "priority": fresh.priority}
        return {"text": _unless_edited(item, old.model_copy(update=follows))}
    now = mark(TEMPLATE, grounds, edited=item.edited)
    before = read_mark(item.drafted_as)
    if reword or before is None or (before.how, before.name) != (now.how, now.name) or _given_back(before, item):
        return {"text": _unless_edited(item, fresh), "drafted_as": str(now)}
    return {"text": _unless_edited(item, fresh.model_copy(update={name: getattr(old, name) for name in WORDS}))}


def _given_back(before: Mark, item: BacklogItem) -> bool:
    """Whether a person has given back words that they had set when the item was worded."""
    return not set(before.left) <= set(item.edited)


def _unless_edited(item: BacklogItem, fresh: ItemText) -> ItemText:
    held = {name: getattr(item.text, name) for name in item.edited if name in ItemText.model_fields}
    return fresh.model_copy(update=held)


def _changed(item: BacklogItem, changes: dict[str, Any], *, now: datetime) -> BacklogItem:
    after = item.model_copy(update=changes)
    return item if after == item else after.model_copy(update={"updated_at": now})
