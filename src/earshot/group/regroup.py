"""Step 3 as one function: mentions, what is stored, and what people and models said, to what is new or changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial as bound

import numpy as np

from earshot.domain.grouping import Doubt, Mention, Partition, Placement, Rank, Regrouping, ThemeHead, Verdict
from earshot.group.cell import Cell, Spot
from earshot.group.cells import Cells
from earshot.group.conditions import MIXED, changed, conditions_of
from earshot.group.confirming import doubts_to_confirm
from earshot.group.doubting import by_text, doubts_of
from earshot.group.held import Bounds, Held
from earshot.group.identity import births_of, carry_cell_ids, theme_names
from earshot.group.judging import contradicted
from earshot.group.likeness.remembering import remembering
from earshot.group.likeness.sketch import Sketch, Sketcher
from earshot.group.lineages import Turn, lineage_of
from earshot.group.naming import head_of, renamed
from earshot.group.obeying import keep_together, obey, part, unite_agreed
from earshot.group.orders import Pin, is_pin, orders_of
from earshot.group.settings import GroupSettings
from earshot.group.small import doubts_of_small
from earshot.group.telling import lexicon_of, told
from earshot.group.unions import Unions
from earshot.group.vocabulary import vocabulary

Embeddings = Mapping[str, Sequence[float]]
"""Better vectors by the digest of the mention they belong to."""


def regroup(
    mentions: Sequence[Mention],
    stored: Partition,
    *,
    settings: GroupSettings,
    now: datetime,
    verdicts: Sequence[Verdict] = (),
    embeddings: Embeddings | None = None,
    holes: Sequence[str] = (),
    partial: bool = False,
) -> Regrouping:
    """Give every mention its cell and theme. The order of `mentions` does not matter.

    Mentions that `stored` does not place are new; placements whose mention is not given are gone. `holes` are cells
    that lost core mentions of which nothing is stored any more. Exact when all mentions are given. Cores alone are
    enough, and give the same, when `appends` says so. `partial`: only some cells are given, those that the store's
    search found; the answer is approximate and their themes stay as they are but for what is new.

    Under other conditions than those of `stored` (settings, vocabulary, term counts, weights, maker of vectors)
    nothing moves by itself: what is placed stays, what shares a theme shares it still, only the new is judged.
    """
    given = Given(
        stored=stored,
        settings=settings,
        verdicts=verdicts,
        embeddings=embeddings or {},
        holes=holes,
        partial=partial,
    )
    return Regroup(mentions, given).done(now)


def appends(new: Iterable[Mention], latest: Rank | None) -> bool:
    """Whether mentions all rank behind everything that is placed, so that only cores need to be given."""
    return latest is None or all(mention.rank > latest for mention in new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a regrouping starts from beside the mentions (see `regroup`).

    `embedded_by` names what made the embeddings. `parted`: two themes that a person no longer wants to be one.
    """

    stored: Partition
    settings: GroupSettings
    verdicts: Sequence[Verdict] = ()
    embeddings: Embeddings = field(default_factory=dict[str, Sequence[float]])
    holes: Sequence[str] = ()
    partial: bool = False
    embedded_by: str = ""
    parted: Sequence[str] = ()


class Regroup:
    """One regrouping, from sketches to names; `cells` and `themes` can be looked at afterwards.

    Nothing in it refers back to it: what it holds is much, and is freed with it without a look for garbage.
    """

    def __init__(self, mentions: Sequence[Mention], given: Given) -> None:
        settings, stored = given.settings, given.stored
        words = vocabulary(settings.synonyms, settings.matters)
        self._given, self._stored = given, stored
        self._lexicon = lexicon_of(mentions, stored.lexicon, words=words, most=settings.lexicon_terms)
        sketcher = (remembering if given.partial else Sketcher)(self._lexicon, words)
        self._births = births_of(stored.edits)
        self._conditions = conditions_of(settings, self._lexicon, embedded_by=given.embedded_by)
        self.held = Held(
            Bounds(join=settings.same_matter, keep=settings.doubt_from, core=settings.core),
            orders=orders_of(stored.edits, given.verdicts),
            theme_of=bound(_theme_before, stored),
            sketch=bound(_sketch, sketcher=sketcher, embeddings=given.embeddings),
            common=sketcher.common,
            settled=bool(stored.placements) and changed(stored.conditions, self._conditions),
        )
        self.cells = Cells(self.held)
        self._load(mentions)
        self._arrange(mentions)
        self.unions = self._unite()
        self._names = theme_names(self.unions.groups(), self.held, before=stored.cells, births=self._births)

    def done(self, now: datetime) -> Regrouping:
        """What is new or changed, and what is doubtful about it."""
        stored = self._stored
        turn = Turn(before=stored.cells, after=self._names, edits=stored.edits, now=now)
        return Regrouping(
            placements=tuple(self._placements()),
            mentions=self._moved(),
            cells={name: theme for name, theme in sorted(self._names.items()) if stored.cells.get(name) != theme},
            gone=tuple(sorted(name for name in stored.cells if name not in self.held.cells)),
            heads=self._heads(),
            lineage=lineage_of(turn, self.held),
            doubts=self._doubts(),
            lexicon=None if self._lexicon == stored.lexicon else self._lexicon,
            conditions=self._made_under(),
        )

    def themes(self) -> dict[int, str]:
        """The theme of every mention that was given."""
        return {number: self._names[spot.cell] for number, spot in sorted(self.held.spots.items())}

    def _doubts(self) -> tuple[Doubt, ...]:
        given = self._given
        found = doubts_of(self.held, self.unions.links, settings=given.settings)
        if given.partial:
            return found
        found += doubts_to_confirm(self.held, self.unions, unconfirmed=self._unconfirmed)
        asked = {doubt.digest for doubt in found}
        small = doubts_of_small(self.held, self.unions.groups(), most=given.settings.small, besides=asked)
        return by_text((*found, *small))

    def _made_under(self) -> str:
        """The conditions to be kept; empty where they are as they were, or where only a part is known."""
        kept = self._stored.conditions
        if self.held.settled:
            return MIXED if kept != MIXED else ""
        return "" if self._given.partial or not self.held.spots or kept == self._conditions else self._conditions

    def _load(self, mentions: Sequence[Mention]) -> None:
        for mention in mentions:
            placement = self._stored.placements.get(mention.id)
            if placement is not None:
                self.cells.load(mention, _spot(placement))

    def _arrange(self, mentions: Sequence[Mention]) -> None:
        placements = self._stored.placements
        given = {mention.id for mention in mentions}
        lost = {placed.cell_id for number, placed in placements.items() if placed.core and number not in given}
        self.cells.repair(sorted(lost.union(self._given.holes)))
        new = [mention for mention in mentions if mention.id not in placements]
        self.cells.arrange(new, self._doubted())
        carry_cell_ids(self.held, self._stored)

    def _doubted(self) -> list[int]:
        """Placed mentions that a verdict contradicts or an edit concerns."""
        pins, cells = self.held.orders.pins, self.held.orders.by_cell
        return [
            number
            for number, spot in self.held.spots.items()
            if self._pinned(number, pins=pins)
            or (is_pin(spot.cell) and spot.cell not in cells)
            or contradicted(self.held, self.held.mentions[number])
        ]

    def _pinned(self, number: int, *, pins: Mapping[str, Sequence[Pin]]) -> bool:
        """Whether a pin may concern its place; once places are settled, only one out of its own theme does."""
        ours = pins.get(self.held.mentions[number].conversation_id, ())
        if not self.held.settled:
            return bool(ours)
        theme = self.held.theme_of(self.held.cells[self.held.spots[number].cell])
        return any(pin.out_of == theme for pin in ours)

    def _unite(self) -> Unions:
        settings, partial = self._given.settings, self._given.partial
        unions = Unions(self.held, join=settings.same_theme)
        before = self._stored.cells
        if partial and not self.held.settled:
            keep_together(unions, self.held, before=before)
        agreed = obey(unions, self.held, before=before, births=self._births)
        if self.held.settled:
            shared = part(self.held, self._given.parted, before=before, births=self._births)
            keep_together(unions, self.held, before=shared)
        self._unconfirmed = unite_agreed(unions, self.held, agreed=agreed)
        if partial:
            unions.join_fresh(self.held.cells.keys() - before.keys(), with_old=False)
        elif self.held.settled:
            unions.join_fresh(self._grown(), with_old=True)
        else:
            unions.grow()
        return unions

    def _grown(self) -> frozenset[str]:
        """The cells whose centres have something new in them."""
        old = self._stored.placements
        return frozenset(
            name
            for name, cell in self.held.cells.items()
            if any(number not in old or old[number].cell_id != name for number in cell.core)
        )

    def _placements(self) -> Iterable[Placement]:
        for number, spot in sorted(self.held.spots.items()):
            old = self._stored.placements.get(number)
            core = number in self.held.cells[spot.cell].core
            if old is None or (old.core, _spot(old)) != (core, spot):
                yield self._placement(number, spot, core=core)

    def _placement(self, number: int, spot: Spot, *, core: bool) -> Placement:
        vector = np.asarray(self.held.sketches[number].vector, dtype="<f2").tobytes() if core else None
        return Placement(
            mention_id=number,
            cell_id=spot.cell,
            probability=spot.probability,
            runner_up=spot.runner_up,
            runner_up_probability=spot.runner_up_probability,
            decided_by=spot.decided_by,
            reason=spot.reason,
            core=core,
            vector=vector,
        )

    def _moved(self) -> dict[int, str]:
        before = {
            number: self._stored.cells.get(placed.cell_id) for number, placed in self._stored.placements.items()
        }
        return {number: theme for number, theme in self.themes().items() if before.get(number) != theme}

    def _heads(self) -> tuple[ThemeHead, ...]:
        held = self.held
        cores: dict[str, list[int]] = {}
        for cell, theme in sorted(self._names.items()):
            cores.setdefault(theme, []).extend(held.cells[cell].core)
        known = self._stored.heads
        heads = {
            theme: head_of(
                theme, [held.mentions[n] for n in numbers], sketches=held.sketches, known=known.get(theme)
            )
            for theme, numbers in sorted(cores.items())
        }
        heads |= renamed(heads, self._stored.edits)
        return tuple(head for theme, head in sorted(heads.items()) if known.get(theme) != head)


def _sketch(mention: Mention, *, sketcher: Sketcher, embeddings: Embeddings) -> Sketch:
    return sketcher.sketch(told(mention), embedding=embeddings.get(mention.digest))


def _theme_before(stored: Partition, cell: Cell) -> str | None:
    theme = stored.cells.get(cell.id)
    for _, number in cell.members if theme is None else ():
        placement = stored.placements.get(number)
        if placement is not None:
            return stored.cells.get(placement.cell_id)
    return theme


def _spot(placement: Placement) -> Spot:
    return Spot(
        placement.cell_id,
        placement.probability,
        placement.runner_up,
        placement.runner_up_probability,
        placement.decided_by,
        placement.reason,
    )
