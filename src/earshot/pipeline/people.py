"""Use cases about people's data: erase a person everywhere, and keep to the retention period."""

from datetime import timedelta

from earshot.domain.delivery import Link
from earshot.domain.model import Noun
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts


class Outside(Noun):
    """A thing at a destination that may still hold the person's words: only people can remove it there."""

    destination: str
    thing: str
    where: str


class Erased(Noun):
    """Rows removed by table, and rows that still mention the person by table (empty when all is gone).

    `outside` are tickets, messages and notes that Earshot made and cannot take back.
    """

    removed: dict[str, int]
    left: dict[str, int]
    outside: tuple[Outside, ...] = ()


async def erase(parts: Parts, *, contact: str | None = None, conversation: str | None = None) -> Erased:
    """Remove a contact (id or e-mail) or a conversation everywhere, then look for what is left.

    No grouping is under way meanwhile: it would have words in memory that it saves as a name afterwards.
    """
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        removed: dict[str, int] = {}
        outside = await unit.erasure.outside(contact or conversation or "")
        if contact is not None:
            removed = await unit.erasure.contact(contact)
        if conversation is not None:
            removed |= await unit.erasure.conversation(conversation)
        await unit.figures.refresh()
        await unit.commit()
    async with parts.store.unit() as unit:
        left = await unit.erasure.traces(contact or conversation or "")
    return Erased(removed=removed, left=left, outside=tuple(dict.fromkeys(map(_outside, outside))))


def _outside(link: Link) -> Outside:
    receipt = link.receipt
    where = (receipt.url or receipt.external_id) if receipt else "place unknown"
    return Outside(destination=link.destination, thing=link.thing.value, where=where)


class Known(Noun):
    """What is held of a person or conversation, before it is erased: rows by table, and things outside."""

    rows: dict[str, int]
    outside: tuple[Outside, ...] = ()


async def known(parts: Parts, needle: str) -> Known:
    """What mentions a contact (id or e-mail) or a conversation (id); everything is looked through."""
    async with parts.store.unit() as unit:
        outside = await unit.erasure.outside(needle)
        return Known(rows=await unit.erasure.traces(needle), outside=tuple(dict.fromkeys(map(_outside, outside))))


async def overdue(parts: Parts, *, days: int) -> int:
    """How many conversations were last updated longer ago than so many days; 10,000 stands for more."""
    async with parts.store.unit() as unit:
        return await unit.pages.people.older(parts.clock.now() - timedelta(days=days), most=10_000)


async def retain(parts: Parts, *, days: int | None) -> int:
    """Drop conversations last updated longer ago than the retention period; how many."""
    if days is None:
        return 0
    async with parts.store.unit() as unit:
        dropped = await unit.erasure.retain(parts.clock.now() - timedelta(days=days))
        await unit.commit()
    return dropped
