"""What became of deliveries: recorded by who sent them, changed by people, listed."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Collection
from datetime import datetime
from typing import Any

from earshot.domain.delivery import Delivery, DeliveryState, Op, Standing, Thing
from earshot.store.outbox.rows import DELIVERY, JOINED, STATED, content_document, delivery_from, stated
from earshot.store.outbox.statuses import settle
from earshot.store.outbox.withdrawals import CAUSE
from earshot.store.sql import Sql

_SET = ", ".join(f"{name} = cast(:{name} as {kind})" for name, kind in STATED.items())
_RECORD = f"""
    update delivery set {_SET}, worker = '', lease_until = null
    where id = :id and worker = :worker and worker <> '' and lease_until = :lease_until
"""
_CHANGE = f"""
    update delivery set {_SET}, worker = '', lease_until = null where id = :id and state = any(:from)
"""
_WORDLESS = """
    update delivery d set state = 'discarded', cause = :cause, ended_at = :now
    where d.id = :id and d.state = 'pending' and d.op = 'create'
        and not exists (select from delivery_content c where c.delivery_id = d.id)
"""
"""Whose words were withdrawn while it was being sent, and which did not arrive, is not sent again."""
_ORDERLY = "select from action where key = :key for update"
"""Everybody takes an action before its deliveries, so that nobody waits for each other."""
_HOLD = "select from delivery where object_key = :object_key order by ordinal for update"
_TOLD = """
    update link set told = greatest(told, :told), told_at = greatest(told_at, cast(:now as timestamptz)),
        receipt = coalesce(cast(:receipt as jsonb), receipt), standing = coalesce(:standing, standing),
        closed_at = case when :standing = 'open' then null
            when :standing in ('done', 'gone') then cast(:now as timestamptz) else closed_at end
    where object_key = :object_key
"""
_STANDS = {Op.CREATE: Standing.OPEN, Op.REOPEN: Standing.OPEN, Op.RESOLVE: Standing.DONE, Op.UPDATE: None}
_GONE = "gone"
"""How the cause of a delivery begins whose thing is not there any more."""
_LIST = f"""
    select {DELIVERY} from delivery d {JOINED}
    where (cast(:states as text[]) = '{{}}' or d.state = any(:states))
        and (cast(:keys as text[]) = '{{}}' or d.action_key = any(:keys))
        and (cast(:destination as text) is null or d.destination = :destination)
        and (cast(:thing as text) is null or d.thing = :thing)
    order by d.created_at desc, d.ordinal desc limit :limit
"""


class Sending:
    """The part of `ports.outbox.Outbox` about single deliveries."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def record(self, delivery: Delivery, *, now: datetime) -> bool:
        """Write how a leased delivery stands now, free its lease, carry its receipt to its link.

        False when the lease was lost to another worker: then nothing is written.
        """
        await self._sql.run(_ORDERLY, key=delivery.action_key)
        lease = {"worker": delivery.worker, "lease_until": delivery.lease_until}
        if not await self._sql.run(_RECORD, id=delivery.id, **lease, **stated(delivery)):
            return False
        await self._sql.run(_WORDLESS, id=delivery.id, cause=CAUSE, now=now)
        await self._carry(delivery, now=now)
        await settle(self._sql, [delivery.action_key])
        return True

    async def change(self, delivery: Delivery, *, only_from: Collection[DeliveryState], now: datetime) -> bool:
        """A person's change (approve, retry, discard) while it is in one of these states; False otherwise."""
        await self._sql.run(_ORDERLY, key=delivery.action_key)
        await self._sql.run(_HOLD, object_key=delivery.object_key)
        states = {"from": [state.value for state in only_from]}
        if not await self._sql.run(_CHANGE, id=delivery.id, **states, **stated(delivery)):
            return False
        await self._sql.run(
            "update delivery_content set content = cast(:content as jsonb) where delivery_id = :id",
            id=delivery.id,
            content=content_document(delivery.content),
        )
        await self._carry(delivery, now=now)
        await settle(self._sql, [delivery.action_key])
        return True

    async def deliveries(
        self,
        *,
        states: Collection[DeliveryState] = (),
        action_keys: Collection[str] = (),
        destination: str | None = None,
        thing: Thing | None = None,
        limit: int,
    ) -> list[Delivery]:
        """Deliveries, newest first. Empty selections select everything."""
        rows = await self._sql.rows(
            _LIST,
            states=[state.value for state in states],
            keys=list(action_keys),
            destination=destination,
            thing=thing and thing.value,
            limit=limit,
        )
        return [delivery_from(row) for row in rows]

    async def _carry(self, delivery: Delivery, *, now: datetime) -> None:
        """What the end of a delivery says about the thing itself."""
        done = delivery.state is DeliveryState.DONE
        gone = delivery.op is not Op.CREATE and delivery.state is DeliveryState.DEAD
        standing: Any = _STANDS[delivery.op] if done else None
        if gone and delivery.cause.casefold().startswith(_GONE):
            standing = Standing.GONE
        if done or standing is not None:
            await self._sql.run(
                _TOLD,
                object_key=delivery.object_key,
                told=delivery.told if done else 0,
                receipt=stated(delivery)["receipt"],
                standing=standing and standing.value,
                now=now,
            )
