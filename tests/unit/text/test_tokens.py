"""The estimate of tokens."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.text.tokens import estimate_tokens

# Counted with OpenAI's o200k encoding.
COUNTED = {
    "prose": (
        (
            "Hello, since the update this morning I cannot export my monthly report any more. The page loads for a "
            "minute and then shows error 504. We need the figures for tomorrow's meeting, please help quickly!"
        ),
        41,
    ),
    "code": (
        'def total(rows: list[dict[str, float]]) -> float:\n    return sum(row["amount"] for row in rows)\n',
        27,
    ),
    "german": (
        (
            "Guten Tag, ich kann mich seit gestern nicht mehr anmelden, außerdem wird der Export für größere "
            "Tabellen immer abgebrochen. Könnten Sie das bitte prüfen?"
        ),
        32,
    ),
    "polish": (
        (
            "Dzień dobry, od wczoraj nie mogę się zalogować, proszę o pilną pomoc, ponieważ jutro kończymy miesiąc "
            "księgowy."
        ),
        37,
    ),
    "russian": (
        (
            "Здравствуйте, после обновления не могу войти в личный кабинет, пароль сбросить тоже не получается. "
            "Помогите, пожалуйста, у нас завтра сдача отчёта."
        ),
        37,
    ),
    "chinese": (
        "您好，我们的账单这个月被重复扣款了，请尽快退款，否则我们只能取消订阅。导出报表的时候也一直报错。",
        33,
    ),
    "korean": ("안녕하세요. 어제부터 보고서를 내보낼 수 없습니다. 빠른 확인 부탁드립니다.", 20),
    "arabic": ("مرحبا، لا أستطيع تسجيل الدخول إلى حسابي منذ الأمس، أرجو المساعدة في أسرع وقت ممكن.", 27),
    "digits": ("2026-03-01 10:22:45 4242424242 192 7781 0.00013", 26),
}


@pytest.mark.parametrize("name", COUNTED)
def test_the_estimate_is_fair_and_rather_too_high(name: str) -> None:
    text, counted = COUNTED[name]
    assert 0.93 * counted <= estimate_tokens(text) <= (1.35 if text.isascii() else 1.8) * counted


def test_nothing_has_no_tokens_and_anything_has_one() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == estimate_tokens(" ") == 1


def test_letters_without_words_and_escaped_text_cost_more() -> None:
    assert estimate_tokens("qxzv" * 100) > 1.5 * estimate_tokens("that" + " that" * 79)
    text = "Привет"
    assert estimate_tokens(json.dumps(text)) > estimate_tokens(text)


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens_by_much(one: str, two: str) -> None:
    assert estimate_tokens(one + "\n" + two) >= max(estimate_tokens(one), estimate_tokens(two)) - 1


@given(st.text())
def test_the_estimate_is_below_the_number_of_bytes_times_two(text: str) -> None:
    assert 0 <= estimate_tokens(text) <= 2 * len(text.encode("utf-8", "surrogatepass"))
