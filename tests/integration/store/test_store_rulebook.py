"""States of rules, and facts of the past: paged, narrowed in the database exactly as one would by hand."""

import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from store_samples import NOW, T0, conversation, customer, group, insight, keep, query, read

from earshot.domain.facts import Facts
from earshot.domain.rule_state import Clause, RuleMode, RuleState
from earshot.errors import BadInput
from earshot.store import PostgresStore
from earshot.store.facts import NARROWED

HOUR = timedelta(hours=1)
LATER = T0 + timedelta(days=2)
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def state(name: str, text: str, mode: RuleMode, hours: int, **more: Any) -> RuleState:
    return RuleState(name=name, hash=text, mode=mode, actor="ann", at=NOW + hours * HOUR, **more)


async def test_the_newest_state_of_each_text_counts(store: PostgresStore) -> None:
    told = [
        state("a", "1", RuleMode.ON, 0),
        state("a", "2", RuleMode.SHARE, 1, share=0.2, reason="slowly"),
        state("a", "1", RuleMode.OFF, 2),
        state("b", "1", RuleMode.ON, 3),
    ]
    async with store.unit() as unit:
        for one in told:
            await unit.rulebook.set(one)
        assert await unit.rulebook.states() == [told[2], told[1], told[3]]
        assert await unit.rulebook.history(limit=2) == [told[3], told[2]]
        assert await unit.rulebook.history("a", limit=9) == [told[2], told[1], told[0]]


async def fill(store: PostgresStore) -> list[Facts]:
    """Insights of every sort, with and without themes, customers and known numbers; their facts."""
    people = [
        customer(1),
        customer(2, mrr=None, segment=None, company=None, plan=None),
        customer(3, segment="enterprise", previous_conversations=4),
        None,
    ]
    some = [
        conversation(
            n, f"text {n % 5}", customer=people[n % 4], rating=n % 6 or None, team_id="t" if n % 2 else None
        )
        for n in range(24)
    ]
    await keep(store, *some)
    await read(
        store,
        *(
            insight(
                c,
                issue_type=("PRODUCT_BUG", "BILLING", "FEATURE_REQUEST")[n % 3],
                priority=("CRITICAL", "HIGH", "LOW")[n // 3 % 3],
                confidence=n / 24,
                injection=n % 7 == 0,
                category="c" if n % 2 else None,
                affected_feature=("exports", None)[n % 2],
            )
            for n, c in enumerate(some)
        ),
    )
    await query(
        store,
        """insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk, summary, conversation_at) values ('zendesk:7', 'OTHER', 'LOW', 'NEUTRAL', 0, 'LOW', 's', $1)""",
        T0 + 30 * HOUR,
    )
    await group(store, {f"text {n}": f"t{n % 2}" for n in range(4)})
    await query(store, "update finding set theme_id = null where theme_id = 'rest'")
    async with store.unit() as unit:
        found = await unit.rulebook.facts(T0, LATER, limit=99)
        await unit.commit()
    assert len(found) == 25
    return found


async def test_facts_are_paged_by_conversation_time(store: PostgresStore) -> None:
    everything = await fill(store)
    assert [f.insight.conversation_id for f in everything] == [*(str(1000 + n) for n in range(24)), "zendesk:7"]
    async with store.unit() as unit:
        assert await unit.rulebook.count(T0, LATER) == 25
        assert await unit.rulebook.count(T0 + HOUR, T0 + 3 * HOUR) == 2
        paged: list[Facts] = []
        after = ""
        while page := await unit.rulebook.facts(T0, LATER, limit=7, after=after):
            paged += page
            after = page[-1].insight.conversation_id
        assert paged == everything
        within = await unit.rulebook.facts(T0 + HOUR, T0 + 3 * HOUR, limit=9)
        assert [f.insight.conversation_id for f in within] == ["1001", "1002"]
        assert [f.at for f in within] == [T0 + HOUR, T0 + 2 * HOUR]


async def test_facts_of_one_conversation_are_the_same(store: PostgresStore) -> None:
    everything = await fill(store)
    async with store.unit() as unit:
        one = await unit.rulebook.facts_of("1005")
        undecided = await unit.decisions.undecided(99, now=LATER)
        assert await unit.rulebook.facts_of("nothing") is None
    assert one is not None
    assert (one.insight, one.findings, one.conversation) == (
        everything[5].insight,
        everything[5].findings,
        everything[5].conversation,
    )
    assert undecided == everything
    assert everything[5].theme.id in {"t0", "t1"}
    assert everything[4].theme.id == ""


def fact(facts: Facts, name: str) -> Any:
    part, _, field = name.partition(".")
    return getattr(getattr(facts, part), field)


async def test_the_database_narrows_exactly_as_one_would_by_hand(store: PostgresStore) -> None:
    everything = await fill(store)
    known = {name for name in NARROWED if hasattr(getattr(everything[0], name.split(".")[0]), name.split(".")[1])}
    assert len(known) > 20
    async with store.unit() as unit:
        for name in sorted(known):
            values = sorted({fact(f, name) for f in everything})
            assert len(values) > 1 or name in {"insight.stage", "insight.churn_risk", "insight.recommended_action"}
            for clause in clauses(name, values):
                found = await unit.rulebook.facts(T0, LATER, clauses=[clause], limit=99)
                assert found == [f for f in everything if holds(f, clause)], clause


def clauses(name: str, values: list[Any]) -> list[Clause]:
    """Clauses about a fact: of one value, of several, and comparisons where it is a number."""
    some = [Clause(fact=name, op="in", values=(value,)) for value in values[:3]]
    some.append(Clause(fact=name, op="in", values=tuple(values[1:3])))
    if isinstance(values[0], int | float) and not isinstance(values[0], bool):
        middle = float(values[len(values) // 2])
        some += [Clause(fact=name, op=op, values=(middle,)) for op in COMPARED]
    return some


def holds(facts: Facts, clause: Clause) -> bool:
    value = fact(facts, clause.fact)
    return value in clause.values if clause.op == "in" else COMPARED[clause.op](value, clause.values[0])


async def test_clauses_add_up(store: PostgresStore) -> None:
    everything = await fill(store)
    some = [
        Clause(fact="insight.priority", op="in", values=("CRITICAL",)),
        Clause(fact="customer.mrr", op=">=", values=(100.0,)),
        Clause(fact="theme.frequency", op=">", values=(1.0,)),
    ]
    async with store.unit() as unit:
        found = await unit.rulebook.facts(T0, LATER, clauses=some, limit=99)
    assert found == [f for f in everything if all(holds(f, clause) for clause in some)] != []


@pytest.mark.parametrize(
    "clause",
    [
        Clause(fact="insight.summary; drop table finding", op="in", values=("x",)),
        Clause(fact="insight.priority", op=">=", values=("LOW",)),
        Clause(fact="insight.priority", op="in", values=(1.0,)),
        Clause(fact="insight.confidence", op="or 1=1", values=(1.0,)),
        Clause(fact="insight.confidence", op=">=", values=("x",)),
        Clause(fact="insight.confidence", op=">=", values=(1.0, 2.0)),
        Clause(fact="insight.confidence", op=">=", values=(True,)),
    ],
)
async def test_what_is_not_known_is_refused(store: PostgresStore, clause: Clause) -> None:
    async with store.unit() as unit:
        with pytest.raises(BadInput, match="cannot be narrowed down"):
            await unit.rulebook.facts(T0, LATER, clauses=[clause], limit=9)
