"""Customers' words are hostile input: they cost little, stay bounded, forge nothing and chain nothing."""

import itertools
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earshot.domain.grouping import Mention, Partition, Regrouping
from earshot.domain.reading import IssueType
from earshot.domain.theme import Lexicon
from earshot.group.likeness.score import reasons, same_matter
from earshot.group.likeness.sketch import DIMENSIONS, Sketch, Sketcher, Told
from earshot.group.regroup import regroup
from earshot.group.settings import GroupSettings
from earshot.group.title import TITLE_LIMIT, tidy
from earshot.group.vocabulary import vocabulary
from earshot.group.words import WORD_LIMIT

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = {
    "a word of ten megabytes": "a" * 10_000_000,
    "ten megabytes of half addresses": "a@" * 5_000_000,
    "dotted": "a." * 5_000,
    "addresses without an end": "http://" * 2_000,
    "a letter with a thousand marks": "e" + "\u0301" * 5_000,
    "marks of two heights": ("e" + "\u0316\u0301" * 500) * 10,
    "one sign that unfolds to eighteen": "\ufdfa" * 2_000,
    "numbers in brackets that unfold": "\u247d" * 2_000,
    "joined without width": "a\u200db\ufeff" * 1_000,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500,
    "half characters": "\ud83d" * 1_000,
    "zeros": "\x00" * 1_000,
    "turned round": "\u202eabc\u202c " * 500,
    "thai without spaces": "\u0e01" * 2_000,
    "hangul in pieces": "\u1100\u1161\u11a8" * 500,
    "chinese": "\u6f22" * 2_000,
    "apostrophes": "a'b'" * 1_000,
    "possessives": "x's" * 1_000,
    "digits and signs": "1-1/1.1:" * 1_000,
    "blank": " \n\t\u00a0\u3000" * 1_000_000,
    "every sign": "".join(chr(code) for code in range(0x20, 0x3000)),
    "our own marks": "#invoice @double_charge %PRODUCT_BUG !\U0001f4a5 \u2205 #login broken",
    "markup": "<script>alert(1)</script> [bold red]x[/] ${jndi:ldap://x} '; drop table theme; --",
}


def sketch(text: str) -> Sketch:
    return Sketcher(Lexicon(), vocabulary({}, {})).sketch(Told(title=text, body=text, reply=text))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_is_sketched_soon_and_its_sketch_is_small(text: str) -> None:
    began = time.process_time()
    made = sketch(text)
    took = time.process_time() - began
    assert took < 0.5, f"{took:.2f} s; a usual text takes a thousandth of one"
    for terms in (made.terms, made.title, made.reply):
        assert len(terms) < 2_000
        assert max(map(len, terms), default=0) <= 2 * WORD_LIMIT + 2
    assert made.vector.shape == (DIMENSIONS,)
    assert 0.0 <= same_matter(made, made) <= 1.0
    assert all(len(reason) < 500 for reason in reasons(made, made))


def test_words_cannot_pass_for_what_we_mark_ourselves() -> None:
    forged = sketch("qqdoublecharge #qqinvoice @qqcharge %PRODUCTqq !qq")
    plain = sketch("qqdoublecharge qqinvoice qqcharge PRODUCTqq qq")
    assert forged.terms == plain.terms


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_title_is_one_short_line_without_control(text: str) -> None:
    title = tidy(text[:100_000])
    assert 0 < len(title) <= TITLE_LIMIT
    assert title.isprintable()


def mentions(*texts: str, **more: Any) -> list[Mention]:
    return [
        Mention.model_validate(
            {
                "id": number,
                "conversation_id": f"c{number:05}",
                "issue_type": IssueType.PRODUCT_BUG,
                "summary": text[:200],
                "context": text[:1200],
                "said_at": NOW + timedelta(minutes=number),
                **more,
            }
        )
        for number, text in enumerate(texts)
    ]


def grouped(given: Sequence[Mention]) -> Regrouping:
    return regroup(given, Partition(), settings=GroupSettings(), now=NOW)


def test_hostile_texts_among_others_are_grouped_alike_in_any_order() -> None:
    kept = {name: text[:1200] for name, text in HOSTILE.items()}
    kept.pop("half characters")  # no database holds them
    given = mentions(*kept.values(), "The CSV export stops with an error.", "Exporting to CSV stops with an error.")
    first = grouped(given)
    assert len(first.mentions) == len(given)
    for seed in range(3):
        again = grouped(random.Random(seed).sample(given, len(given)))
        assert again.mentions == first.mentions


EXPORT = (
    "The CSV export of the monthly report stops with an error",
    "Exporting the monthly report to CSV stops with an error",
    "CSV export of our monthly report ends in an error",
)
LOGIN = (
    "The password reset mail for my login never arrives",
    "Password reset mail never arrives, so no login for me",
    "No password reset mail arrives, login impossible",
)


def test_a_text_that_says_everything_chains_nothing() -> None:
    """Words of two matters do not make one of them, unless such texts make up most of a theme's centre."""
    bridges = [" ".join(pair) for pair in itertools.product(EXPORT, LOGIN)][: GroupSettings().core // 2]
    alone = grouped(mentions(*EXPORT, *LOGIN)).mentions
    given = mentions(*EXPORT, *LOGIN, *bridges)
    themes = grouped(given).mentions
    export, login = {themes[n] for n in range(3)}, {themes[n] for n in range(3, 6)}
    assert len({alone[n] for n in range(3)}) == len({alone[n] for n in range(3, 6)}) == 1
    assert not export & login
    assert len(export) == len(login) == 1


def test_a_flood_of_one_text_is_one_theme_and_soon_done() -> None:
    flood = mentions(*["The CSV export stops with an error, fix it now!"] * 1_500, *LOGIN)
    began = time.perf_counter()
    themes = grouped(flood).mentions
    assert time.perf_counter() - began < 30
    assert len({themes[n] for n in range(1_500)}) == 1
    assert themes[0] not in {themes[n] for n in range(1_500, 1_503)}
