"""Everything that is known about actions' subjects, from trusted conversations only."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Mapping, Sequence

from earshot.domain.action import Action, Subject
from earshot.domain.backlog import BacklogItem, ItemStatus
from earshot.domain.conversation import Conversation
from earshot.domain.delivery import Dossier, WebLink
from earshot.domain.insight import Insight
from earshot.domain.theme import Quote, Theme
from earshot.store.backlog import PostgresBacklog
from earshot.store.conversation_rows import COLUMNS, from_row
from earshot.store.correction_rows import corrected
from earshot.store.insight_rows import insight_from
from earshot.store.insights import INSIGHT
from earshot.store.labels import labels_from
from earshot.store.outbox.first_insights import first_insight
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql
from earshot.store.theme_counts import ThemeCounts

QUOTES = 5
"""Verbatim quotes given, each from another conversation."""
LINKS = 20
"""Conversations linked, the newest."""
COMPANIES = 20
"""Names of companies given, those that pay most first."""

_READ = """(
        select m.action_key, m.conversation_id, m.suspect, i.conversation_at, i.account
        from action_member m join conversation_insights i using (conversation_id) where m.action_key = any(:keys)
        union all
        select m.action_key, m.conversation_id, m.suspect, l.conversation_at, c.account
        from action_member m join first_labels l using (conversation_id)
        join conversation c on c.id = m.conversation_id
        where m.action_key = any(:keys) and not exists (
            select from conversation_insights i where i.conversation_id = m.conversation_id
        )
    )"""
"""Members of which a reading is known, or labels at least."""
_MEMBER = f"""
    select action_key, conversation_id, conversation_at as said_at, account from {_READ} m where suspect = ''
"""
_COUNTS = f"""
    select action_key, count(*) filter (where suspect = '') as conversations,
        count(*) filter (where suspect <> '') as suspects,
        count(distinct account) filter (where suspect = '') as customers,
        coalesce(min(conversation_at) filter (where suspect = ''), min(conversation_at)) as first_seen,
        coalesce(max(conversation_at) filter (where suspect = ''), max(conversation_at)) as last_seen,
        (array_agg(conversation_id order by suspect <> '', conversation_at desc,
            conversation_id collate "C"))[1] as newest
    from {_READ} m group by action_key
"""
_LABELS = f"""
    select l.*, {corrected("l")} from first_labels l join conversation c on c.id = l.conversation_id
    where l.conversation_id = any(:ids) and l.content_hash = c.content_hash and not exists (
        select from conversation_insights i
        where i.conversation_id = l.conversation_id and i.content_hash = l.content_hash
    )
"""
_WORTH = f"""
    with member as ({_MEMBER})
    select c.action_key, sum(a.mrr) as mrr, array_agg(a.name order by a.mrr desc nulls last, a.id)
        filter (where a.company and a.name is not null) as companies
    from (select distinct action_key, account from member where account is not null) c
    join account a on a.id = c.account group by c.action_key
"""
_LINKS = f"""
    with member as ({_MEMBER})
    select k.key as action_key, q.conversation_id, c.url
    from unnest(cast(:keys as text[])) as k (key) cross join lateral (
        select conversation_id, said_at from member where action_key = k.key
        order by said_at desc, conversation_id collate "C" limit {LINKS}
    ) q join conversation c on c.id = q.conversation_id
    where c.url is not null order by k.key, q.said_at desc, q.conversation_id collate "C"
"""
_QUOTES = f"""
    with member as ({_MEMBER})
    select k.key as action_key, q.conversation_id, q.quote, q.said_at, c.url
    from unnest(cast(:keys as text[]), cast(:themes as text[])) as k (key, theme_id) cross join lateral (
        select m.conversation_id, m.said_at, f.quote from member m cross join lateral (
            select f.quote from finding f
            where f.conversation_id = m.conversation_id and f.quote is not null
                and (k.theme_id = '' or f.theme_id = k.theme_id) order by f.position limit 1
        ) f where m.action_key = k.key order by m.said_at desc, m.conversation_id collate "C" limit {QUOTES}
    ) q left join conversation c on c.id = q.conversation_id
    order by k.key, q.said_at desc, q.conversation_id collate "C"
"""
_THEMES = """
    select distinct on (f.conversation_id) f.conversation_id, f.theme_id from finding f
    where f.conversation_id = any(:ids) order by f.conversation_id, f.position
"""
_ITEMS = """
    select distinct on (theme_id) id, theme_id from backlog_item
    where theme_id = any(:themes) and status <> :discarded order by theme_id, score desc nulls last, id
"""


class Dossiers:
    """Reads dossiers of actions, all of a batch at once."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._themes = ThemeCounts(sql, rollups)
        self._backlog = PostgresBacklog(sql, rollups)

    async def read(self, actions: Sequence[Action]) -> dict[str, Dossier]:
        """The dossiers by action key; an action is left out none of whose conversations has a reading now."""
        keys = [action.key for action in actions]
        counts = {row["action_key"]: row for row in await self._sql.rows(_COUNTS, keys=keys)}
        newest = {key: row["newest"] for key, row in counts.items()}
        insights = await self._insights(list(newest.values()))
        conversations = await self._conversations(list(newest.values()), insights)
        insights |= await self._first_insights(list(newest.values()), insights, conversations=conversations)
        themes = await self._theme_ids(actions, newest)
        worth = {row["action_key"]: row for row in await self._sql.rows(_WORTH, keys=keys)}
        links = await self._links(keys)
        quotes = await self._quotes(keys, themes)
        known = {theme.id: theme for theme in await self._themes.get(sorted(set(themes.values())))}
        items = await self._items(sorted(known))
        return {
            action.key: Dossier(
                action=action,
                insight=insights[newest[action.key]],
                conversation=conversations[newest[action.key]],
                theme=_trusted(known.get(themes.get(action.key, "")), quotes.get(action.key, [])),
                item=items.get(themes.get(action.key, "")),
                quotes=tuple(quotes.get(action.key, [])),
                links=tuple(links.get(action.key, [])),
                mrr=worth[action.key]["mrr"] if action.key in worth else None,
                companies=tuple((worth[action.key]["companies"] or ())[:COMPANIES]) if action.key in worth else (),
                **{name: counts[action.key][name] for name in _COUNTED},
            )
            for action in actions
            if newest.get(action.key) in insights
        }

    async def _insights(self, ids: Sequence[str]) -> dict[str, Insight]:
        rows = await self._sql.rows(f"{INSIGHT} where i.conversation_id = any(:ids)", ids=list(ids))
        return {row["conversation_id"]: insight_from(row) for row in rows}

    async def _conversations(self, ids: Sequence[str], insights: Mapping[str, Insight]) -> dict[str, Conversation]:
        rows = await self._sql.rows(f"select {COLUMNS} from conversation c where c.id = any(:ids)", ids=list(ids))
        held = {conversation.id: conversation for conversation in map(from_row, rows)}
        return {one: _bare(insight) for one, insight in insights.items()} | held

    async def _first_insights(
        self,
        ids: Sequence[str],
        insights: Mapping[str, Insight],
        *,
        conversations: Mapping[str, Conversation],
    ) -> dict[str, Insight]:
        """What labels say where they are newer than what was read."""
        labels = [labels_from(row) for row in await self._sql.rows(_LABELS, ids=list(ids))]
        return {
            one.conversation_id: first_insight(
                one, conversations[one.conversation_id], before=insights.get(one.conversation_id)
            )
            for one in labels
            if one.conversation_id in conversations
        }

    async def _theme_ids(self, actions: Sequence[Action], newest: Mapping[str, str]) -> dict[str, str]:
        """The theme that each action is about: its subject, else the one of the conversation it speaks of."""
        rows = await self._sql.rows(_THEMES, ids=sorted(set(newest.values())))
        said = {row["conversation_id"]: row["theme_id"] or "" for row in rows}
        subjects = {a.key: a.subject_id for a in actions if a.subject is Subject.THEME and ":" not in a.subject_id}
        return {key: subjects.get(key) or said.get(one, "") for key, one in newest.items()}

    async def _links(self, keys: Sequence[str]) -> dict[str, list[WebLink]]:
        found: dict[str, list[WebLink]] = {}
        for row in await self._sql.rows(_LINKS, keys=list(keys)):
            link = WebLink(text=row["conversation_id"], href=row["url"])
            found.setdefault(row["action_key"], []).append(link)
        return found

    async def _quotes(self, keys: Sequence[str], themes: Mapping[str, str]) -> dict[str, list[Quote]]:
        found: dict[str, list[Quote]] = {}
        about = [themes.get(key, "") for key in keys]
        for row in await self._sql.rows(_QUOTES, keys=list(keys), themes=about):
            quote = Quote(
                text=row["quote"], conversation_id=row["conversation_id"], url=row["url"], said_at=row["said_at"]
            )
            found.setdefault(row["action_key"], []).append(quote)
        return found

    async def _items(self, themes: Sequence[str]) -> dict[str, BacklogItem]:
        rows = await self._sql.rows(_ITEMS, themes=list(themes), discarded=ItemStatus.DISCARDED.value)
        items = [await self._backlog.get(row["id"]) for row in rows]
        return {item.theme_id: item for item in items if item and item.status is not ItemStatus.DISCARDED}


_COUNTED = ("conversations", "suspects", "customers", "first_seen", "last_seen")


def _trusted(theme: Theme | None, quotes: Sequence[Quote]) -> Theme | None:
    """The theme with the quotes of the action's trusted conversations only: others may be anybody's words."""
    return theme and theme.model_copy(update={"quotes": tuple(quotes)})


def _bare(insight: Insight) -> Conversation:
    """What is known of a conversation that another program read: its id and its time."""
    source, colon, external = insight.conversation_id.partition(":")
    return Conversation(
        source=source if colon else "intercom",
        external_id=external if colon else insight.conversation_id,
        created_at=insight.conversation_at,
        updated_at=insight.conversation_at,
        times_known=insight.times_known,
    )
