"""Parameters of actions: what is refused, with what nearest."""

import pytest
from pydantic import ValidationError

from earshot.decide.packs import PACKS, pack, read_rules, with_rules
from earshot.decide.parameters import TAKES, variant
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings, WantedAction
from earshot.domain.action import ActionKind
from earshot.errors import Misconfigured

K = ActionKind


def wanted(value: object) -> WantedAction:
    return WantedAction.model_validate(value)


def test_an_action_is_a_name_or_a_table() -> None:
    assert wanted("CREATE_TICKET") == WantedAction(do=K.CREATE_TICKET)
    assert wanted({"do": "TAG", "tag": " vip "}).parameters == {"tag": "vip"}
    assert wanted("TAG").parameters == {"tag": "processed"}, "the guide's tag"
    assert wanted({"do": "ASSIGN", "team": 814865}).parameters == {"team": "814865"}


def test_an_action_is_written_as_it_is_read() -> None:
    for value in ("CREATE_TICKET", {"do": "SEND_WEBHOOK", "to": "n8n"}):
        assert wanted(value).model_dump(mode="json") == value
        assert wanted(wanted(value).model_dump(mode="json")) == wanted(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("CREATE_TIKET", "did you mean CREATE_TICKET?"),
        ({"do": "TAGG"}, "did you mean TAG?"),
        ({"tag": "x"}, "a table with a name"),
        (7, "there is no action 7"),
        ({"do": "TAG", "tagg": "x"}, "no parameter 'tagg'; did you mean tag?"),
        ({"do": "NOTE", "text": "x"}, "it takes none"),
        ({"do": "SEND_WEBHOOK"}, "SEND_WEBHOOK needs 'to'"),
        ({"do": "ASSIGN"}, "needs one of 'team' or 'admin'"),
        ({"do": "ASSIGN", "team": "a", "admin": "b"}, "needs one of"),
        ({"do": "TAG", "tag": ""}, "one line"),
        ({"do": "TAG", "tag": "a\nb"}, "one line"),
        ({"do": "TAG", "tag": ["a"]}, "must be a text"),
        ({"do": "SET_ATTRIBUTE", "attribute": "a", "fact": "insight.priorty"}, "did you mean priority?"),
        ({"do": "SET_ATTRIBUTE", "attribute": "a", "fact": "findings"}, "no single value"),
        ({"do": "SET_ATTRIBUTE", "attribute": "a", "fact": "at"}, "there is no fact 'at'"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_near(value: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("?", r"\?")):
        wanted(value)


def test_the_place_of_a_mistake_is_told() -> None:
    text = '[[decide.rules]]\nname = "X"\nwhen = "true"\nactions = ["TAG", { do = "TAG", tagg = "x" }]\n'
    with pytest.raises(Misconfigured, match=r"my\.toml: rules\.0\.actions\.1: TAG has no parameter 'tagg'"):
        read_rules(text, source="my.toml")
    with pytest.raises(Misconfigured, match="not valid TOML"):
        read_rules("=", source="my.toml")
    with pytest.raises(Misconfigured, match="holds no rules"):
        read_rules("", source="my.toml")


def test_rules_of_a_file_take_the_place_of_those_of_their_name() -> None:
    own = read_rules('[[rules]]\nname = "B"\nwhen = "false"\nactions = ["NOTE"]\n', source="f")
    both = [RuleSettings.model_validate({"name": n, "when": "true", "actions": ["TAG"]}) for n in "AB"]
    assert [(rule.name, rule.when) for rule in with_rules(both, own)] == [("A", "true"), ("B", "false")]


@pytest.mark.parametrize("name", PACKS)
def test_packs_are_sound_and_stop_nothing(name: str) -> None:
    rules = load_rules(pack(name))
    assert rules.ordered
    assert not any(rule.settings.stop for rule in rules.ordered)


def test_packs_stand_together() -> None:
    load_rules([rule for name in PACKS for rule in pack(name)])


def test_every_kind_says_what_it_takes() -> None:
    assert set(TAKES) == set(ActionKind)


def test_what_parts_things_of_one_kind() -> None:
    assert variant(K.TAG, {"tag": "a"}) != variant(K.TAG, {"tag": "b"})
    assert variant(K.CREATE_TICKET, {"project": "A"}) == variant(K.CREATE_TICKET, {})
