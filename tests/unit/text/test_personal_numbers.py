"""Cards, bank accounts and identity numbers in text. All are published test numbers or computed here."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from earshot.text.personal import checks
from tests.unit.text.detecting import found


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "5555.5555.5555.4444", "378282246310005",
        "3782 822463 10005", "6011111111111117", "3566002020360505", "2223003122003222", "4222222222222",
    ],
)  # fmt: skip
def test_cards_need_nothing_around_them(number: str) -> None:
    for text in (f"it is {number}.", f"a\n{number}\nb", f"{number} 12/27", f"({number})", f"no:{number}"):
        assert found(text) == [("CARD", number)]


def test_twelve_digits_and_any_groups_of_four_are_cards_where_one_is_spoken_of() -> None:
    assert found("my card 501864667909 is lost") == [("CARD", "501864667909")]
    assert found("item 501864667909 is lost") == []
    assert found("my debit card: 1234 5678 9012 3456") == [("CARD", "1234 5678 9012 3456")]
    assert found("parcel 1234 5678 9012 3456") == []


def test_an_answer_is_understood_by_the_question_before_it() -> None:
    assert found("Which card was it?\n501864667909") == [("CARD", "501864667909")]


@pytest.mark.parametrize(
    "text",
    [
        "order 4242424242424241",
        "1700000000000",
        "0000000000000000",
        "48000 - 48000 128",
        "4111111111111111111111111",
    ],
)
def test_long_numbers_that_are_no_cards(text: str) -> None:
    assert found(text) == []


def test_a_card_in_other_digits_is_a_card() -> None:
    number = "".join(chr(ord(char) + 0xFEE0) for char in "4242424242424242")
    assert found(number) == [("CARD", number)]


@pytest.mark.parametrize(
    "account",
    [
        "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432", "gb82west12345698765432", "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00", "FR1420041010050500013M02606", "NL91ABNA0417164300",
        "MT84MALT011000012345MTLCAST001S", "NO9386011117947", "PL61109010140000071219812874",
    ],
)  # fmt: skip
def test_bank_accounts(account: str) -> None:
    assert ("IBAN", account) in found(f"Please pay to {account}, thanks")


@pytest.mark.parametrize(
    "text",
    [
        "GB83 WEST 1234 5698 7654 32",
        "DE8937040044053201300",
        "DE89370400440532013000123",
        "IE11 or upgrade to then",
    ],
)
def test_wrong_check_digits_and_lengths_are_no_bank_accounts(text: str) -> None:
    assert "IBAN" not in [kind for kind, _ in found(text)]


@pytest.mark.parametrize(
    "number",
    [
        "123-45-6789",  # US
        "AB 12 34 56 C", "AB123456C",  # UK
        "12345678Z", "X1234567L",  # Spain
        "RSSMRA85T10A562S",  # Italy
        "131052-308T",  # Finland
        "529.982.247-25",  # Brazil
        "756.9217.0769.85",  # Switzerland
        "85.07.30-033.28",  # Belgium
        "811228-9874",  # Sweden
        "900101-1234567",  # Korea
        "010190 30071",  # Norway
        "255081416802538",  # France
        "11010519491231002X",  # China
        "2341 2341 2346",  # India
    ],
)  # fmt: skip
def test_identity_numbers_with_a_check_or_a_form_of_their_own(number: str) -> None:
    assert ("ID", number) in found(f"That is {number}, right")


@pytest.mark.parametrize(
    "text",
    [
        "000-45-6789", "666-45-6789", "123-00-6789", "123-45-0000", "1123-45-6789", "123-45-67890", "BG 12 34 56 C",
        "12345678A", "RSSMRA85T10A562X", "131052-308U", "529.982.247-26", "756.9217.0769.86", "85.07.30-033.29",
        "811228-9875", "901301-1234567", "255081416802539", "110105194912310021", "2341 2341 2347",
        "id-123-45-6789",
    ],
)  # fmt: skip
def test_numbers_that_fail_the_check_are_no_identity_numbers(text: str) -> None:
    assert "ID" not in [kind for kind, _ in found(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("my SSN is 123456789", "123456789"),
        ("Social security number: 123 45 6789 thanks", "123 45 6789"),
        ("PESEL 44051401358", "44051401358"),
        ("mijn BSN: 111222333", "111222333"),
        ("Steuer-ID 86095742719 bitte", "86095742719"),
        ("Aadhaar no. 234123412346", "234123412346"),
        ("passport number is AB1234567, valid", "AB1234567"),
        ("My driver's license number is F162823540116", "F162823540116"),
        ("driver’s licence D1234567", "D1234567"),
        ("What is your SSN?\x00 \r\n", ""),
    ],
)
def test_identity_numbers_by_what_they_are_called(text: str, number: str) -> None:
    assert found(text) == ([("ID", number)] if number else [])


@pytest.mark.parametrize(
    "text",
    ["my passport expired in 2019", "tax id is required", "the SSN field shows nothing", "passport office 12"],
)
def test_the_name_of_a_document_alone_hides_nothing(text: str) -> None:
    assert found(text) == []


@given(st.integers(min_value=0, max_value=10**16))
def test_one_check_digit_of_ten_fits_a_card(number: int) -> None:
    fitting = [digit for digit in "0123456789" if checks.luhn(f"{number}{digit}")]
    assert len(fitting) == 1


@given(st.integers(min_value=0, max_value=10**10), st.integers(min_value=0, max_value=9), st.integers(0, 9))
def test_a_changed_digit_breaks_every_check(number: int, place: int, digit: int) -> None:
    digits = f"{number:011d}"[:11]
    right = next(digits + check for check in "0123456789" if checks.verhoeff(digits + check))
    changed = right[:place] + str(digit) + right[place + 1 :]
    assume(changed != right)
    assert not checks.verhoeff(changed)


@given(st.text(alphabet="0123456789", min_size=18, max_size=18))
def test_two_digits_make_a_german_account_right(digits: str) -> None:
    right = [f"DE{check:02d}{digits}" for check in range(2, 99) if checks.iban(f"DE{check:02d}{digits}")]
    assert len(right) == 1
