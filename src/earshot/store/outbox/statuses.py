"""What an action comes to by its deliveries, in our table and in the guide's."""

from collections.abc import Collection

from earshot.store.sql import Sql

_STATUS = """
    with standing as (
        select a.key, a.status, a.created_at, case
            when a.dry_run or d.n is null then case when a.status = 'DISCARDED' then a.status else 'PENDING' end
            when d.made > 0 and d.failed = 0 then 'COMPLETED'
            when d.waiting > 0 then 'PENDING'
            when d.failed > 0 then 'FAILED'
            when d.made > 0 then 'COMPLETED'
            when d.discarded = d.n then 'DISCARDED'
            else 'PENDING' end as now_is, d.at
        from action a left join lateral (
            select count(*) as n, count(*) filter (where state = 'done') as made,
                count(*) filter (where state in ('held', 'pending', 'sending', 'unknown')) as waiting,
                count(*) filter (where state = 'dead' and op = 'create') as failed,
                count(*) filter (where state = 'discarded') as discarded,
                max(ended_at) filter (where state = 'done') as at
            from (
                select distinct on (object_key, op = 'create') object_key, op, state, ended_at from delivery
                where action_key = a.key order by object_key, op = 'create', ordinal desc
            ) newest
            having count(*) > 0
        ) d on true
        where a.key = any(:keys)
    ), changed as (
        update action a set status = s.now_is, completed_at = case when s.now_is = 'COMPLETED' then
            coalesce(a.completed_at, s.at) end
        from standing s where a.key = s.key and a.status <> s.now_is
        returning a.key, a.status, a.completed_at
    )
    update escalation_actions e set status = c.status, completed_at = c.completed_at
    from changed c where e.action_key = c.key
"""
_THERE = """
    with there as (
        update action a set status = 'COMPLETED', completed_at = :now
        where a.key = any(:keys) and not a.dry_run and a.status = 'PENDING'
            and not exists (select from delivery d where d.action_key = a.key)
        returning a.key
    )
    update escalation_actions e set status = 'COMPLETED', completed_at = :now
    from there t where e.action_key = t.key
"""


async def settle(sql: Sql, keys: Collection[str]) -> None:
    """Set the actions' status by their deliveries; dry ones stay pending, a done action stays completed."""
    if keys:
        await sql.run(_STATUS, keys=sorted(keys))


async def settle_there(sql: Sql, keys: Collection[str], *, now: object) -> None:
    """Complete actions for which nothing had to be done: what they want stands there already."""
    if keys:
        await sql.run(_THERE, keys=sorted(keys), now=now)
