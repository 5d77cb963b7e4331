"""Samples that people label: drawn from what was read, kept with the model's answers of that moment."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.label import Labelling, Member, Ruling, Sample, SampleKind
from earshot.ports.pages.audits import Candidate, Progress
from earshot.store.pages.audit_rows import (
    FIELDS,
    MEMBER,
    label_values,
    labelling_from,
    labelling_values,
    member_from,
    member_values,
    ruling_from,
    sample_from,
    sample_values,
)
from earshot.store.sql import Sql

_FROM = "confidence, classifier, model, prompt_version, content_hash, created_at as read_at"
_NOBODY = "cast(null as float8), cast(null as text), cast(null as text), cast(null as text), null, null"


def _own(alias: str, was: str) -> str:
    """The reading's own answers: what a person corrected is put back; a reading always has all of them."""
    fields = [f"coalesce(own.{was}->>'{field}', {alias}.{field}) as {field}" for field in FIELDS]
    return ", ".join(fields)


def _own_labels(alias: str, was: str) -> str:
    """The labels' own answers: a field that only a person gave is none of theirs."""
    fields = [
        f"case when own.{was} ? '{field}' then own.{was}->>'{field}' else {alias}.{field} end as {field}"
        for field in FIELDS
    ]
    return ", ".join(fields)


_READ = f"""
    own as (
        select conversation_id, jsonb_object_agg(field, was) as was, jsonb_object_agg(field, was_label) as was_label
        from correction where undone_at is null group by conversation_id
    ), read as (
        select i.conversation_id, i.conversation_at, i.customer_segment as segment, {_own("i", "was")}, {_FROM}
        from conversation_insights i left join own using (conversation_id)
        where i.conversation_at >= :since and i.conversation_at < :until
        union all
        select l.conversation_id, l.conversation_at, l.customer_segment, {_own_labels("l", "was_label")}, {_FROM}
        from first_labels l left join own using (conversation_id)
        where l.conversation_at >= :since and l.conversation_at < :until
            and not exists (select from conversation_insights i where i.conversation_id = l.conversation_id)
        union all
        select u.conversation_id, c.spoken_at, null, null, null, null, null, {_NOBODY}
        from unread u join conversation c on c.id = u.conversation_id
        where c.spoken_at >= :since and c.spoken_at < :until
            and not exists (select from conversation_insights i where i.conversation_id = u.conversation_id)
            and not exists (select from first_labels l where l.conversation_id = u.conversation_id)
    )
"""
_URGENT = "case when r.priority = 'CRITICAL' or r.churn_risk = 'HIGH' then 'urgent' else 'other' end"
_PARTS = {"issue_type": "r.issue_type", "urgency": _URGENT}
_CANDIDATES = f"""
    with {_READ}, frame as (
        select r.*, case when r.classifier is null then 'unread' else {{stratum}} end as stratum,
            md5(:seed || ' ' || r.conversation_id) collate "C" as chance
        from read r join conversation c on c.id = r.conversation_id
        where not c.deleted and c.excluded is null and (c.times_known or :timeless) and not exists (
            select from audit_member e where e.conversation_id = r.conversation_id and e.example_at is not null
        )
    ), ranked as (
        select *, row_number() over (partition by stratum order by chance) as rank,
            count(*) over (partition by stratum) as population from frame
    )
    select *, '' as sample_id, 0 as place, 1.0 as probability, cast(null as timestamptz) as example_at
    from ranked where rank <= :most order by stratum, rank
"""
_WAITING = """
    select count(*) from (
        select from conversation where not deleted and excluded is null and times_known
            and read_hash is distinct from content_hash and spoken_at >= :since and spoken_at < :until limit :most
    ) found
"""
_PROGRESS = """
    select s.*, (select count(*) from audit_member m where m.sample_id = s.id) as members,
        coalesce(sum(l.said), 0) as labels, coalesce(count(*) filter (where l.said > 0), 0) as labelled,
        coalesce(count(*) filter (where l.said > 1), 0) as twice,
        coalesce(count(*) filter (where l.said = 0), 0) as skipped
    from audit_sample s left join (
        select sample_id, conversation_id, count(*) filter (where not skipped) as said
        from audit_label group by sample_id, conversation_id
    ) l on l.sample_id = s.id
    where cast(:kind as text) is null or s.kind = :kind
    group by s.id order by s.until desc, s.drawn_at desc, s.id limit :limit
"""


class PostgresAudits:
    """`ports.pages.Audits` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def candidates(
        self, since: datetime, until: datetime, *, seed: str, most: int, strata: Sequence[str], timeless: bool
    ) -> list[Candidate]:
        """The first `most` of each stratum in an order that `seed` alone decides. Examples are left out."""
        parts = ", ".join(_PARTS[name] for name in strata)
        statement = _CANDIDATES.format(stratum=f"concat_ws(' ', {parts})" if parts else "'all'")
        values = {"since": since, "until": until, "seed": seed, "most": most, "timeless": timeless}
        rows = await self._sql.rows(statement, **values)
        return [Candidate(member=member_from(r), rank=r["rank"], population=r["population"]) for r in rows]

    async def waiting(self, since: datetime, until: datetime, *, most: int) -> int:
        """Conversations of the window that are still to be read, counted up to `most`."""
        return await self._sql.value(_WAITING, since=since, until=until, most=most)

    async def add(self, sample: Sample, members: Sequence[Member]) -> bool:
        """Keep a new sample; False, and nothing kept, where that week has one already."""
        added = await self._sql.run(
            """insert into audit_sample
                (id, kind, since, until, drawn_at, drawn_by, seed, size, second, populations, waiting)
            values (:id, :kind, :since, :until, :drawn_at, :drawn_by, :seed, :size, :second,
                cast(:populations as jsonb), :waiting) on conflict do nothing""",
            **sample_values(sample),
        )
        if not added:
            return False
        places = ", ".join(f":{name}" for name in MEMBER)
        for member in members:
            await self._sql.run(
                f"insert into audit_member ({', '.join(MEMBER)}) values ({places})", **member_values(member)
            )
        return True

    async def weekly(self, since: datetime) -> Sample | None:
        """The sample of the week that begins then."""
        row = await self._sql.row("select * from audit_sample where kind = 'weekly' and since = :at", at=since)
        return None if row is None else sample_from(row)

    async def samples(self, *, kind: SampleKind | None = None, limit: int) -> list[Progress]:
        """Samples, newest first, each with how far people are."""
        rows = await self._sql.rows(_PROGRESS, kind=kind.value if kind else None, limit=limit)
        told = ("members", "labelled", "twice", "skipped")
        return [Progress(sample=sample_from(row), **{name: int(row[name]) for name in told}) for row in rows]

    async def sample(self, sample_id: str) -> Sample | None:
        """One sample."""
        row = await self._sql.row("select * from audit_sample where id = :id", id=sample_id)
        return None if row is None else sample_from(row)

    async def members(self, sample_ids: Sequence[str]) -> list[Member]:
        """The members of samples in the order of labelling."""
        statement = "select * from audit_member where sample_id = any(:ids) order by sample_id, place"
        return [member_from(row) for row in await self._sql.rows(statement, ids=list(sample_ids))]

    async def labellings(self, sample_ids: Sequence[str]) -> list[Labelling]:
        """What people said, oldest first."""
        statement = "select * from audit_label where sample_id = any(:ids) order by at, labeller, conversation_id"
        return [labelling_from(row) for row in await self._sql.rows(statement, ids=list(sample_ids))]

    async def rulings(self, sample_ids: Sequence[str]) -> list[Ruling]:
        """What counts as true of members."""
        statement = "select * from audit_ruling where sample_id = any(:ids) order by at, conversation_id"
        return [ruling_from(row) for row in await self._sql.rows(statement, ids=list(sample_ids))]

    async def label(self, one: Labelling) -> bool:
        """Keep what a person says, in place of what the same person said before; False: no such member."""
        return bool(
            await self._sql.run(
                f"""insert into audit_label (sample_id, conversation_id, labeller, {", ".join(FIELDS)}, skipped,
                    note, seconds, at)
                select sample_id, conversation_id, :labeller, {", ".join(f":{field}" for field in FIELDS)},
                    :skipped, :note, :seconds, :at
                from audit_member where sample_id = :sample_id and conversation_id = :conversation_id
                on conflict (sample_id, conversation_id, labeller) do update set
                    {", ".join(f"{field} = excluded.{field}" for field in FIELDS)}, skipped = excluded.skipped,
                    note = excluded.note, seconds = excluded.seconds, at = excluded.at""",
                **labelling_values(one),
            )
        )

    async def rule(self, one: Ruling) -> bool:
        """Keep what counts as true, in place of an earlier ruling; False: no such member."""
        return bool(
            await self._sql.run(
                f"""insert into audit_ruling (sample_id, conversation_id, {", ".join(FIELDS)}, by, at)
                select sample_id, conversation_id, {", ".join(f":{field}" for field in FIELDS)}, :by, :at
                from audit_member where sample_id = :sample_id and conversation_id = :conversation_id
                on conflict (sample_id, conversation_id) do update set
                    {", ".join(f"{field} = excluded.{field}" for field in FIELDS)}, by = excluded.by,
                    at = excluded.at""",
                **label_values(one.label),
                **one.model_dump(exclude={"label"}),
            )
        )

    async def use(self, sample_id: str, conversation_id: str, *, at: datetime | None) -> bool:
        """Make a member a few-shot example, or (None) one no more; False: no such member."""
        return bool(
            await self._sql.run(
                """update audit_member set example_at = :at
                where sample_id = :sample and conversation_id = :conversation""",
                sample=sample_id,
                conversation=conversation_id,
                at=at,
            )
        )

    async def examples(self) -> list[Member]:
        """All members that serve as examples, in the order in which they were chosen."""
        statement = "select * from audit_member where example_at is not null order by example_at, conversation_id"
        return [member_from(row) for row in await self._sql.rows(statement)]
