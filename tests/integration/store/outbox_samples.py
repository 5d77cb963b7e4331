"""Small actions, deliveries and links for the outbox's tests, and short ways to put them in."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from store_samples import NOW

from earshot.domain.action import SUBJECTS, Action, ActionKind, Subject
from earshot.domain.delivery import Content, Delivery, Link, Op, Planned, Receipt, Thing
from earshot.ports.outbox import Allowance
from earshot.store import PostgresStore

LEASE = timedelta(seconds=60)
FAST = Allowance(per_second=1000, room=1000)
EVERYWHERE = {"jira": FAST, "slack": FAST, "pagerduty": FAST}


def hexed(*parts: object) -> str:
    """A key of 32 hexadecimal digits."""
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()[:32]


def action(conversation_id: str, kind: ActionKind = ActionKind.CREATE_TICKET, **changes: Any) -> Action:
    """A live action on a theme (or what the kind is about)."""
    subject = SUBJECTS[kind]
    subject_id = changes.get("subject_id", "t1" if subject is Subject.THEME else conversation_id)
    dry, period = changes.get("dry_run", False), changes.get("period", 0)
    values: dict[str, Any] = {
        "key": hexed(kind, subject_id, period, dry),
        "kind": kind,
        "subject": subject,
        "subject_id": subject_id,
        "conversation_id": conversation_id,
        "rule": "r",
        "reason": "r: because",
        "dry_run": dry,
        "created_at": NOW,
    }
    return Action.model_validate(values | changes)


def link(destination: str = "jira", **changes: Any) -> Link:
    """A ticket of theme t1 that is planned."""
    subject_id, episode = changes.get("subject_id", "t1"), changes.get("episode", 0)
    thing = changes.get("thing", Thing.TICKET)
    values: dict[str, Any] = {
        "object_key": hexed(destination, thing, subject_id, episode),
        "destination": destination,
        "thing": thing,
        "subject_id": subject_id,
        "episode": episode,
        "action_key": "a",
        "planned_at": NOW,
        "sequence": 1,
        "told": 1,
    }
    return Link.model_validate(values | changes)


def delivery(about: Link, op: Op = Op.CREATE, sequence: int = 0, **changes: Any) -> Delivery:
    """A pending request about a link's thing."""
    values: dict[str, Any] = {
        "id": hexed(about.object_key, op, sequence),
        "object_key": about.object_key,
        "action_key": about.action_key,
        "destination": about.destination,
        "thing": about.thing,
        "op": op,
        "subject_id": about.subject_id,
        "content": Content(title="Export stops"),
        "told": 1,
        "not_before": NOW,
        "created_at": NOW,
    }
    return Delivery.model_validate(values | changes)


def receipt(name: str = "P-1") -> Receipt:
    """Where the thing stands."""
    return Receipt(external_id=name, url=f"https://jira.example/{name}", extra={"id": "7"})


async def decide(store: PostgresStore, *actions: Action, now: datetime = NOW) -> int:
    """Save decisions and commit; how many are new."""
    async with store.unit() as unit:
        new = await unit.decisions.save(actions, decided=[], now=now)
        await unit.commit()
    return new


async def plan(
    store: PostgresStore, links: Sequence[Link], deliveries: Sequence[Delivery], key: str = "a", **more: Any
) -> int:
    """Save a plan and commit; how many deliveries are new."""
    planned = Planned(action_key=key, links=tuple(links), deliveries=tuple(deliveries), **more)
    async with store.unit() as unit:
        new = await unit.outbox.save_plans([planned], now=NOW)
        await unit.commit()
    return new


async def claim(store: PostgresStore, worker: str = "w", *, limit: int = 50, **more: Any) -> list[Delivery]:
    """Lease what is due and commit."""
    asked: dict[str, Any] = {"now": NOW, "lease": LEASE, "destinations": EVERYWHERE}
    async with store.unit() as unit:
        claimed = await unit.outbox.claim(limit, worker=worker, **asked | more)
        await unit.commit()
    return claimed


async def record(store: PostgresStore, one: Delivery, *, now: datetime = NOW, **changes: Any) -> bool:
    """Record how a claimed delivery stands and commit; whether the lease was still ours."""
    async with store.unit() as unit:
        kept = await unit.outbox.record(one.model_copy(update=changes), now=now)
        await unit.commit()
    return kept
