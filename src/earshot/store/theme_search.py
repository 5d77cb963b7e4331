"""Core mentions that may tell the same matter: by rare words they share, and by the nearness of vectors."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from earshot.domain.grouping import Mention, Placement
from earshot.store.placements import MENTION, PLACE, TOLD, mention_from, placement_from
from earshot.store.regroupings import floats
from earshot.store.sql import Sql

RAREST = 8
"""Words of a mention that are looked for: its rarest, so that the work is bounded at any number of mentions."""
MOST_PER_WORD = 500
"""Core mentions looked at for one word."""
FADE = 20
"""How fast a place further down either list counts less (reciprocal rank)."""

_FOUND = f"""
    with asked as (
        select word, coalesce(known.share, 0) as share
        from unnest(tsvector_to_array(mention_words(:summary, :quote))) as word
        left join (
            select e.word, e.share from pg_stats s cross join lateral unnest(
                cast(cast(s.most_common_elems as text) as text[]), s.most_common_elem_freqs
            ) as e (word, share)
            where s.schemaname = 'earshot' and s.tablename = 'core' and s.attname = 'words' and e.word is not null
        ) known using (word)
        order by share, length(word) desc, word limit {RAREST}
    ), worded as (
        select h.finding_id, sum(-ln(greatest(a.share, 0.00001))) as weight from asked a cross join lateral (
            select c.finding_id from core c where c.words @@ quote_literal(a.word)::tsquery limit {MOST_PER_WORD}
        ) h where h.finding_id <> :itself group by h.finding_id
        order by weight desc, h.finding_id limit :most
    ), near as (
        select n.finding_id, n.likeness from near_vectors(cast(:vector as real[]), cast(:most as integer) + 1) n
        where n.finding_id <> :itself and n.likeness > 0 and n.likeness <> 'NaN'
    ), ranked as (
        select finding_id, 1.0 / ({FADE} + row_number() over (order by weight desc, finding_id)) as points
        from worded
        union all
        select finding_id, 1.0 / ({FADE} + row_number() over (order by likeness desc, finding_id)) from near
    ), best as (
        select finding_id, sum(points) as points from ranked group by finding_id
        order by points desc, finding_id limit :most
    )
    select {MENTION}, {PLACE} from best b join finding f on f.id = b.finding_id
    join placement p on p.finding_id = f.id {TOLD} order by b.points desc, f.id
"""


class ThemeSearch:
    """The part of `ports.store.Themes` that searches."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def near(self, mention: Mention, vector: bytes, *, most: int) -> list[tuple[Mention, Placement]]:
        """Core mentions that may tell the same matter, by words and by vector (hybrid, approximate index).

        Without pgvector by words only.
        """
        rows = await self._sql.rows(
            _FOUND,
            summary=mention.summary,
            quote=mention.quote,
            itself=mention.id,
            vector=floats(vector) or [],
            most=most,
        )
        return [(mention_from(row), placement_from(row)) for row in rows]
