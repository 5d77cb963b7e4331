"""Rules replayed on the past: counts, grouping, what the database rules out, examples."""

from datetime import timedelta

import pytest

from earshot.decide.evaluate import evaluate
from earshot.decide.rules import Rules, load_rules
from earshot.decide.settings import RuleSettings
from earshot.decide.standing import standings
from earshot.domain.delivery import Thing
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.backtest import BackTest, back_test, needed, sweeps
from earshot.pipeline.ruling.states import switch
from earshot.pipeline.ruling.trial import on_trial, outlook
from earshot.store import PostgresStore
from tests.integration.pipeline.ruling_world import rule, told, world
from tests.integration.store.store_samples import T0, group

END = T0 + timedelta(days=30)


async def replayed(parts: Parts, rules: list[RuleSettings], *only: str) -> BackTest:
    loaded = load_rules(rules)
    going = outlook(parts.act, {}, rules=loaded)
    return await back_test(parts, loaded, since=T0, until=END, routes=going.routes, only=only)


async def test_matches_are_grouped_into_things(store: PostgresStore) -> None:
    rules = [
        rule("TICKET", 'insight.issue_type == "PRODUCT_BUG"', "CREATE_TICKET", "TAG"),
        rule("P0", 'insight.priority == "CRITICAL"', "CREATE_JIRA_P0"),
        rule("NOBODY", "customer.mrr > 1000000.0", "NOTE"),
    ]
    parts = world(store, rules)
    for number in range(6):
        await told(store, number, priority="CRITICAL" if number == 5 else "HIGH")
    await told(store, 9, issue_type="BILLING")
    await group(store, {})
    found = await replayed(parts, rules)
    by = {one.name: one for one in found.rules}
    assert (found.insights, found.pairs) == (7, 21)
    assert (by["TICKET"].matches, by["TICKET"].effects[Thing.TICKET].new) == (6, 1)
    assert by["TICKET"].effects[Thing.TICKET].updates == 5, "an hour lies between them"
    assert by["TICKET"].effects[Thing.TAG].new == 6
    assert found.together[Thing.TICKET].new == 1, "the urgent ticket is the same ticket"
    assert by["NOBODY"].matches == 0
    assert by["TICKET"].examples[0].conversation_id == "1005", "the newest first"
    assert by["TICKET"].examples[0].url == "https://inbox.example/1005"


async def test_the_database_rules_out_what_cannot_match(store: PostgresStore) -> None:
    rules = [
        rule("A", 'insight.issue_type == "BILLING"'),
        rule("B", 'insight.issue_type in ["BILLING", "OTHER"] && insight.sentiment_score < -0.5'),
        rule("ALL", "true"),
    ]
    parts = world(store, rules)
    for number in range(8):
        await told(store, number, issue_type="BILLING" if number < 2 else "PRODUCT_BUG")
    one = await replayed(parts, rules, "A")
    assert (one.rules[0].matches, one.rules[0].skipped, one.skipped) == (2, 0.75, 0.75)
    two = await replayed(parts, rules, "A", "B")
    assert [r.skipped for r in two.rules] == [0.75, 0.75]
    assert (await replayed(parts, rules)).skipped == 0.0


async def test_a_stopping_rule_is_heeded_and_one_that_is_off_is_not(store: PostgresStore) -> None:
    first = rule("FIRST", 'insight.priority == "HIGH"', priority=1, stop=True)
    second = rule("SECOND", 'insight.issue_type == "PRODUCT_BUG"', "TAG", priority=2)
    parts = world(store, [first, second])
    await told(store, 1)
    found = await replayed(parts, [first, second], "SECOND")
    assert (found.rules[0].matches, found.rules[0].left_out) == (0, 1)
    await switch(parts, first, mode=RuleMode.OFF)
    async with store.unit() as unit:
        known = standings([first, second], await unit.rulebook.states())
    trial = on_trial([first, second], known, only=["SECOND"])
    assert [r.settings.name for r in trial.ordered] == ["SECOND"]


async def test_more_than_a_page_is_replayed(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earshot.pipeline.ruling.backtest.PAGE", 3)
    rules = [rule("TAGS", "true", "TAG")]
    parts = world(store, rules)
    for number in range(8):
        await told(store, number)
    assert (await replayed(parts, rules)).rules[0].matches == 8


def loaded(*rules: RuleSettings) -> Rules:
    return load_rules(rules)


def test_rules_that_narrow_nothing_alike_go_through_the_past_one_by_one() -> None:
    rules = loaded(rule("A", 'insight.issue_type == "BILLING"'), rule("B", 'insight.churn_risk == "HIGH"'))
    assert [len(sweep.tested) for sweep in sweeps(rules.ordered)] == [1, 1]
    together = sweeps(loaded(rule("A", 'insight.issue_type == "BILLING"'), rule("B")).ordered)
    assert [(len(sweep.tested), sweep.clauses) for sweep in together] == [(2, ())]
    assert sweeps(()) == []


def test_only_rules_that_bear_on_the_tested_ones_are_judged() -> None:
    rules = loaded(
        rule("URGENT", priority=1),
        rule("STOPS", priority=5, stop=True),
        rule("OTHER", priority=6),
        rule("MINE", priority=9, unless_urgent=2),
    )
    mine = [one for one in rules.ordered if one.settings.name == "MINE"]
    other = [one for one in rules.ordered if one.settings.name == "OTHER"]
    assert [one.settings.name for one in needed(rules, mine).ordered] == ["URGENT", "STOPS", "MINE"]
    assert [one.settings.name for one in needed(rules, other).ordered] == ["STOPS", "OTHER"]


WHENS = (
    'insight.priority == "CRITICAL" || insight.priority == "HIGH" && insight.churn_risk != "LOW"',
    "insight.sentiment_score < -0.69 && insight.confidence >= 0.3",
    'insight.issue_type in ["BILLING", "OTHER"] || theme.frequency >= 7',
    "theme.frequency >= 7 && theme.mrr >= 100.0",
    'customer.plan == "pro" && customer.segment == "smb" && conversation.state == "open"',
    'insight.affected_feature == "exports" && !insight.injection',
    'insight.injection || insight.category == "hardware"',
    'insight.classifier == "local" && insight.stage == "full" && conversation.source == "intercom"',
)


async def test_what_the_database_rules_out_would_not_have_matched(store: PostgresStore) -> None:
    parts = world(store, [])
    types, levels, risks = list(IssueType), list(Priority), list(ChurnRisk)
    feelings = list(Sentiment)
    for n in range(60):
        await told(
            store,
            n,
            by=("local", "llm")[n % 2],
            issue_type=types[n % 7],
            priority=levels[n % 4],
            churn_risk=risks[n % 3],
            sentiment=feelings[n % 5],
            confidence=(0.2, 0.3, 0.9)[n % 3],
            injection=n % 11 == 0,
            category="hardware" if n % 13 == 0 else None,
            affected_feature=("exports", None)[n % 2],
        )
    await group(store, {})
    async with store.unit() as unit:
        every = await unit.rulebook.facts(T0, END, limit=100)
    for number, when in enumerate(WHENS):
        rules = [rule(f"R{number}", when, "TAG")]
        wanted = sum(bool(evaluate(load_rules(rules), facts).matches) for facts in every)
        found = (await replayed(parts, rules, f"R{number}")).rules[0]
        assert wanted > 0
        assert (found.matches, found.failures) == (wanted, 0), when
