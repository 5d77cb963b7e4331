"""The database against the truth: what the simulators hold, what they charged, and what was made at the tools."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from earshot.ports.clock import SystemClock
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.llm.invoice import Line
from earshot.sim.workspace import Json
from earshot.store import StoreSettings, driver, open_store
from tests.soak.stage import Stage

MICRO = Decimal("0.000001")
PRESENT = """
    select entrypoint, status::text, count(*) as n from earshot_jobs.pgqueuer
    where status = 'picked' or status = 'queued' and execute_after < now() + interval '30 seconds' group by 1, 2
"""
"""Jobs that run or will do so soon; others are for later, as the end of an incident is."""
_SPOKEN = frozenset({"comment", "quick_reply", "assignment", "close", "open"})
_SHOWN = 3


@dataclass(frozen=True)
class Verdict:
    """One thing that must hold: `wrong` is empty when it does."""

    name: str
    looked_at: int
    wrong: tuple[str, ...] = ()
    note: str = ""

    @property
    def words(self) -> str:
        """One line of the table."""
        state = f"{len(self.wrong)} WRONG" if self.wrong else "good"
        few = f"  {'; '.join(self.wrong[:_SHOWN])}" if self.wrong else ""
        return f"{self.name:44} {self.looked_at:7,}  {state}  {self.note}{few}"


async def rows(url: str, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of a statement in our schema, outside the store."""
    connection = await driver.dial(dsn=url)
    try:
        await connection.execute("set search_path to earshot, public")
        return [dict(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


async def judge(stage: Stage, *, oracle_url: str, untold: Collection[str] = ()) -> list[Verdict]:
    """All verdicts; `oracle_url` is a fresh database into which the workspace, at rest now, was synced.

    `untold`: contacts that changed while the webhook about it was lost; a sync does not ask about people.
    """
    return [
        *await conversations(stage, oracle_url, untold=untold),
        *await readings(stage),
        *await queues(stage.database_url),
        *await things(stage),
        *await money(stage),
    ]


async def conversations(stage: Stage, oracle_url: str, *, untold: Collection[str] = ()) -> list[Verdict]:
    """Ids, words, deletions; and every exported field against the fresh database."""
    held = await _held(stage.database_url)
    fresh = {key: row for key, row in (await _held(oracle_url)).items() if not row["deleted"]}
    alive = {key: row for key, row in held.items() if not row["deleted"]}
    wanted = set(stage.intercom.shelf.ids())
    return [
        _same("conversations: those of the workspace", set(alive), wanted),
        _texts(stage.intercom, alive),
        _fields(
            "conversations: equal to a fresh sync",
            alive,
            fresh,
            ("state", "messages", "tags", "title", "rating", "content_hash", "updated_at"),
        ),
        _fields("customers: equal to a fresh sync", _told(alive, untold), fresh, ("customer", "excluded")),
        await _deleted(stage),
    ]


async def _held(url: str) -> dict[str, dict[str, Any]]:
    columns = "id, state, deleted, messages, customer, customer_id, tags, title, rating, excluded, content_hash"
    statement = f"select {columns}, extract(epoch from updated_at)::bigint as updated_at from conversation"
    return {row["id"]: row for row in await rows(url, statement)}


def _told(held: Mapping[str, Mapping[str, Any]], untold: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Conversations of customers of whose changes we could know."""
    return {key: row for key, row in held.items() if row["customer_id"] not in untold}


def _same(name: str, found: set[str], wanted: set[str]) -> Verdict:
    wrong = [f"{one} is missing" for one in sorted(wanted - found)] + [
        f"{one} too many" for one in sorted(found - wanted)
    ]
    return Verdict(name, len(wanted), tuple(wrong))


def _texts(sim: IntercomSim, held: Mapping[str, Mapping[str, Any]]) -> Verdict:
    wrong: list[str] = []
    for record in sim.shelf:
        words = spoken(sim.shelf.open_up(record))
        row = held.get(record.id)
        if row is not None and words != [_flat(m["text"]) for m in json.loads(row["messages"]) if m["text"]]:
            wrong.append(f"{record.id} has other words")
    return Verdict("conversations: every visible word", len(sim.shelf), tuple(sorted(wrong)))


def spoken(talk: Json) -> list[str]:
    """What was said in a conversation and can be seen, from the simulator's own plain texts."""
    parts = [p for p in talk["conversation_parts"]["conversation_parts"] if p["part_type"] in _SPOKEN]
    said = [_flat(str(one.get("_plain") or "")) for one in (talk["source"], *parts)]
    return [words for words in said if words]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _fields(
    name: str,
    held: Mapping[str, Mapping[str, Any]],
    fresh: Mapping[str, Mapping[str, Any]],
    fields: tuple[str, ...],
) -> Verdict:
    wrong = [
        f"{key}.{field}: {_short(held[key][field])} instead of {_short(fresh[key][field])}"
        for key in sorted(held.keys() & fresh.keys())
        for field in fields
        if held[key][field] != fresh[key][field]
    ]
    return Verdict(name, len(fresh), tuple(wrong))


def _short(value: object) -> str:
    return str(value)[:160]


async def _deleted(stage: Stage) -> Verdict:
    """Nothing of a deleted conversation is left but, at most, its number."""
    gone = sorted(stage.intercom.deleted)
    left = await rows(
        stage.database_url,
        """
        select id, 'words' as what from conversation where id = any($1) and (not deleted or messages <> '[]')
        union all select conversation_id, 'raw' from raw where conversation_id = any($1)
        union all select conversation_id, 'insight' from conversation_insights where conversation_id = any($1)
        union all select conversation_id, 'finding' from finding where conversation_id = any($1)
        union all select conversation_id, 'labels' from first_labels where conversation_id = any($1)
        """,
        gone,
    )
    return Verdict("deletions: nothing is left", len(gone), tuple(f"{r['id']} {r['what']}" for r in left))


async def readings(stage: Stage) -> list[Verdict]:
    """Every conversation that counts has one full reading, of its present words."""
    found = await rows(
        stage.database_url,
        """
        select c.id, i.content_hash = c.content_hash as fresh, i.stage, i.classifier, u.reason, i.decided_at
        from conversation c left join conversation_insights i on i.conversation_id = c.id
        left join unread u on u.conversation_id = c.id and u.content_hash = c.content_hash
        where not c.deleted and c.excluded is null
        """,
    )
    wrong = [
        f"{row['id']} {'is read in an older state' if row['fresh'] is False else 'is not read'} ({row['reason']})"
        for row in found
        if not row["fresh"] and row["reason"] != "no customer text"
    ]
    undecided = [row["id"] for row in found if row["fresh"] and row["decided_at"] is None]
    by = Counter(str(row["classifier"]) for row in found)
    return [
        Verdict("readings: of the present words", len(found), tuple(wrong), note=str(dict(by))),
        Verdict("readings: judged by the rules", len(found), tuple(undecided)),
    ]


async def queues(url: str) -> list[Verdict]:
    """No job waits, runs or gave up; no turn, lease or delivery is left."""
    clock = SystemClock()
    store = await open_store(
        StoreSettings.model_validate({"database_url": url, "data_dir": "/nonexistent"}), clock=clock
    )
    try:
        async with store.unit() as unit:
            held = await unit.jobs.held(limit=100)
            inbox = await unit.inbox.figures(now=clock.now())
    finally:
        await store.close()
    jobs = [f"{one['n']} {one['entrypoint']} {one['status']}" for one in await rows(url, PRESENT)]
    later = await rows(url, "select entrypoint, count(*) as n from earshot_jobs.pgqueuer group by 1")
    turns = await rows(url, "select external_id from live_turn where settled_version < version or token <> ''")
    leases = await rows(url, "select conversation_id from reading_lease where until > now()")
    left = await rows(
        url, "select id, state from delivery where state in ('pending', 'sending', 'unknown', 'dead')"
    )
    states = await rows(url, "select state, count(*) as n from delivery group by 1")
    return [
        Verdict("jobs: none left", len(jobs), tuple(jobs), note=f"for later: {_counts(later)}"),
        Verdict("jobs: none gave up", len(held), tuple(f"{one.name} {one.reason[:120]}" for one in held)),
        Verdict(
            "webhooks: all settled",
            inbox.received_24h,
            (*(f"{t['external_id']}" for t in turns), *((f"{inbox.failed} failed",) if inbox.failed else ())),
            note=f"{inbox.duplicates_24h} came twice",
        ),
        Verdict("readings: no lease left", len(leases), tuple(str(one["conversation_id"]) for one in leases)),
        Verdict(
            "deliveries: none stuck",
            sum(one["n"] for one in states),
            tuple(f"{one['id']} {one['state']}" for one in left),
            note=_counts(states, "state"),
        ),
    ]


def _counts(found: list[dict[str, Any]], name: str = "entrypoint") -> str:
    return ", ".join(f"{one['n']} {one[name]}" for one in found)


async def things(stage: Stage) -> list[Verdict]:
    """What was made at the tools was made once. Those that cannot be asked are allowed what they say themselves."""
    unsure = {
        row["destination"]: row["n"]
        for row in await rows(
            stage.database_url,
            "select destination, count(*) as n from delivery where note = 'may have been sent' group by 1",
        )
    }
    verdicts: list[Verdict] = []
    for name, tally in stage.toolbox.tallies.items():
        twice = tally.duplicates
        if tally.objects or twice:
            note = f"{unsure.get(name, 0)} may have been sent" if unsure.get(name) else ""
            verdicts.append(Verdict(f"things at {name}: once", tally.objects, tuple(twice), note=note))
    return verdicts


ATTEMPTS = 3
"""How often an answer that means nothing is asked for again, by default."""
_USELESS = """
    select purpose, conversation_id, count(*) as n from llm_api_logs where outcome = 'invalid'
    group by purpose, conversation_id
"""
"""Calls about no conversation (names of themes) stand in one line: what they asked again is seen in the invoice."""


async def money(stage: Stage) -> list[Verdict]:
    """The invoice against the ledger; nothing is paid twice but what was under way when a process was killed."""
    calls = await rows(
        stage.database_url,
        "select outcome, mode, count(*) as n, coalesce(sum(cost_usd::numeric), 0) as cost, "
        "coalesce(sum(bound_usd::numeric) filter (where cost_usd is null), 0) as bound "
        "from llm_api_logs group by 1, 2",
    )
    lost = sum(row["n"] for row in calls if row["outcome"] in ("started", "lost", "timeout", "cancelled"))
    known = sum((Decimal(row["cost"]) for row in calls), Decimal())
    bound = sum((Decimal(row["bound"]) for row in calls), Decimal())
    total = stage.llm.invoice.total
    slack = MICRO * max(1, len(stage.llm.invoice))
    off = (
        []
        if known - slack <= total <= known + bound + slack
        else [f"${total} is not in ${known}..${known + bound}"]
    )
    asked: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in stage.llm.invoice:
        asked[line.content, line.model].append(line)
    again = sum(len(lines) - 1 for lines in asked.values())
    kinds = Counter(" and ".join(line.mode for line in lines) for lines in asked.values() if len(lines) > 1)
    useless = await rows(stage.database_url, _USELESS)
    allowed = lost + sum(row["n"] for row in useless)
    strange = await _unexplained(stage, asked)
    told = "; ".join(f"{words} ({n} times)" for words, n in strange.most_common(_SHOWN))
    wrong = strange.total()
    twice = [f"{wrong} answers were paid again, {lost} were lost: {told}"] if wrong > allowed else []
    endless = [
        f"{row['purpose']} asked {row['n']} times in vain"
        for row in useless
        if row["conversation_id"] and row["n"] > ATTEMPTS
    ]
    often = max((len(lines) for lines in asked.values()), default=0)
    if often > ATTEMPTS + lost:
        endless.append(f"one text was asked about {often} times")
    outcomes = {f"{row['mode']} {row['outcome']}": f"{row['n']} ${row['cost']}" for row in calls}
    charged: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in stage.llm.invoice:
        charged[line.mode] += line.amount
    return [
        Verdict(
            "money: the ledger agrees with the invoice",
            len(stage.llm.invoice),
            tuple(off),
            note=f"{outcomes} against { {mode: str(sum_) for mode, sum_ in charged.items()} }",
        ),
        Verdict(
            "money: nothing is paid twice",
            len(asked),
            (*twice, *endless),
            note=f"{again} again {dict(kinds)}, {lost} lost",
        ),
    ]


_NEAREST = """
    select purpose, outcome, conversation_id from llm_api_logs
    where input_tokens = $1 and output_tokens = $2
        and created_at between $3::timestamptz - interval '1 minute' and $3::timestamptz
    order by created_at desc limit 1
"""


async def _unexplained(stage: Stage, asked: Mapping[tuple[str, str], Sequence[Line]]) -> Counter[str]:
    """What was asked more than once, by its rows of the ledger.

    Left out is what came back: a conversation whose last message was taken back says what it said before, and is
    read again; a theme that a deleted message made smaller is named again as it was when it was that small.
    """
    back = taken_back(stage.intercom)
    names, told = len(back), Counter[str]()
    for lines in asked.values():
        found = [await _row(stage, line) for line in lines[1:]] if len(lines) > 1 else []
        for line, row in zip(lines[1:], found, strict=False):
            if row is not None and row["conversation_id"] in back:
                continue
            if row is not None and row["purpose"] == "name" and names > 0:
                names -= 1
                continue
            gap = (line.at - lines[0].at).total_seconds()
            told[f"{row['purpose']} {row['outcome']} after {gap:.1f} s" if row else "no row"] += 1
    return told


async def _row(stage: Stage, line: Line) -> dict[str, Any] | None:
    """The row of the ledger that is most likely about an answer."""
    tokens = line.tokens
    found = await rows(stage.database_url, _NEAREST, tokens.prompt, tokens.output + tokens.thinking, line.at)
    return next(iter(found), None)


def taken_back(sim: IntercomSim) -> set[str]:
    """Conversations of which something was taken back, or that are gone altogether."""
    gone = set(sim.deleted)
    for record in sim.shelf:
        talk = sim.shelf.open_up(record)
        parts = talk["conversation_parts"]["conversation_parts"]
        if any(one.get("redacted") for one in (talk["source"], *parts)):
            gone.add(str(record.id))
    return gone


def table(verdicts: list[Verdict], say: Callable[[str], None]) -> bool:
    """Print all; whether all are good."""
    for verdict in verdicts:
        say(verdict.words)
    return not any(verdict.wrong for verdict in verdicts)
