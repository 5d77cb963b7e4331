"""Whatever arrives, whenever it is looked at, and however tries end: once, not too often, in order."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.act.planning import resolve
from earshot.act.settings import ActSettings
from earshot.domain.action import Action, ActionKind
from earshot.domain.delivery import Delivery, DeliveryState, Dossier, Op, Silence, Standing, Thing

from .cases import HOOK, JIRA, MAIL, NOW, PAGER, ROUTES, SLACK, TASK, WORDS, World, action, dossier, insight

K = ActionKind
S = DeliveryState
KINDS = (K.PAGE_ONCALL_ENGINEER, K.CREATE_JIRA_P0, K.CREATE_TICKET, K.ALERT_CS_MANAGER)
ROUTED = {
    **ROUTES,
    K.ALERT_CS_MANAGER: (SLACK, TASK),
    K.CREATE_TICKET: (JIRA, MAIL, HOOK.model_copy(update={"destination": "hook"})),
}

Event = tuple[str, int, int]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "arrive",
                "arrive",
                "arrive",
                "doubt",
                "tick",
                "tick",
                "end",
                "end",
                "close",
                "quiet",
                "hush",
                "approve",
            ]
        ),
        st.integers(0, 3),
        st.integers(1, 40_000),
    ),
    max_size=60,
)
ENDS = (S.DONE, S.DEAD, S.DISCARDED, S.UNKNOWN)


class History:
    """A made-up history of a few matters, planned after every event."""

    def __init__(self, *, approve: bool) -> None:
        self.world = World(routes=ROUTED, settings=ActSettings(approve=approve, most_new_per_hour=3))
        self.now = NOW
        self.actions: dict[ActionKind, Action] = {}
        self.trusted: Counter[ActionKind] = Counter()
        self.suspects: Counter[ActionKind] = Counter()

    def happen(self, event: Event) -> None:
        what, which, size = event
        self.now += timedelta(seconds=size % 7 if what != "tick" else size)
        kind = KINDS[which]
        if what in ("arrive", "doubt"):
            self.actions.setdefault(kind, action(kind, at=self.now))
            (self.trusted if what == "arrive" else self.suspects)[kind] += 1
        elif what in ("end", "approve"):
            self.end(ENDS[which] if what == "end" else S.PENDING, size)
        elif what == "close":
            self.world.close(("jira", "pagerduty", "slack", "hubspot")[which], now=self.now)
        elif what == "hush":
            until = self.now + timedelta(seconds=size)
            self.world.silences = (Silence(id="s", until=until, reason="r", author="a", at=self.now),)
        elif what == "quiet":
            self.quiet()
        self.look()

    def end(self, state: DeliveryState, size: int) -> None:
        first = {S.PENDING: S.HELD}.get(state, S.PENDING)
        rows = sorted((r for r in self.world.rows.values() if r.state in (first, S.UNKNOWN)), key=lambda r: r.id)
        if rows:
            self.world.end(rows[size % len(rows)], state, now=self.now)

    def quiet(self) -> None:
        for link in list(self.world.links.values()):
            waits = any(r.object_key == link.object_key and r.state is S.PENDING for r in self.world.rows.values())
            if link.thing is Thing.PAGE and not waits:
                self.world.keep(resolve(link, words=WORDS, settings=self.world.settings, now=self.now))

    def look(self) -> None:
        for kind, known in self.actions.items():
            self.world.plan(self.known(known, kind), now=self.now)

    def known(self, of: Action, kind: ActionKind) -> Dossier:
        return dossier(
            of,
            conversations=self.trusted[kind],
            suspects=self.suspects[kind],
            customers=max(1, self.trusted[kind]),
            last_seen=self.now,
        )


@given(EVENTS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_thing_is_ever_made_twice(events: Sequence[Event], approve: bool) -> None:
    history = History(approve=approve)
    for event in events:
        history.happen(event)
    made = Counter(row.object_key for row in history.world.rows.values() if row.op is Op.CREATE)
    assert set(made.values()) <= {1}


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_requests_about_one_thing_keep_their_distance_and_their_order(events: Sequence[Event]) -> None:
    history = History(approve=False)
    for event in events:
        history.happen(event)
    rows = list(history.world.rows.values())
    for key in {row.object_key for row in rows}:
        own = [row for row in rows if row.object_key == key]
        assert own[0].op is Op.CREATE
        assert all(own[0].created_at <= row.created_at for row in own)
        updates = [
            row.created_at for row in own if row.op in (Op.CREATE, Op.UPDATE) and row.state is not S.SUPPRESSED
        ]
        ordinary = ordinary_gaps(updates, urgent_joins(own))
        assert all(gap >= timedelta(seconds=300) for gap in ordinary)


def urgent_joins(own: Sequence[Delivery]) -> set[datetime]:
    """Times at which an urgent action raised a lesser ticket: this may come at any time."""
    return {row.created_at for row in own if row.urgent and not own[0].urgent and row.op is Op.UPDATE}


def ordinary_gaps(times: Sequence[datetime], free: set[datetime]) -> list[timedelta]:
    return [later - sooner for sooner, later in pairwise(times) if later not in free]


@given(EVENTS)
@settings(max_examples=40, deadline=None)
def test_doubtful_conversations_alone_send_nothing(events: Sequence[Event]) -> None:
    history = History(approve=False)
    for what, which, size in events:
        if what not in ("arrive", "approve"):
            history.happen((what, which, size))
    states = {row.state for row in history.world.rows.values() if row.op is not Op.RESOLVE}
    assert S.PENDING not in states


@given(EVENTS)
@settings(max_examples=40, deadline=None)
def test_an_end_follows_a_beginning_that_was_done(events: Sequence[Event]) -> None:
    history = History(approve=False)
    for event in events:
        before = {key for key, link in history.world.links.items() if link.standing is not Standing.PLANNED}
        known = set(history.world.rows)
        history.happen(event)
        fresh = [row for row_id, row in history.world.rows.items() if row_id not in known]
        assert all(row.object_key in before for row in fresh if row.op in (Op.RESOLVE, Op.REOPEN, Op.UPDATE))


def storm(world: World, kinds: Sequence[ActionKind], *, criticals: int, seconds: int) -> list[Delivery]:
    """So many identical criticals, evenly spread, looked at every second; everything is delivered at once."""
    arrived = 0
    for second in range(seconds + 600):
        now = NOW + timedelta(seconds=second)
        arrived = min(criticals, 1 + second * criticals // seconds)
        for kind in kinds:
            known = dossier(
                action(kind), conversations=arrived, last_seen=now, insight=insight(priority="CRITICAL")
            )
            world.plan(known, now=now)
        world.deliver(now=now)
    return list(world.rows.values())


def test_500_identical_criticals_in_ten_minutes_page_once() -> None:
    world = World(routes={**ROUTES, K.PAGE_ONCALL_ENGINEER: (PAGER,)})
    kinds = (K.PAGE_ONCALL_ENGINEER, K.CREATE_JIRA_P0, K.CREATE_TICKET)
    rows = storm(world, kinds, criticals=500, seconds=600)
    in_storm = [row for row in rows if row.created_at < NOW + timedelta(seconds=600)]
    counted = Counter((row.thing, row.op) for row in in_storm)
    assert counted[Thing.PAGE, Op.CREATE] == 1
    assert counted[Thing.TICKET, Op.CREATE] == 1
    assert counted[Thing.PAGE, Op.UPDATE] <= 2
    assert counted[Thing.TICKET, Op.UPDATE] <= 2
    assert max(row.told for row in rows) == 500
