"""Use case: a person sets a field of an item, with a reason; nothing that Earshot finds later overwrites it."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from earshot.domain.backlog import TITLE_LIMIT, BacklogItem, ItemEdit, ItemStatus, ItemType, Urgency
from earshot.domain.grouping import text_digest
from earshot.domain.model import Noun
from earshot.domain.rice import Factor
from earshot.errors import BadInput, Rejected
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.looking import pick_item
from earshot.pipeline.backlog.refreshing import FACTORS, restep
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.prioritise.estimates import factor_value
from earshot.text.escape import one_line, visible

_LONGEST_TEXT = 20_000
_LONGEST_WORD = 60
_LONGEST_CRITERION = 500
_MOST_WORDS = 30
_REASON_LIMIT = 500


class EditedItem(Noun):
    """An item's field before and after a person's word, and the item as it is now."""

    item: BacklogItem
    field: str
    before: str
    after: str


async def set_field(
    parts: Parts,
    item: str,
    *,
    field: str,
    values: Sequence[str],
    reason: str = "",
    version: str | None = None,
) -> EditedItem:
    """Set a field of an item (by the beginning of its id). BadInput says what is wrong with a value.

    `version` is what the person looked at (`version_of`): Rejected where people changed the item since.
    """
    return await _edit(parts, item, field=field, value=field_value(field, values), reason=reason, version=version)


async def clear_field(
    parts: Parts, item: str, *, field: str, reason: str = "", version: str | None = None
) -> EditedItem:
    """Give a field back to Earshot, which writes or reckons it again."""
    _known(field)
    return await _edit(parts, item, field=field, value=None, reason=reason, version=version)


def version_of(edits: Sequence[ItemEdit]) -> str:
    """Another one after any change of an item by people, or by Earshot for them; its score does not change it."""
    told = "\n".join(f"{edit.field} {edit.at.isoformat()} {edit.value}" for edit in edits)
    return text_digest(told)


async def check_version(unit: Unit, item_id: str, *, version: str | None) -> None:
    """Raises Rejected where the item was changed since somebody looked at it."""
    if version is not None and version_of(await unit.backlog.edits(item_id)) != version:
        raise Rejected(
            "Somebody changed this item while you looked at it; nothing of yours was saved.",
            hint="Look at it as it is now, then decide again.",
        )


def field_value(field: str, values: Sequence[str]) -> str:
    """The value as JSON. BadInput in words for a person where it makes no sense."""
    _known(field)
    try:
        value = FIELDS[field](values)
    except ValueError as error:
        told = str(error)
        raise BadInput(f"{told}." if told.startswith(f"{field} ") else f"{field}: {told}.") from None
    return json.dumps(value, ensure_ascii=False)


async def _edit(
    parts: Parts, named: str, *, field: str, value: str | None, reason: str, version: str | None
) -> EditedItem:
    async with parts.store.exclusive(BACKLOG), parts.store.unit() as unit:
        before = await pick_item(unit, named)
        await check_version(unit, before.id, version=version)
        edit = ItemEdit(
            item_id=before.id,
            field=field,
            value=value,
            reason=one_line(reason)[:_REASON_LIMIT],
            actor=parts.actor,
            at=parts.clock.now(),
        )
        await unit.backlog.edit([edit])
        now = await unit.backlog.get(before.id) or before
        after = await restep(parts, unit, item=now)
        await unit.commit()
    return EditedItem(item=after, field=field, before=shown(before, field), after=shown(after, field))


def shown(item: BacklogItem, field: str) -> str:
    """A field's value in words."""
    if field == "status":
        return item.status.value
    if field in FACTORS:
        score = item.rice.score if item.rice else None
        names = {Factor.EFFORT: "effort_weeks"}
        return f"{getattr(score, names.get(Factor(field), field)):g}" if score else "–"
    value: Any = getattr(item.text, field)
    return "; ".join(value) if isinstance(value, tuple) else "–" if value is None else str(value)  # pyright: ignore


def _known(field: str) -> None:
    if field not in FIELDS:
        raise BadInput(f"An item has no field {field!r}.", hint=f"Fields: {', '.join(FIELDS)}.")


def _one(values: Sequence[str]) -> str:
    if len(values) != 1:
        raise ValueError(f"one value is wanted, {len(values)} are given (put quotation marks around a text)")
    return values[0].strip()


def _title(values: Sequence[str]) -> str:
    title = one_line(_one(values))
    if not 1 <= len(title) <= TITLE_LIMIT:
        raise ValueError(f"a title has 1 to {TITLE_LIMIT} characters, this one {len(title)}")
    return title


def _text(values: Sequence[str]) -> str:
    text = visible(_one(values)).strip()
    if not 1 <= len(text) <= _LONGEST_TEXT:
        raise ValueError(f"a description has 1 to {_LONGEST_TEXT:,} characters, this one {len(text):,}")
    return text


def _option(options: Sequence[str]) -> Callable[[Sequence[str]], str]:
    by_name = {option.casefold(): option for option in options}

    def chosen(values: Sequence[str]) -> str:
        value = _one(values)
        if value.casefold() not in by_name:
            raise ValueError(f"one of {', '.join(options)} is wanted, not {one_line(value)[:_LONGEST_WORD]!r}")
        return by_name[value.casefold()]

    return chosen


def _words(values: Sequence[str]) -> list[str]:
    words = [one_line(part) for value in values for part in value.split(",")]
    kept = list(dict.fromkeys(word for word in words if word))
    if len(kept) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in kept):
        raise ValueError(f"at most {_MOST_WORDS} words of at most {_LONGEST_WORD} characters")
    return kept


def _criteria(values: Sequence[str]) -> list[str]:
    kept = [one_line(line) for value in values for line in value.splitlines() if one_line(line)]
    if not 1 <= len(kept) <= 10 or any(len(line) > _LONGEST_CRITERION for line in kept):
        raise ValueError(f"1 to 10 criteria of at most {_LONGEST_CRITERION} characters, each a value of its own")
    return kept


def _points(values: Sequence[str]) -> int:
    text = _one(values)
    if not text.isdecimal() or not 1 <= int(text) <= 21:
        raise ValueError(f"a whole number from 1 to 21 is wanted, not {one_line(text)[:_LONGEST_WORD]!r}")
    return int(text)


def _factor(factor: Factor) -> Callable[[Sequence[str]], float]:
    def value(values: Sequence[str]) -> float:
        text = _one(values).replace(",", "")
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"a number is wanted, not {one_line(text)[:_LONGEST_WORD]!r}") from None
        return factor_value(factor, number)

    return value


FIELDS: dict[str, Callable[[Sequence[str]], Any]] = {
    "title": _title,
    "description": _text,
    "issue_type": _option(tuple(ItemType)),
    "priority": _option(tuple(Urgency)),
    "labels": _words,
    "components": _words,
    "story_points": _points,
    "acceptance_criteria": _criteria,
    "status": _option(tuple(ItemStatus)),
    **{factor.value: _factor(factor) for factor in Factor},
}
"""What a person can set, and how its value is read."""
