"""The text files: how they are read, and that none of their slots is left open."""

import re
from random import Random

import pytest

from earshot.sim.sample.personal import planted
from earshot.sim.sample.script import Library, library, parse
from earshot.sim.sample.wording import Wording, typed_by
from earshot.sim.workspace import Json
from tests.unit.sim.sample.inbox import visible

TEXT = """
== slot.tech
- Darren

== bug-x
:type PRODUCT_BUG
:area app
:count 4
:prio H
:title It breaks
> it broke for {tech}
>C- it broke [again|once more]
>de:M--! kaputt
~ it broke too
< we look
= fixed

== bug-x
> added later
"""


def test_blocks_become_scripts_and_pools() -> None:
    script = parse([TEXT]).scripts["bug-x"]
    assert [(o.language, o.priority, o.sentiment, o.leaving) for o in script.openings] == [
        ("en", "HIGH", "NEUTRAL", False),
        ("en", "CRITICAL", "NEGATIVE", False),
        ("de", "MEDIUM", "VERY_NEGATIVE", True),
        ("en", "HIGH", "NEUTRAL", False),
    ]
    assert script.spoken("en") == [0, 1, 3]
    assert (script.asides, script.answers, script.remedies) == (["it broke too"], ["we look"], ["fixed"])


@pytest.mark.parametrize("line", ["? what", "no mark at all", ">X: bad"])
def test_a_line_nobody_understands_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=re.escape(line)):
        parse([TEXT + line])


def wording(texts: Library) -> Wording:
    return Wording(texts, Random(3), turn=0, said_at=1_790_000_000, known={"me": "Jo", "language": "en"})


def test_slots_keep_their_value_and_alternatives_are_chosen() -> None:
    said = wording(parse([TEXT])).fill("{me}: [a|b] {tech} ## {tech} // end")
    assert re.fullmatch(r"Jo: [ab] Darren\n\nDarren\nend", said)


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError, match="unheard"):
        wording(parse([TEXT])).fill("{unheard}")


def test_no_slot_or_alternative_is_left_in_the_sample(conversations: list[Json]) -> None:
    left = re.compile(r"\{\w+\}|\[[^\[\]]*\|[^\[\]]*\]|<>|∅")
    assert [text for item in conversations for text in visible(item) if left.search(text)] == []


def test_every_line_of_the_library_can_be_filled() -> None:
    texts = library()
    known = dict.fromkeys(("me", "fullname", "agent", "us", "sign"), "x") | {"language": "en"}
    say = Wording(texts, Random(1), turn=0, said_at=1_790_000_000, known=known)
    for script in texts.scripts.values():
        for line in [*(o.text for o in script.openings), *script.answers, *script.details, *script.asides]:
            assert say.fill(line)
    for name, lines in texts.pools.items():
        assert name.startswith("name.") or all(say.fill(line) for line in lines)


@pytest.mark.parametrize(
    ("habit", "expected"),
    [
        ("tidy", "It's broken. Please help."),
        ("lower", "its broken. please help."),
        ("hasty", "it's broken. Please help"),
        ("loud", "IT'S BROKEN. Please help."),
    ],
)
def test_habits_of_typing(habit: str, expected: str) -> None:
    assert typed_by("It's broken. Please help.", habit, rng=Random(1)) == expected


def test_the_sloppy_mistype_a_little() -> None:
    text = "yesterday the planner showed nothing whatsoever"
    mistyped = typed_by(text, "sloppy", rng=Random(1))
    assert mistyped != text
    assert abs(len(mistyped) - len(text)) <= 2


@pytest.mark.parametrize("number", range(8))
def test_ibans_and_cards_pass_their_check_digits(number: int) -> None:
    for item in planted(number, Random(number), issue_type="BILLING", area="subscription"):
        kind, _, value = item.partition(":")
        if kind == "iban":
            spelt = "".join(str(int(char, 36)) for char in value[4:] + value[:4])
            assert int(spelt) % 97 == 1
        elif kind == "card":
            digits = [int(char) for char in value if char.isdigit()][::-1]
            doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
            assert (sum(digits[::2]) + sum(doubled)) % 10 == 0
