"""What stands outside, as it was made and as it was read back."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Collection, Sequence
from datetime import datetime

from earshot.domain.delivery import Link, Remote, Thing
from earshot.store.outbox.rows import LINK, link_from
from earshot.store.sql import Sql

_LIST = f"""
    select {LINK} from link l
    where (cast(:subject_id as text) is null or l.subject_id = :subject_id)
        and (cast(:destination as text) is null or l.destination = :destination)
        and (cast(:thing as text) is null or l.thing = :thing)
    order by l.planned_at desc, l.episode desc, l.object_key
"""
_TO_CHECK = f"""
    select {LINK} from unnest(cast(:destinations as text[])) as d (name) cross join lateral (
        select * from link where destination = d.name and external_id is not null and standing <> 'gone'
            and (checked_at is null or checked_at < :before)
        order by checked_at nulls first, object_key limit :limit
    ) l order by l.checked_at nulls first, l.object_key limit :limit
"""
_REMOTES = f"""
    with read as (
        select * from unnest(cast(:ids as text[]), cast(:standings as text[]), cast(:times as timestamptz[]))
            as r (external_id, standing, at)
    ), old as materialized (
        select l.object_key, l.standing from link l
        where l.destination = :destination and l.external_id = any(:ids) order by l.object_key for update
    ), new as (
        update link l set standing = r.standing, checked_at = :now, closed_at = case
            when r.standing in ('open', 'planned') then null
            when o.standing in ('open', 'planned') then coalesce(r.at, :now) else coalesce(l.closed_at, r.at, :now)
            end
        from read r, old o
        where l.destination = :destination and l.external_id = r.external_id and o.object_key = l.object_key
        returning l.*, o.standing as was
    )
    select {LINK} from new l where l.was <> l.standing order by l.object_key
"""
_QUIET = f"""
    select {LINK} from link l
    where l.thing = 'page' and l.standing = 'open' and coalesce(l.told_at, l.planned_at) < :before
        and not exists (
            select from action a join action_member m on m.action_key = a.key
            where (a.key = l.action_key or a.subject_id = l.subject_id and not a.dry_run)
                and m.suspect = '' and m.at >= :before
        ) and not exists (
            select from delivery d where d.object_key = l.object_key
                and d.state in ('held', 'pending', 'sending', 'unknown')
        )
    order by l.planned_at, l.object_key limit :limit
"""


class Links:
    """The part of `ports.outbox.Outbox` about what stands outside."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def links(
        self, *, subject_id: str | None = None, destination: str | None = None, thing: Thing | None = None
    ) -> list[Link]:
        """Links, newest first."""
        rows = await self._sql.rows(
            _LIST, subject_id=subject_id, destination=destination, thing=thing and thing.value
        )
        return [link_from(row) for row in rows]

    async def to_check(self, limit: int, *, checked_before: datetime, destinations: Collection[str]) -> list[Link]:
        """Links with a receipt that are not gone and were not read back since, least recently checked first."""
        rows = await self._sql.rows(
            _TO_CHECK, limit=limit, before=checked_before, destinations=sorted(set(destinations))
        )
        return [link_from(row) for row in rows]

    async def save_remotes(self, destination: str, remotes: Sequence[Remote], *, now: datetime) -> list[Link]:
        """Keep what was read back; the links whose standing changed, as they are now."""
        newest = {remote.external_id: remote for remote in remotes}
        rows = await self._sql.rows(
            _REMOTES,
            destination=destination,
            ids=list(newest),
            standings=[remote.standing.value for remote in newest.values()],
            times=[remote.at for remote in newest.values()],
            now=now,
        )
        return [link_from(row) for row in rows]

    async def quiet(self, *, before: datetime, limit: int) -> list[Link]:
        """Open links of pages whose subject had no new conversation since, to be resolved."""
        return [link_from(row) for row in await self._sql.rows(_QUIET, before=before, limit=limit)]
