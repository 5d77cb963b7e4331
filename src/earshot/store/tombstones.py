"""What was erased must not come back: fingerprints of erased people and conversations, none of their data."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from earshot.ports.store import Arrival
from earshot.store.sql import Sql


def fingerprint(kind: str, value: str) -> bytes:
    """What is kept of an erased id or e-mail."""
    return hashlib.sha256(f"earshot\x1f{kind}\x1f{value.strip().lower()}".encode("utf-8", "surrogatepass")).digest()


async def remember(sql: Sql, kind: str, *, values: Iterable[str]) -> None:
    """Note these as erased."""
    await sql.run(
        "insert into erased (digest) select unnest(cast(:digests as bytea[])) on conflict do nothing",
        digests=[fingerprint(kind, value) for value in values],
    )


async def erased_conversations(sql: Sql, source: str, *, external_ids: Sequence[str]) -> set[str]:
    """Those of the conversations that were erased."""
    digests = {fingerprint("conversation", f"{source}\x1f{one}"): one for one in external_ids}
    return {digests[found] for found in await _found(sql, digests)}


async def erased_ids(sql: Sql, ids: Sequence[str]) -> set[str]:
    """Those of the public conversation ids that were erased."""
    digests = {fingerprint("conversation", "\x1f".join(origin_of(one))): one for one in ids}
    return {digests[found] for found in await _found(sql, digests)}


def origin_of(public_id: str) -> tuple[str, str]:
    """Source and external id of a public id."""
    source, colon, external = public_id.partition(":")
    return (source, external) if colon else ("intercom", public_id)


async def not_erased(sql: Sql, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Without conversations that were erased, and without what erased people wrote before their erasure."""
    marks = [_marks(arrival) for arrival in arrivals]
    erased = await _found(sql, {mark for found in marks for mark in found})
    if not erased:
        return list(arrivals)
    return [a for a, found in zip(arrivals, marks, strict=True) if not _is_erased(a, found, erased=erased)]


def _marks(arrival: Arrival) -> dict[bytes, bool]:
    """The arrival's fingerprints, and whether each one is the conversation's own (not a person's)."""
    c = arrival.conversation
    marks = {fingerprint("conversation", f"{c.source}\x1f{c.external_id}"): True}
    people = {m.author_id for m in c.customer_messages} | {c.customer.id if c.customer else None}
    people |= {c.customer.email if c.customer else None}
    return marks | {fingerprint("contact", person): False for person in people if person}


def _is_erased(arrival: Arrival, marks: dict[bytes, bool], *, erased: dict[bytes, datetime]) -> bool:
    return any(
        own or arrival.conversation.created_at <= erased[mark] for mark, own in marks.items() if mark in erased
    )


async def _found(sql: Sql, digests: Iterable[bytes]) -> dict[bytes, datetime]:
    rows = await sql.rows(
        "select digest, erased_at from erased where digest = any(cast(:digests as bytea[]))", digests=list(digests)
    )
    return {bytes(row["digest"]): row["erased_at"] for row in rows}
