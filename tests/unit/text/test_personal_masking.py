"""Placeholders and the way back."""

import json
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.domain.conversation import Author
from earshot.domain.customer import Customer
from earshot.sim.sample.personal import planted
from earshot.text.personal import mask, unmasked
from earshot.text.untrusted import inert, quoted
from tests.unit.text.detecting import talk

MAREN = Customer(id="c-4711", name="Maren Oldroyd", email="maren@x.example", company="Tarnholm Ltd")
PIECES = st.sampled_from(
    [
        "[EMAIL_1]", "[email_1]", "[EMAIL_2", "[EMAIL_", "_1]", "1]", "[", "]", "[[", "]]", "[TEXT_1]",
        "[CUSTOMER_01]", "[PHONE_1]", "bo@x.example", "a@b.example", "Maren", "maren", "Oldroyd", "Tarnholm",
        "\u200b", "\r\n", "\r", "\x1e", "\u202e", "+44 7700 900123", "4242 4242 4242 4242", "phone ", "é", " ",
        "https://u:p@x.example/a?b=c#d", "password: x9x9", "\ud800", "［EMAIL_1］", "\n", "\\", '"',
        "sk-abcdefghijklmnop1234", "-----BEGIN PRIVATE KEY-----",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=30)), min_size=1, max_size=4)


@given(TEXTS, st.one_of(st.none(), st.text(max_size=20)))
@settings(max_examples=400)
def test_restoring_gives_back_every_text_exactly(texts: list[str], title: str | None) -> None:
    masked = mask(talk(*texts, customer=MAREN, title=title))
    assert [masked.restore(text) for text in masked.texts] == texts
    assert (masked.restore(masked.title) if masked.title is not None else None) == title


@given(TEXTS, st.text(max_size=10), st.text(max_size=12), st.text(max_size=12))
def test_any_name_can_be_hidden_and_restored(texts: list[str], name: str, email: str, company: str) -> None:
    customer = Customer(id=name, name=name, email=email, company=company)
    masked = mask(talk(*texts, name + " " + company, customer=customer))
    assert [masked.restore(text) for text in masked.texts] == [*texts, name + " " + company]


@given(TEXTS)
def test_masking_twice_gives_the_same(texts: list[str]) -> None:
    conversation = talk(*texts, customer=MAREN)
    assert mask(conversation) == mask(conversation)


def test_another_process_has_the_same_placeholders() -> None:
    program = (
        "from tests.unit.text.test_personal_masking import MAREN; from tests.unit.text.detecting import talk;"
        "from earshot.text.personal import mask; import json;"
        "print(json.dumps(mask(talk(*json.loads(input()), customer=MAREN)).texts))"
    )
    texts = ["Maren Oldroyd, maren@x.example, +44 7700 900123 or +44 7700 900124", "oldroyd of Tarnholm"]
    ran = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(texts), capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )  # fmt: skip
    assert tuple(json.loads(ran.stdout)) == mask(talk(*texts, customer=MAREN)).texts


def test_placeholders_are_numbered_by_first_appearance_and_the_same_value_keeps_its_own() -> None:
    masked = mask(talk("bo@x.example, al@x.example", "al@x.example: bo@x.example", title="al@x.example"))
    assert masked.title == "[EMAIL_1]"
    assert masked.texts == ("[EMAIL_2], [EMAIL_1]", "[EMAIL_1]: [EMAIL_2]")
    assert masked.count == 5


def test_text_that_looks_like_a_placeholder_never_stands_for_somebody_elses_value() -> None:
    masked = mask(talk("bo@x.example wrote [EMAIL_1] and [Email_1]"))
    assert masked.texts == ("[EMAIL_1] wrote [TEXT_1] and [TEXT_2]",)
    assert masked.restore("[TEXT_1] [EMAIL_1]") == "[EMAIL_1] bo@x.example"


def test_an_answer_gets_back_only_what_this_conversation_holds() -> None:
    masked = mask(talk("Mail bo@x.example"))
    assert masked.restore("[EMAIL_1] [email_1] [EMAIL_2] [CARD_1] [EMAIL_1 ] [EMAIL_01] {EMAIL_1} EMAIL_1") == (
        "bo@x.example bo@x.example [EMAIL_2] [CARD_1] [EMAIL_1 ] [EMAIL_01] {EMAIL_1} EMAIL_1"
    )


def test_a_value_put_back_is_not_looked_through_again() -> None:
    masked = mask(talk("[EMAIL_1] https://x.example/?a=[EMAIL_1] bo@x.example"))
    assert masked.restore(masked.texts[0]) == "[EMAIL_1] https://x.example/?a=[EMAIL_1] bo@x.example"


def test_hidden_characters_do_not_let_personal_data_out() -> None:
    masked = mask(talk("b\u200bo@x.ex\u00adample and 4242\u2060 4242\u200b 4242 4242, Ma\u202eren", customer=MAREN))
    sent = quoted(masked.texts[0])
    assert sent == '"[EMAIL_1] and [CARD_1], [CUSTOMER_1]"'
    assert inert(masked.restore(json.loads(sent))) == "bo@x.example and 4242 4242 4242 4242, Maren"


def test_metadata_is_hidden_with_the_same_placeholders() -> None:
    masked = mask(talk("I am Maren Oldroyd", customer=MAREN))
    assert masked.hide("MAREN OLDROYD") == "[CUSTOMER_1]"
    assert masked.hide("Tarnholm Ltd, maren@x.example, Enterprise") == "[COMPANY_1], [EMAIL_1], Enterprise"
    assert masked.restore("[COMPANY_1] [EMAIL_1]") == "Tarnholm Ltd maren@x.example"
    assert masked.count == 1


def test_what_the_conversation_does_not_hold_is_hidden_without_a_number() -> None:
    masked = mask(talk("Hello"))
    assert masked.hide("bo@x.example called [EMAIL_1]") == "[EMAIL] called [TEXT]"
    assert masked.restore("[EMAIL] [TEXT]") == "[EMAIL] [TEXT]"


def test_switched_off_nothing_is_replaced() -> None:
    conversation = talk("bo@x.example [EMAIL_1]", title="Maren", customer=MAREN)
    masked = unmasked(conversation)
    assert masked.texts == ("bo@x.example [EMAIL_1]",)
    assert (masked.title, masked.count) == ("Maren", 0)
    assert masked.restore("[EMAIL_1]") == "[EMAIL_1]"
    assert masked.hide("bo@x.example") == "bo@x.example"


def test_nothing_of_the_conversation_shows_in_its_repr() -> None:
    masked = mask(talk("bo@x.example said secret words", title="topic", customer=MAREN))
    assert not any(part in repr(masked) for part in ("bo@", "words", "topic", "Maren", "maren"))


def test_a_conversation_without_anything_personal_stays() -> None:
    conversation = talk(
        "The export of 3 reports fails since Monday 10:00.", (Author.AGENT, None, "We look into it.")
    )
    masked = mask(conversation)
    assert masked.texts == tuple(message.text for message in conversation.messages)
    assert (masked.title, masked.count) == (None, 0)


@pytest.mark.parametrize("texts", [[], [""], ["", "\u200b", ""]])
def test_empty_texts(texts: list[str]) -> None:
    masked = mask(talk(*texts, title=""))
    assert (list(masked.texts), masked.title, masked.count) == (texts, "", 0)


@pytest.mark.parametrize("kind", ["phone", "email", "card", "iban", "api_key"])
def test_everything_that_the_sample_plants_is_hidden_in_any_surroundings(kind: str) -> None:
    frames = (
        "{}",
        "it's {} thanks",
        "my details ({}), please",
        "a\n{}\nb",
        "“{}”!",
        "*{}*",
        "number {}",
        "#{}",
        "key:{}",
    )
    seen = 0
    for number in range(150):
        for issue_type, area in (("BILLING", "x"), ("OTHER", "x"), ("OTHER", "integrations")):
            items = planted(number, Random(number), issue_type=issue_type, area=area)
            for value in (item.removeprefix(f"{kind}:") for item in items if item.startswith(f"{kind}:")):
                seen += 1
                assert value not in mask(talk(frames[seen % len(frames)].format(value))).texts[0]
    assert seen > 40
