"""Which conversations are to be read, as SQL: each reason is a query of its own that an index serves."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from earshot.domain.insight import Stage
from earshot.ports.store import Want
from earshot.store.conversation_rows import COLUMNS

_NO_READING = (
    "not exists (select from {table} r where r.conversation_id = c.id and r.content_hash = c.content_hash)"
)
UNREAD = """not exists (select from conversation_insights i
    where i.conversation_id = u.conversation_id and i.content_hash = u.content_hash)"""
"""Rows of unread, as u, that nobody could read at all: not those that only could not be read anew."""
_NEVER_TRIED = """not exists (select from unread u where u.conversation_id = c.id
    and u.content_hash = c.content_hash{since})"""
"""What a stand-in read and nobody else could is not asked for again by whoever comes by: each time costs money."""
_NOT_TRIED = _NEVER_TRIED.format(since=" and u.attempted_at >= :{moment}")
"""A reading that failed since the moment is not asked for again by the same wish."""
_NOT_WAITING = """not exists (select from batch_entry e
    where e.open and e.conversation_id = c.id and e.content_hash = c.content_hash)"""
_NOT_LEASED = """not exists (select from reading_lease l where l.conversation_id = c.id and l.until > :now)"""
"""Nobody reads it at this moment."""
_WAITING = """select c.id from batch_entry e join conversation c on c.id = e.conversation_id
    where e.open and e.content_hash = c.content_hash"""
_EACH = """{table} t cross join lateral (
        select c.id from conversation c
        where c.id = t.conversation_id and c.content_hash = t.content_hash and {which} {{free}}
    ) c"""
"""Rows of a table whose text is still the conversation's. In lists, `free` ends in `limit 1`, which keeps the
planner on the index by age: it takes two equalities together for so rare that it would else read everything."""


@dataclass(frozen=True)
class _Reason:
    """Why conversations are wanted; the ones of least `age` come first."""

    source: str
    where: str
    age: str

    def listed(self, rank: int, *, free: str) -> str:
        """At most `:limit` ids for this reason."""
        source = self.source.replace("{free}", f"and {free} limit 1")
        where = self.where if source != self.source else f"{self.where} and {free}"
        order = f"order by {self.age}, c.id" if rank == 0 else f"order by {self.age}"
        columns = f"c.id, {rank} as rank, {self.age} as age"
        return f"(select {columns} from {source} where {where} {order} limit :limit)"

    @property
    def ids(self) -> str:
        """All ids for this reason, those that wait in a batch too."""
        return f"select c.id from {self.source.replace('{free}', '')} where {self.where}"


class _Wish:
    """A `Want` as reasons and parameters."""

    def __init__(self, want: Want) -> None:
        self._labels = want.stage is Stage.LABELS
        self._table = "first_labels" if self._labels else "conversation_insights"
        self.values: dict[str, Any] = {"skip": list(want.skip)} if want.skip else {}
        skipped = " and c.id <> all(cast(:skip as text[]))" if want.skip else ""
        self._free = f"not c.deleted and c.excluded is null{skipped}"
        self._only = ""
        if want.only:
            self.values["only"] = list(want.only)
            self._free += " and c.id = any(cast(:only as text[]))"
            self._only = " and t.conversation_id = any(cast(:only as text[]))"
        self.reasons = [self._unread()]
        if want.unread_before is not None:
            self.reasons.append(self._retry(want.unread_before))
        if want.provisional_before is not None:
            tried = "unread_before" if want.unread_before is not None else None
            self.reasons.append(
                self._again("provisional_before", want.provisional_before, which="t.provisional", tried=tried)
            )
        if want.again_before is not None:
            kind = self._kind(want)
            self.reasons.append(self._again("again_before", want.again_before, which=kind, tried="again_before"))

    def _unread(self) -> _Reason:
        """Those whose present text nobody has read."""
        where = f"c.read_hash is distinct from c.content_hash and {self._free}"
        if self._labels:
            where += " and c.label_hash is distinct from c.content_hash"
        return _Reason("conversation c", where, "c.spoken_at")

    def _retry(self, moment: datetime) -> _Reason:
        """Those nobody could read before the moment."""
        self.values["unread_before"] = moment
        free = f"{self._free} and {_NO_READING.format(table='conversation_insights')}"
        if self._labels:
            free += f" and {_NO_READING.format(table='first_labels')}"
        source = _EACH.format(table="unread", which=free)
        return _Reason(source, f"t.attempted_at < :unread_before{self._only}", "t.attempted_at")

    def _again(self, name: str, moment: datetime, *, which: str, tried: str | None) -> _Reason:
        """Those whose reading of the same text is older than the moment and of a certain kind.

        `tried`: the moment since which nobody may have tried in vain, None for ever.
        """
        self.values[name] = moment
        untried = _NEVER_TRIED.format(since="") if tried is None else _NOT_TRIED.format(moment=tried)
        free = f"{self._free} and {untried}"
        if self._labels:
            free += f" and {_NO_READING.format(table='conversation_insights')}"
        source = _EACH.format(table=self._table, which=free)
        return _Reason(source, f"t.created_at < :{name} and {which}{self._only}", "t.created_at")

    def _kind(self, want: Want) -> str:
        which = "true"
        if want.only_classifier is not None:
            which, self.values["only_classifier"] = "t.classifier = :only_classifier", want.only_classifier
        if want.not_prompt is not None:
            which += " and t.prompt_hash is distinct from :not_prompt"
            self.values["not_prompt"] = want.not_prompt
        return which


def listing(want: Want, *, unleased: bool = False) -> tuple[str, dict[str, Any]]:
    """The statement that gives at most `:limit` wanted conversations, and its other values.

    Those nobody has read come first, by time; then for each further reason the oldest attempt or reading. With
    `unleased` those that somebody reads at `:now` are left out.
    """
    wish = _Wish(want)
    free = f"{_NOT_WAITING} and {_NOT_LEASED}" if unleased else _NOT_WAITING
    found = " union all ".join(reason.listed(rank, free=free) for rank, reason in enumerate(wish.reasons))
    return (
        f"""select {COLUMNS} from (select distinct on (id) * from ({found}) found order by id, rank) w
        join conversation c on c.id = w.id order by w.rank, w.age, c.id limit :limit""",
        wish.values,
    )


def counting(want: Want) -> tuple[str, dict[str, Any]]:
    """The statement that counts all wanted conversations, and its values."""
    wish = _Wish(want)
    reasons = " union ".join(reason.ids for reason in wish.reasons)
    return f"select count(*) from (({reasons}) except {_WAITING}) found", wish.values
