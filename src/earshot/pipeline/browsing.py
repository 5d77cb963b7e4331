"""Use cases: pages of insights, themes and actions, and one of each, in the export forms."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.action import Action
from earshot.domain.conversation import Conversation
from earshot.domain.delivery import Delivery, DeliveryState, Op, Thing
from earshot.domain.model import Noun
from earshot.domain.reading import IssueType
from earshot.domain.rows import ActionRow, ConversationRow, InsightRow, Moment, ThemeRow
from earshot.errors import NotFound
from earshot.pipeline.acting.looking import Shown, portrait
from earshot.pipeline.exporting import action_row, conversation_row, insight_row, theme_row
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import window_of
from earshot.ports.browse import ActionQuery, InsightQuery, Place
from earshot.ports.store import Unit

_DELIVERIES = 2_000


class DeliveryRow(Noun):
    """What became of an action at one destination. `cause` says why it is held, suppressed or dead.

    `preview` is what is, or was, sent, and `problem` what its tool would refuse; null in lists.
    """

    id: str
    destination: str
    thing: Thing
    op: Op
    state: DeliveryState
    cause: str
    url: str | None
    approved_by: str
    created_at: Moment
    ended_at: Moment | None
    preview: str | None = None
    problem: str | None = None


class ActionEntry(ActionRow):
    """An action in the export form, with what became of it. `suspect` says why it waits for a person."""

    suspect: str
    deliveries: list[DeliveryRow]


async def conversation(parts: Parts, conversation_id: str) -> ConversationRow:
    """One conversation; NotFound where we do not hold it."""
    async with parts.store.unit() as unit:
        return conversation_row(await held(unit, conversation_id))


async def held(unit: Unit, conversation_id: str) -> Conversation:
    """One conversation; NotFound where we do not hold it."""
    found = await unit.conversations.get([conversation_id])
    if not found:
        raise NotFound(
            "This conversation is not held.",
            hint="It comes with the next sync; POST /v1/conversations/{id}/classify fetches it at once.",
        )
    return found[0]


async def insights(
    parts: Parts, query: InsightQuery, *, after: Place | None, limit: int
) -> tuple[list[InsightRow], Place | None]:
    """A page of insights, newest conversation first, and where the next page begins (None: this was the last)."""
    async with parts.store.unit() as unit:
        found = await unit.browse.insights(query, after=after, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    last = Place(id=page[-1].conversation_id, at=page[-1].conversation_at) if more else None
    return [insight_row(one) for one in page], last


async def insight(parts: Parts, conversation_id: str) -> InsightRow:
    """The full insight of a conversation; NotFound where there is none."""
    async with parts.store.unit() as unit:
        found = await unit.browse.insight(conversation_id)
    if found is None:
        raise NotFound(
            "There is no full reading of this conversation.",
            hint="GET /v1/conversations/{id}/classification says how far it is.",
        )
    return insight_row(found)


async def themes(
    parts: Parts, issue_types: Sequence[IssueType], *, by_count: bool, after: Place | None, limit: int
) -> tuple[list[ThemeRow], Place | None]:
    """A page of themes over all time, and where the next page begins (None: this was the last)."""
    async with parts.store.unit() as unit:
        found = await unit.browse.themes(issue_types, by_count=by_count, after=after, limit=limit + 1)
        page = found[:limit]
        rows = await _theme_rows(unit, [place.id for place in page])
        await unit.commit()
    return rows, page[-1] if len(found) > limit else None


async def top_themes(
    parts: Parts, *, since: datetime | None, until: datetime | None, issue_types: Sequence[IssueType], limit: int
) -> list[ThemeRow]:
    """The themes with the most distinct conversations in a window of conversation time."""
    window = window_of(parts, since=since, until=until)
    async with parts.store.unit() as unit:
        found = await unit.themes.top(window, limit=1_000_000 if issue_types else limit)
        wanted = [theme for theme in found if not issue_types or theme.issue_type in issue_types][:limit]
        raised = await unit.themes.conversations([theme.id for theme in wanted])
        await unit.commit()
    return [theme_row(theme, raised.get(theme.id, ())) for theme in wanted]


async def theme(parts: Parts, theme_id: str) -> ThemeRow:
    """One theme over all time; NotFound, with where it went, where it does not live any more."""
    async with parts.store.unit() as unit:
        rows = await _theme_rows(unit, [theme_id])
        gone = () if rows else await unit.themes.lineage(theme_id, limit=1)
        await unit.commit()
    if not rows:
        heir = gone[0].other_id if gone else None
        raise NotFound("There is no such theme.", hint=f"It went into {heir}." if heir else "")
    return rows[0]


async def actions(
    parts: Parts, query: ActionQuery, *, after: Place | None, limit: int
) -> tuple[list[ActionEntry], Place | None]:
    """A page of actions, newest first, and where the next page begins (None: this was the last)."""
    async with parts.store.unit() as unit:
        found = await unit.browse.actions(query, after=after, limit=limit + 1)
        entries = await entries_of(unit, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return entries, last and Place(id=last.key, at=last.created_at)


async def entries_of(unit: Unit, found: Sequence[Action]) -> list[ActionEntry]:
    """Actions with what became of them."""
    keys = [one.key for one in found]
    deliveries = await unit.outbox.deliveries(action_keys=keys, limit=_DELIVERIES) if keys else []
    by_action: dict[str, list[DeliveryRow]] = {}
    for one in deliveries:
        by_action.setdefault(one.action_key, []).append(_delivery_row(one))
    return [_entry(one, by_action.get(one.key, [])) for one in found]


async def action(parts: Parts, key: str) -> ActionEntry:
    """One action with its deliveries exactly as they are, or were, sent; by its whole key. NotFound otherwise."""
    found = await portrait(parts, await _whole_key(parts, key))
    return _entry(found.action, [_shown_row(one) for one in found.deliveries])


async def _whole_key(parts: Parts, key: str) -> str:
    async with parts.store.unit() as unit:
        known = await unit.decisions.get([key])
    if not known:
        raise NotFound("There is no such action.", hint="GET /v1/actions lists them with their keys.")
    return known[0].key


async def _theme_rows(unit: Unit, theme_ids: Sequence[str]) -> list[ThemeRow]:
    found = await unit.themes.get(theme_ids)
    raised = await unit.themes.conversations([theme.id for theme in found])
    return [theme_row(theme, raised.get(theme.id, ())) for theme in found]


def _entry(one: Action, deliveries: Sequence[DeliveryRow]) -> ActionEntry:
    row = action_row(one)
    told = {name: getattr(row, name) for name in ActionRow.model_fields}
    return ActionEntry(**told, suspect=one.suspect, deliveries=list(deliveries))


def _delivery_row(one: Delivery) -> DeliveryRow:
    told = {name: getattr(one, name) for name in DeliveryRow.model_fields if hasattr(one, name)}
    return DeliveryRow(**told, url=one.receipt.url if one.receipt else None)


def _shown_row(one: Shown) -> DeliveryRow:
    return _delivery_row(one.delivery).model_copy(update={"preview": one.preview, "problem": one.problem})
