"""Telephone numbers in text. Numbers are from ranges kept for fiction."""

import pytest

from tests.unit.text.detecting import found


@pytest.mark.parametrize(
    "number",
    [
        "+44 7700 900123", "+447700900123", "+1 (202) 555-0123", "+1-202-555-0123", "+49 (0)30 23125 123",
        "+33 1 99 00 12 34", "0044 7700 900123", "001-202-555-0123", "(202) 555-0123", "202-555-0123",
        "202.555.0123",
        "1-202-555-0123", "07700 900123", "07700900123", "01 99 00 12 34", "+1 202 555 0123 x123",
        "(202)555-0123 ext. 77",
    ],
)  # fmt: skip
def test_numbers_that_need_nothing_around_them(number: str) -> None:
    for text in (f"Try {number}.", f"a\n{number}\nb", f"me, {number}, or", f"phone:{number}"):
        assert found(text) == [("PHONE", number)]


@pytest.mark.parametrize(
    "text",
    [
        "call me on {}", "my phone: {}", "Tel. {}", "WhatsApp {}", "Handy {}", "{} mobile", "{}-Fax",
        "text me at {}",
        "Please reach me under {}", "Office: {}", "\u7535\u8bdd {}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", ["555 0123", "9472 7916", "60-56-85-91", "(37) 788-063", "2025550123"])
def test_numbers_where_a_telephone_is_spoken_of(text: str, number: str) -> None:
    assert ("PHONE", number) in found(text.format(number))


def test_an_answer_is_understood_by_the_question_before_it() -> None:
    assert found("Could you give me your phone number?\nSure: 9472 7916") == [("PHONE", "9472 7916")]


@pytest.mark.parametrize(
    "text",
    [
        "order 2028670033", "Order number 9472 7916", "ticket #20286700", "I called about order 9472 7916",
        "call 5 times since 2021-12-14 13:05", "phoned on 01/12/2024", "phone since 21.09.2023 16:10",
        "call 2019-2021",
        "1567651579", "20140526", "12345678", "id 0447123456", "version 115.18.0.1", "mobile 8.4.22", "$1,234,567",
        "1.234.567,89", "12345678 bytes", "lat 38.220515", "call in 10 minutes", "phone 12 34", "10000-20000",
        "+12", "+0000000000", "a1234567", "phone_id=12345678",
        "called about #20286700", "phone 4.11.0-2020-06-24",
    ],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+44 7700 900123 / 07700 900124", ["+44 7700 900123", "07700 900124"]),
        ("07700 900123 07700 900124", ["07700 900123", "07700 900124"]),
        ("+44 7700 900123 - +44 7700 900124", ["+44 7700 900123", "+44 7700 900124"]),
        ("Phone (cell): 202 555 0123 12/12/2020", ["202 555 0123"]),
        ("(07700 900123)", ["07700 900123"]),
        ("#07700 900123", ["07700 900123"]),
    ],
)
def test_numbers_side_by_side_and_in_brackets(text: str, numbers: list[str]) -> None:
    assert found(text) == [("PHONE", number) for number in numbers]
