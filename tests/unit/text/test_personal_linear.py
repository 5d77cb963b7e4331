"""Hostile text costs no more per character however much of it there is."""

import time

import pytest

from earshot.text.personal.masking import passages
from earshot.text.tokens import estimate_tokens
from earshot.text.untrusted import inert, quoted

SHORT, LONG = 4_000, 64_000
"""A step that looked at everything again for every character would cost 16 times more per character."""

UNITS = [
    "a", "1", "a@", "a@a.", "1 ", "12 34 ", "1.", "::", "a:", "://", "http://a?b=", "?a=", "#", "-", "_", "(at)",
    " dot ", "a at b dot ", "eyJ", "eyJa.", "sk-", "AKIA", "-----BEGIN PRIVATE KEY-----", "password ",
    "password: ", "key=", "bearer ", "ssn ", "ssn: is ", "passport number ", "[EMAIL_1", "[EMAIL_1]", "+1 ",
    "(1", "phone 12345678 ", "GB12", "GB82WEST", "Aa0", "aB3/", "<", "</", "< ", "[/INST", "\u200b", "\r",
    "\uff11", "4242 ", "card 4242 ", "AB123456", "ABCDEF12A34B567C", "1\u2013", "a1B2", "{", "\u00e9", "1:",
]  # fmt: skip


def cost(text: str) -> float:
    """Processor seconds for everything that text goes through."""
    start = time.process_time()
    passages(inert(text))
    quoted(text)
    estimate_tokens(text)
    return time.process_time() - start


@pytest.mark.parametrize("unit", UNITS)
def test_sixteen_times_the_text_costs_about_sixteen_times_the_work(unit: str) -> None:
    long, short = unit * (LONG // len(unit)), unit * (SHORT // len(unit))
    allowed = 4 * 16 * max(min(cost(short), cost(short)), 0.0005)
    assert cost(long) < allowed or cost(long) < allowed  # measured again only where something came between
