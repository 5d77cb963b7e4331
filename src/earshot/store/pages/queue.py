"""What waits for a person, kind by kind, never more than is asked for; and what people decided."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from datetime import datetime

from earshot.domain.grouping import Decider, Doubt, Proposal
from earshot.domain.queue import QueueDecision, QueueKind
from earshot.ports.pages.queue import Waiting
from earshot.store.cleaning import clean
from earshot.store.doubts import OPEN_DOUBTS
from earshot.store.driver import Row
from earshot.store.rollups import LOW_CONFIDENCE
from earshot.store.sql import Sql
from earshot.store.wanting import UNREAD

_ACTIONS = """
    select a.key as subject, coalesce(i.summary, '') as title, acc.mrr, i.confidence as sureness, a.reason,
        a.created_at as at
    from (
        select * from action where kind = 'ADD_TO_PM_QUEUE' and status = 'PENDING'
        order by created_at desc, key desc limit :limit
    ) a left join conversation_insights i on i.conversation_id = a.conversation_id
    left join account acc on acc.id = i.account
"""
_DUPLICATES = """
    select m.theme_id || ' ' || m.item_id as subject, t.title, t.mrr, m.probability as sureness,
        e.key || ' ' || e.title as reason, m.decided_at as at
    from match m join existing_item e on e.id = m.item_id join theme t on t.id = m.theme_id
    where m.standing = 'unsure' and t.conversations > 0
        and not exists (select from match s where s.theme_id = m.theme_id and s.standing = 'same')
    order by m.probability desc, m.theme_id, m.item_id limit :limit
"""
_MERGES = """
    select p.one_id || ' ' || p.other_id as subject, one.title, greatest(one.mrr, other.mrr) as mrr,
        p.probability as sureness, other.title as reason, p.proposed_at as at
    from proposal p join theme one on one.id = p.one_id join theme other on other.id = p.other_id
    where p.refused_at is null and one.conversations > 0 and other.conversations > 0
    order by p.probability desc, p.one_id, p.other_id limit :limit
"""
_DOUBTS = f"""
    select d.digest as subject, d.title, acc.mrr, cast(d.candidates #>> '{{0,probability}}' as float8) as sureness,
        d.candidates #>> '{{0,title}}' as reason, f.conversation_at as at
    from ({OPEN_DOUBTS.format(which="d.mention_id is not null")}) d join finding f on f.id = d.mention_id
    left join account acc on acc.id = f.account
"""
_SUSPECTS = """
    select a.key as subject, coalesce(i.summary, a.reason) as title, acc.mrr, i.confidence as sureness,
        d.cause as reason, a.created_at as at
    from (
        select distinct on (action_key) action_key, cause from (
            select action_key, cause from delivery where state = 'held' order by created_at desc, ordinal desc
            limit :limit
        ) newest order by action_key
    ) d join action a on a.key = d.action_key
    left join conversation_insights i on i.conversation_id = a.conversation_id
    left join account acc on acc.id = i.account
"""
_READINGS = f"""
    select i.conversation_id as subject, i.summary as title, acc.mrr, i.confidence as sureness,
        i.issue_type as reason, i.conversation_at as at
    from (
        select * from conversation_insights where confidence < {LOW_CONFIDENCE} and not exists (
            select from queue_decision q where q.kind = 'readings' and q.subject = conversation_id
                and q.undone_at is null and q.before->>'text' is not distinct from content_hash
        ) order by confidence, conversation_id limit :limit
    ) i left join account acc on acc.id = i.account
"""
_UNREAD = f"""
    select u.conversation_id as subject, coalesce(c.title, '') as title, acc.mrr, cast(null as float8) as sureness,
        u.reason, u.attempted_at as at
    from (
        select * from unread u where {UNREAD} and exists (
            select from conversation c where c.id = u.conversation_id and c.content_hash = u.content_hash
                and not c.deleted
        ) and not exists (
            select from queue_decision q where q.kind = 'unread' and q.subject = u.conversation_id
                and q.undone_at is null and q.before->>'text' = u.content_hash and q.at >= u.attempted_at
        ) order by attempted_at desc, conversation_id limit :limit
    ) u join conversation c on c.id = u.conversation_id left join account acc on acc.id = c.account
"""
_KINDS = {
    QueueKind.ACTIONS: _ACTIONS,
    QueueKind.DUPLICATES: _DUPLICATES,
    QueueKind.MERGES: _MERGES,
    QueueKind.DOUBTS: _DOUBTS,
    QueueKind.SUSPECTS: _SUSPECTS,
    QueueKind.READINGS: _READINGS,
    QueueKind.UNREAD: _UNREAD,
}
_DECISION = "id, kind, subject, answer, reason, actor, before, at, undone_at"
_LAST = f"""
    select {_DECISION} from queue_decision where actor = :actor and at >= :since order by at desc, id desc limit 1
"""
_UNDO = f"""
    update queue_decision set undone_at = :at where id = :id and actor = :actor and undone_at is null
    returning {_DECISION}
"""
_REOPEN = """
    update match set standing = 'unsure', decided_by = 'score', probability = :probability, reason = :reason,
        decided_at = :at where theme_id = :theme and item_id = :item
"""
_UNSAY = """
    delete from verdict where decided_by = :person
        and (one = :one and other = :other or one = :other and other = :one)
"""
_PROPOSE_AGAIN = """
    update proposal set refused_at = null, refused_by = null, probability = :probability, reason = :reason
    where refused_at is not null and (one_id, other_id) in ((:one, :other), (:other, :one))
"""


class PostgresQueuePages:
    """`ports.pages.QueuePages` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def waiting(self, kind: QueueKind, *, limit: int) -> list[Waiting]:
        """At most so many entries of a kind, those that the database finds first."""
        rows = await self._sql.rows(_KINDS[kind], limit=limit)
        return [Waiting.model_validate({"kind": kind, **row}) for row in rows]

    async def count(self, kind: QueueKind, *, most: int) -> int:
        """How many entries of a kind wait, counted up to `most`."""
        return await self._sql.value(f"select count(*) from ({_KINDS[kind]}) few", limit=most)

    async def doubt(self, digest: str) -> Doubt | None:
        """An open doubt about a mention."""
        which = "d.mention_id is not null and d.digest = :digest"
        row = await self._sql.row(OPEN_DOUBTS.format(which=which), digest=digest, limit=1)
        return None if row is None else Doubt.model_validate({**row, "candidates": json.loads(row["candidates"])})

    async def proposal(self, one_id: str, other_id: str) -> Proposal | None:
        """The open proposal to merge two themes."""
        row = await self._sql.row(
            """select one_id, other_id, probability, reason, proposed_at from proposal
            where one_id = :one and other_id = :other and refused_at is null""",
            one=one_id,
            other=other_id,
        )
        return None if row is None else Proposal.model_validate(dict(row))

    async def theme_of(self, conversation_id: str) -> str | None:
        """The theme of a conversation's own (first) matter."""
        return await self._sql.value(
            "select theme_id from finding where conversation_id = :id order by position limit 1", id=conversation_id
        )

    async def note(self, decision: QueueDecision) -> int:
        """Keep a decision; its number."""
        return await self._sql.value(
            """insert into queue_decision (kind, subject, answer, reason, actor, before, at)
            values (:kind, :subject, :answer, :reason, :actor, cast(:before as jsonb), :at) returning id""",
            kind=decision.kind.value,
            subject=clean(decision.subject),
            answer=decision.answer,
            reason=clean(decision.reason),
            actor=clean(decision.actor),
            before=json.dumps(decision.before),
            at=decision.at,
        )

    async def last(self, actor: str, *, since: datetime) -> QueueDecision | None:
        """The newest decision of a person since then, if it stands."""
        row = await self._sql.row(_LAST, actor=clean(actor), since=since)
        return None if row is None or row["undone_at"] is not None else _decision(row)

    async def undone(self, number: int, *, actor: str, at: datetime) -> QueueDecision | None:
        """Mark a person's decision as taken back; None where it was already, or is another's."""
        row = await self._sql.row(_UNDO, id=number, actor=clean(actor), at=at)
        return None if row is None else _decision(row)

    async def stands(self, number: int) -> None:
        """A decision stands after all: it could not be taken back."""
        await self._sql.run("update queue_decision set undone_at = null where id = :id", id=number)

    async def unsay(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Forget people's verdicts about these pairs."""
        for one, other in pairs:
            await self._sql.run(_UNSAY, person=Decider.PERSON.value, one=one, other=other)

    async def reopen(self, theme_id: str, item_id: str, *, probability: float, reason: str, at: datetime) -> None:
        """A theme beside an existing item is to be decided again."""
        await self._sql.run(
            _REOPEN, theme=theme_id, item=item_id, probability=probability, reason=clean(reason), at=at
        )

    async def propose_again(self, one_id: str, other_id: str, *, probability: float, reason: str) -> None:
        """A refused proposal to merge two themes stands open again."""
        await self._sql.run(
            _PROPOSE_AGAIN, one=one_id, other=other_id, probability=probability, reason=clean(reason)
        )


def _decision(row: Row) -> QueueDecision:
    values = dict(row)
    return QueueDecision.model_validate({**values, "before": json.loads(values["before"])})
