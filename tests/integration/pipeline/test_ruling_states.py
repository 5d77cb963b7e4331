"""Switching rules, their history, and explanations."""

import pytest

from earshot.domain.rule_state import RuleMode
from earshot.errors import Misconfigured, NotFound
from earshot.pipeline.deciding import decide
from earshot.pipeline.ruling.explaining import explain_conversation
from earshot.pipeline.ruling.states import history, list_standing, named, switch
from earshot.store import PostgresStore
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world


async def test_states_are_listed_and_a_change_of_text_is_told(store: PostgresStore) -> None:
    mine, other = rule("MINE"), rule("OTHER")
    parts = world(store, [mine, other])
    await switch(parts, mine, mode=RuleMode.SHARE, share=0.2, reason="carefully")
    (first, second) = await list_standing(parts, [mine, other])
    assert (first.mode, first.share, first.changed, first.actor) == (RuleMode.SHARE, 0.2, False, "tester")
    assert (second.mode, second.changed) == (RuleMode.DRY_RUN, False)
    (changed, _) = await list_standing(parts, [rule("MINE", "1 == 1"), other])
    assert (changed.mode, changed.changed) == (RuleMode.DRY_RUN, True)
    await switch(parts, mine, mode=RuleMode.OFF)
    assert [s.mode for s in await history(parts, "MINE", limit=9)] == [RuleMode.OFF, RuleMode.SHARE]
    assert await history(parts, "OTHER", limit=9) == []


async def test_settings_that_switch_a_rule_off_win(store: PostgresStore) -> None:
    disabled = rule("MINE", enabled=False)
    parts = world(store, [disabled])
    with pytest.raises(Misconfigured, match="settings switch the rule 'MINE' off"):
        await switch(parts, disabled, mode=RuleMode.ON)
    (one,) = await list_standing(parts, [disabled])
    assert one.mode is RuleMode.OFF


def test_a_rule_is_found_in_any_case_and_a_wrong_name_is_told_the_nearest() -> None:
    assert named([rule("HIGH_CHURN")], "high_churn").name == "HIGH_CHURN"
    with pytest.raises(NotFound, match="did you mean HIGH_CHURN"):
        named([rule("HIGH_CHURN")], "HIGH_CHRUN")


async def test_an_explanation_says_which_part_holds_and_what_came_of_it(store: PostgresStore) -> None:
    rules = [
        rule("FIRST", 'insight.priority == "HIGH"', "TAG", priority=1, stop=True),
        rule("SECOND", 'insight.issue_type == "BILLING" || insight.sentiment_score < 0.0 && true', priority=2),
    ]
    parts = world(store, rules)
    await switched_on(parts, rules[0])
    await told(store, 1, by="local")
    await decide(parts)
    found = await explain_conversation(parts, "1001", rules=parts.make_rules())
    first, second = found.rules
    assert (first.held, first.live, first.mode, first.actions) == (True, True, RuleMode.ON, ("TAG",))
    assert (second.held, second.left_out_by) == (True, "FIRST")
    part = second.condition.parts[0]
    assert (part.held, part.values) == (False, {"insight.issue_type": "PRODUCT_BUG"})
    assert [a.kind for a in found.actions] == ["TAG"]
    with pytest.raises(NotFound, match="no reading of conversation"):
        await explain_conversation(parts, "nobody", rules=parts.make_rules())
