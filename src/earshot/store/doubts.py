"""Verdicts that are remembered, doubts that wait for one, and proposals to merge."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earshot.domain.grouping import Decider, Doubt, Proposal, Verdict
from earshot.store.cleaning import clean, clean_json
from earshot.store.sql import Sql, Stage

_JUDGED = Stage(
    "fresh_verdict",
    {
        "one": "text",
        "other": "text",
        "same": "boolean",
        "confidence": "float8",
        "reason": "text",
        "decided_by": "text",
        "decided_as": "text",
        "decided_at": "timestamptz",
    },
)
_JUDGE = """
    insert into verdict (one, other, same, confidence, reason, decided_by, decided_as, decided_at)
    select one, other, same, confidence, reason, decided_by, decided_as, decided_at
    from fresh_verdict order by one, other
    on conflict (one, other) do update set same = excluded.same, confidence = excluded.confidence,
        reason = excluded.reason, decided_by = excluded.decided_by, decided_as = excluded.decided_as,
        decided_at = excluded.decided_at
    where verdict.decided_by <> 'person' or excluded.decided_by = 'person'
"""
_VERDICTS = """
    select one, other, same, confidence, reason, decided_by, decided_as, decided_at from verdict
    where cast(:ones as text[]) is null or one = any(:ones) order by one, other
"""
_ASKED = Stage(
    "fresh_doubt",
    {
        "digest": "text",
        "mention_id": "bigint",
        "theme_id": "text",
        "conversation_id": "varchar(255)",
        "title": "text",
        "text": "text",
        "candidates": "jsonb",
        "probability": "float8",
        "asked_as": "text",
    },
)
_ASK = """
    insert into doubt (digest, mention_id, theme_id, conversation_id, title, text, candidates, probability,
        asked_as)
    select digest, mention_id, theme_id, conversation_id, title, text, candidates, probability, asked_as
    from fresh_doubt d where d.mention_id is null or exists (select from finding f where f.id = d.mention_id)
    order by digest
    on conflict (digest) do update set mention_id = excluded.mention_id, theme_id = excluded.theme_id,
        conversation_id = excluded.conversation_id, title = excluded.title, text = excluded.text,
        candidates = excluded.candidates, probability = excluded.probability,
        asked_as = case when excluded.asked_as = ''
            and (doubt.title, doubt.text) = (excluded.title, excluded.text)
            and jsonb_path_query_array(doubt.candidates, '$[*].digest')
                = jsonb_path_query_array(excluded.candidates, '$[*].digest')
            then doubt.asked_as else excluded.asked_as end
"""
_ABOUT = """v.one in (d.digest, d.theme_id) and v.other in (c->>'digest', c->>'id')
    or v.other in (d.digest, d.theme_id) and v.one in (c->>'digest', c->>'id')"""
OPEN_DOUBTS = f"""
    select d.digest, d.mention_id, d.theme_id, d.conversation_id, d.title, d.text, d.candidates, d.asked_as
    from doubt d where {{which}} and exists (
        select from jsonb_array_elements(d.candidates) c where not exists (select from verdict v where {_ABOUT})
    ) and not exists (
        select from jsonb_array_elements(d.candidates) c join verdict v on {_ABOUT} where v.same
    ) order by d.probability desc, d.digest limit :limit
"""  # noqa: S608 (a constant condition)
"""Doubts without a verdict; `which` is a condition on table `d`."""
_PROPOSED = Stage(
    "fresh_proposal",
    {"one_id": "text", "other_id": "text", "probability": "float8", "reason": "text", "proposed_at": "timestamptz"},
)
_PROPOSE = """
    insert into proposal (one_id, other_id, probability, reason, proposed_at)
    select distinct on (one_id, other_id) one_id, other_id, probability, reason, proposed_at
    from fresh_proposal order by one_id, other_id, probability desc
    on conflict (one_id, other_id) do nothing
"""
_REFUSE = """
    insert into proposal (one_id, other_id, probability, proposed_at, refused_at, refused_by)
    values (:one, :other, 0, :at, :at, :actor)
    on conflict (one_id, other_id) do update set refused_at = excluded.refused_at, refused_by = excluded.refused_by
"""
_PROPOSALS = """
    select p.one_id, p.other_id, p.probability, p.reason, p.proposed_at from proposal p
    join theme one on one.id = p.one_id join theme other on other.id = p.other_id
    where p.refused_at is null order by p.probability desc, p.one_id, p.other_id
"""


class Doubts:
    """The part of `ports.store.Themes` about verdicts, doubts and proposals."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def verdicts(self, ones: Sequence[str] | None = None) -> list[Verdict]:
        """Remembered verdicts, all or those about these digests."""
        rows = await self._sql.rows(_VERDICTS, ones=None if ones is None else list(ones))
        return [Verdict.model_validate(dict(row)) for row in rows]

    async def judge(self, verdicts: Sequence[Verdict]) -> None:
        """Remember verdicts; a person's is never replaced by a model's."""
        weighed = sorted(verdicts, key=lambda v: (v.decided_by is Decider.PERSON, v.decided_at))
        latest = {(v.one, v.other): v for v in weighed}
        await self._sql.stage(_JUDGED, [_verdict_row(one) for one in latest.values()])
        await self._sql.run(_JUDGE)

    async def doubts(self, limit: int) -> list[Doubt]:
        """Open doubts, the likeliest matches first; those already judged are not among them."""
        rows = await self._sql.rows(OPEN_DOUBTS.format(which="true"), limit=limit)
        return [Doubt.model_validate({**row, "candidates": json.loads(row["candidates"])}) for row in rows]

    async def ask(self, doubts: Sequence[Doubt]) -> None:
        """Keep doubts until they are judged; an older one about the same text is replaced."""
        if doubts:
            await self._sql.stage(_ASKED, [_doubt_row(one) for one in {d.digest: d for d in doubts}.values()])
            await self._sql.run(_ASK)

    async def settle(self, digests: Sequence[str]) -> None:
        """Close doubts about these texts."""
        await self._sql.run("delete from doubt where digest = any(:digests)", digests=list(digests))

    async def propose(self, proposals: Sequence[Proposal]) -> None:
        """Replace the open proposals to merge."""
        await self._sql.run("delete from proposal where refused_at is null")
        rows = [(*_pair(p.one_id, p.other_id), p.probability, clean(p.reason), p.proposed_at) for p in proposals]
        await self._sql.stage(_PROPOSED, rows)
        await self._sql.run(_PROPOSE)

    async def proposals(self) -> list[Proposal]:
        """Open proposals, the likeliest first; those that a person refused never come back."""
        return [Proposal.model_validate(dict(row)) for row in await self._sql.rows(_PROPOSALS)]

    async def refuse(self, one_id: str, other_id: str, *, actor: str, at: datetime) -> None:
        """A person says that two themes are two matters."""
        one, other = _pair(one_id, other_id)
        await self._sql.run(_REFUSE, one=one, other=other, actor=clean(actor), at=at)


def _pair(one_id: str, other_id: str) -> tuple[str, str]:
    """Two themes in the order in which they are kept: a proposal has no direction."""
    return (one_id, other_id) if one_id <= other_id else (other_id, one_id)


def _verdict_row(one: Verdict) -> tuple[Any, ...]:
    return (
        one.one,
        one.other,
        one.same,
        one.confidence,
        clean(one.reason),
        one.decided_by.value,
        one.decided_as,
        one.decided_at,
    )


def _doubt_row(one: Doubt) -> tuple[Any, ...]:
    candidates = [clean_json(candidate.model_dump(mode="json")) for candidate in one.candidates]
    return (
        one.digest,
        one.mention_id,
        one.theme_id,
        one.conversation_id,
        clean(one.title),
        clean(one.text),
        json.dumps(candidates),
        max((candidate.probability for candidate in one.candidates), default=0.0),
        one.asked_as,
    )
