"""Names from a conversation's own metadata."""

import pytest

from earshot.domain.conversation import Author
from earshot.domain.customer import Customer
from earshot.text.personal import mask
from tests.unit.text.detecting import talk


def shown(text: str, *, name: str | None = None, email: str | None = None, company: str | None = None) -> str:
    """The customer's message as it leaves the machine."""
    customer = Customer(id="c1", name=name, email=email, company=company)
    return mask(talk(text, customer=customer)).texts[0]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("This is Maren Oldroyd.", "This is [CUSTOMER_1]."),
        ("maren here", "[CUSTOMER_1] here"),
        ("MAREN'S report", "[CUSTOMER_1]'S report"),
        ("Maren’s and Oldroyd's", "[CUSTOMER_1]’s and [CUSTOMER_2]'s"),
        ("user maren_oldroyd or maren.oldroyd", "user [CUSTOMER_1]_[CUSTOMER_2] or [CUSTOMER_1].[CUSTOMER_2]"),
        ("MarenOldroyd logged in", "[CUSTOMER_1] logged in"),
        ("Ma\u200bren", "[CUSTOMER_1]"),
        ("a marentine, Marens, oldroyds", "a marentine, Marens, oldroyds"),
    ],
)
def test_a_name_whole_and_in_parts(text: str, masked: str) -> None:
    assert shown(text, name="Maren Oldroyd") == masked


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("Will Hope", "Will you help? I hope you will. Will", "Will you help? I hope you will. [CUSTOMER_1]"),
        ("Will Hope", "Thanks, Will Hope", "Thanks, [CUSTOMER_1]"),
        ("will hope", "will it work? Will", "will it work? [CUSTOMER_1]"),
        ("May Lind", "May I ask? You may. Regards, May", "May I ask? You may. Regards, [CUSTOMER_1]"),
        ("Rose Lind", "ROSE here, prices rose", "[CUSTOMER_1] here, prices rose"),
        ("Rose Lind", "PRICES ROSE AGAIN", "PRICES ROSE AGAIN"),
        ("Bo", "Bo here, bo", "[CUSTOMER_1] here, bo"),
        (
            "Jo Van Der Laan",
            "van der laan, the van",
            "van der [CUSTOMER_1], the van",
        ),
        ("José Müller", "jose, MULLER, josé", "[CUSTOMER_1], [CUSTOMER_2], [CUSTOMER_3]"),
        ("Anne-Marie Duval", "Anne-Marie, Anne", "[CUSTOMER_1], [CUSTOMER_2]"),
        ("Dr. Ann Odell", "the dr. said, Ann", "the dr. said, [CUSTOMER_1]"),
        ("王小明", "我是王小明。", "我是[CUSTOMER_1]。"),
        ("Support Team", "the support team", "the support team"),
        ("bo.lindqvist@x.example", "bo.lindqvist here", "[CUSTOMER_1] here"),
        ("\u0301", "a\u0301", "a\u0301"),
        ("...", "a...", "a..."),
    ],
)
def test_names_that_are_words_too(name: str, text: str, masked: str) -> None:
    assert shown(text, name=name) == masked


@pytest.mark.parametrize(
    ("email", "text", "masked"),
    [
        ("maren.oldroyd@x.example", "login maren.oldroyd", "login [CUSTOMER_1]"),
        ("maren.oldroyd+news@x.example", "Oldroyd", "[CUSTOMER_1]"),
        ("support@x.example", "your support", "your support"),
        ("light@x.example", "the light, Light", "the light, [CUSTOMER_1]"),
        ("it@x.example", "fix it", "fix it"),
        ("2024@x.example", "in 2024", "in 2024"),
    ],
)
def test_what_a_mailbox_says(email: str, text: str, masked: str) -> None:
    assert shown(text, email=email) == masked


@pytest.mark.parametrize(
    ("company", "text", "masked"),
    [
        ("Tarnholm Ltd.", "we at tarnholm", "we at [COMPANY_1]"),
        ("Tarnholm Ltd.", "Tarnholm Ltd. and Tarnholm", "[COMPANY_1] and [COMPANY_2]"),
        ("Bright & Sons GmbH", "bright & sons", "[COMPANY_1]"),
        ("Target", "our target for Target", "our target for [COMPANY_1]"),
        ("Support", "Support", "[COMPANY_1]"),
        ("X", "X", "X"),
    ],
)
def test_the_company(company: str, text: str, masked: str) -> None:
    assert shown(text, company=company) == masked


def test_agents_are_hidden_under_their_own_kind_and_bots_are_not() -> None:
    masked = mask(
        talk(
            "Hi Tamsin, hi Fin",
            (Author.AGENT, "Tamsin Gale", "Tamsin here"),
            (Author.BOT, "Fin", "I am Fin"),
            customer=Customer(id="c", name="Odell"),
        )
    )
    assert masked.texts == ("Hi [AGENT_1], hi Fin", "[AGENT_1] here", "I am Fin")


def test_every_customer_of_a_thread_is_hidden() -> None:
    masked = mask(
        talk((Author.CUSTOMER, "Odell", "I am Odell"), (Author.CUSTOMER, "Brandt", "not Odell but Brandt"))
    )
    assert masked.texts == ("I am [CUSTOMER_1]", "not [CUSTOMER_1] but [CUSTOMER_2]")


def test_the_customers_number_and_address_are_hidden_wherever_they_stand() -> None:
    customer = Customer(id="5f3a9b", company_id="co-77120", email="maren@x.example")
    masked = mask(talk("id 5F3A9B of co-77120, maren@x.example", customer=customer))
    assert masked.texts == ("id [CUSTOMER_1] of [CUSTOMER_2], [EMAIL_1]",)
