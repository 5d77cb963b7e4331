from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.theme import Lexicon
from earshot.group.concepts import thesaurus
from earshot.group.matters import matters_in
from earshot.group.rarity import Rarity, grown
from earshot.group.terms import occurrences
from earshot.group.title import TITLE_LIMIT, tidy
from earshot.group.words import TEXT_LIMIT, WORD_LIMIT, fold, stem, stems, symbols, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("invoices", "invoice"),
        ("exporting", "export"),
        ("stopped", "stopping"),
        ("companies", "company"),
        ("crashes", "crash"),
        ("quickly", "quick"),
        ("facturas", "factura"),
        ("synced", "syncing"),
        ("boxes", "box"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("status", "statu"), ("bus", "bu"), ("press", "pres"), ("call", "cal")])
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_words_are_folded_and_bounded() -> None:
    assert words("Über die Café’s, don't! 2FA http://x.y/z me@example.com INV-1234 error 503 v2") == [
        "uber",
        "die",
        "cafe",
        "dont",
        "2fa",
        "inv",
        "error",
        "503",
        "v2",
    ]
    assert words("y" * 500) == ["y" * WORD_LIMIT]
    assert len(fold("ab " * TEXT_LIMIT)) <= TEXT_LIMIT


def test_scripts_without_spaces_give_overlapping_pairs() -> None:
    assert words("下载发票") == ["下载", "载发", "发票"]
    assert words("票") == ["票"]


def test_pictures_are_found_once_each() -> None:
    assert symbols("a 😡👍😡 b") == ["😡", "👍"]


@given(st.text(max_size=300))
def test_any_text_has_bounded_words(text: str) -> None:
    assert all(0 < len(word) <= WORD_LIMIT for word in words(text))
    assert len(stems(text)) == len(words(text))


def names(text: str) -> set[str]:
    return {match.concept.name for match in thesaurus({}).matches(stems(text))}


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("the bill", "invoice"),
        ("eine Rechnung", "invoice"),
        ("I cannot sign in", "signin"),
        ("logging in", "signin"),
        ("it freezes", "crash"),
        ("not arriving", "notarriving"),
        ("single sign-on", "sso"),
    ],
)
def test_different_words_mean_one_concept(text: str, concept: str) -> None:
    assert concept in names(text)


def test_the_longest_phrase_wins() -> None:
    assert "twofactor" in names("two factor code")
    assert names("reset link") == {"reset"}


def test_no_phrase_is_a_stop_word_alone() -> None:
    assert names("can we do this on our own with you then") == set()


def test_own_synonyms_take_precedence() -> None:
    own = thesaurus({"ours": ["invoice run"]})
    assert [match.concept.name for match in own.matches(stems("the invoice run"))] == ["ours"]


def test_own_synonyms_add_to_a_built_in_concept_and_keep_its_kind() -> None:
    own = thesaurus({"crash": ["goes poof"]})
    (poof,) = own.matches(stems("it goes poof"))
    (frozen,) = own.matches(stems("it freezes"))
    assert poof.concept == frozen.concept
    assert not poof.concept.thing
    assert "crash" not in names("it goes poof")


def test_a_matter_needs_all_its_groups_and_none_of_the_excluded() -> None:
    assert "chargedtwice" in matters_in({"charge", "twice"})
    assert matters_in({"charge"}) == []
    assert "chargedtwice" not in matters_in({"charge", "twice", "accounting"})


def test_the_area_completes_a_matter_but_never_makes_one_up() -> None:
    assert "exportempty" in matters_in({"blank"}, {"export"})
    assert matters_in(set(), {"charge", "twice"}) == []


def test_every_concept_that_a_matter_names_exists() -> None:
    assert named_in_matters() <= concept_names()


def concept_names() -> set[str]:
    return {line.split(":")[0] for line in data("concepts.txt") if ":" in line}


def named_in_matters() -> set[str]:
    told = (line.split(":", 1)[1] for line in data("matters.txt") if ":" in line)
    return {name for text in told for name in text.replace("|", " ").replace("+", " ").replace(" - ", " ").split()}


def data(name: str) -> list[str]:
    lines = files("earshot.group").joinpath(name).read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_terms_hold_concepts_words_and_neighbours() -> None:
    terms = occurrences(words("The fancy export crashes"), thesaurus({}))
    assert {"#export", "#crash", "fancy", "fancy #export", "#export #crash"} <= set(terms)
    assert occurrences([], thesaurus({})) == {}


def test_rare_terms_weigh_more_and_pairs_lie_between() -> None:
    lexicon = grown(Lexicon(), [{"common": 1.0, "common rare": 1.0} for _ in range(50)] + [{"rare": 1.0}], most=100)
    assert lexicon.frequencies == {"common": 50, "rare": 1}
    rarity = Rarity(lexicon)
    assert rarity.of("rare") > rarity.of("common rare") > rarity.of("common") > 0
    weighed = rarity.unit({"rare": 1.0, "common": 1.0})
    assert sum(w * w for w in weighed.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("hi team, the export is empty.", "The export is empty"),
        ("Hello there! please fix the map", "Fix the map"),
        ("also   two\nlines\u202e here", "Two lines here"),
        ("Hi", "Hi"),
        ("", "(no words)"),
        ("\x00\x1f", "(no words)"),
    ],
)
def test_titles_are_tidied(summary: str, title: str) -> None:
    assert tidy(summary) == title


def test_long_titles_end_at_a_word() -> None:
    title = tidy("word " * 60)
    assert len(title) <= TITLE_LIMIT
    assert title.endswith("word…")
    assert len(tidy("x" * 300)) == TITLE_LIMIT
