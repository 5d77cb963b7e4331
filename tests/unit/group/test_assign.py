from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.domain.reading import IssueType
from earshot.domain.theme import Grouping, KnownTheme, Lexicon, OpenFinding
from earshot.group.assign import assign
from earshot.group.settings import GroupSettings
from earshot.group.title import TITLE_LIMIT

from .findings import CountedIds, finding

EXPORT = [
    "The CSV export comes out empty",
    "When I export my data to Excel the file is blank",
    "Exporting the orders gives a spreadsheet with no rows",
    "Empty file after the CSV download as spreadsheet, nothing in it",
]
CHARGED = [
    "You charged our card twice in May",
    "We were debited two times for the same invoice",
    "Double billed this month, please refund one payment",
    "Uns wurde zweimal abgebucht",
    "Nos han cobrado dos veces la factura",
]
DARK = ["Please add a dark mode", "A dark theme for the evening would be great", "Any chance of night mode?"]
LOGIN = ["The password reset mail never arrives", "I asked for a reset link for my password and got no email"]


def mixed() -> list[OpenFinding]:
    rows = [
        *((text, IssueType.PRODUCT_BUG) for text in EXPORT),
        *((text, IssueType.BILLING) for text in CHARGED),
        *((text, IssueType.FEATURE_REQUEST) for text in DARK),
        *((text, IssueType.ACCOUNT_ACCESS) for text in LOGIN),
    ]
    return [finding(number, text, kind=kind) for number, (text, kind) in enumerate(rows, start=1)]


def group(
    findings: list[OpenFinding],
    themes: tuple[KnownTheme, ...] = (),
    lexicon: Lexicon | None = None,
    ids: CountedIds | None = None,
) -> Grouping:
    return assign(findings, themes, lexicon=lexicon or Lexicon(), settings=GroupSettings(), ids=ids or CountedIds())


def parts(grouping: Grouping) -> set[frozenset[int]]:
    by_theme: dict[str, set[int]] = {}
    for number, theme in grouping.members.items():
        by_theme.setdefault(theme, set()).add(number)
    return {frozenset(members) for members in by_theme.values()}


def test_like_matters_share_a_theme_in_other_words_and_languages() -> None:
    assert parts(group(mixed())) == {
        frozenset({1, 2, 3, 4}),
        frozenset({5, 6, 7, 8, 9}),
        frozenset({10, 11, 12}),
        frozenset({13, 14}),
    }


def test_themes_carry_kind_size_and_a_member_as_title() -> None:
    outcome = group(mixed())
    sizes = Counter(outcome.members.values())
    assert {theme.id: theme.size for theme in outcome.themes} == sizes
    charged = next(theme for theme in outcome.themes if theme.id == outcome.members[5])
    assert charged.issue_type is IssueType.BILLING
    assert charged.title in CHARGED
    assert all(len(theme.centre) <= 64 for theme in outcome.themes)


def test_the_order_of_findings_does_not_matter() -> None:
    reference = group(mixed())
    shuffled = mixed()
    Random(3).shuffle(shuffled)
    assert group(shuffled) == reference


def test_the_same_input_gives_the_same_outcome() -> None:
    assert group(mixed()) == group(mixed())


def test_later_findings_join_known_themes_which_keep_their_ids() -> None:
    first = group(mixed())
    later = finding(100, "Our CSV export is empty again")
    second = group([later], first.themes, first.lexicon, CountedIds("new"))
    assert second.members == {100: first.members[1]}
    (theme,) = second.themes
    assert theme.size == 5
    assert second.lexicon.documents == first.lexicon.documents + 1


def test_what_fits_nowhere_becomes_a_theme_of_its_own() -> None:
    first = group(mixed())
    later = finding(100, "The map shows our vans in the wrong town")
    second = group([later], first.themes, first.lexicon, CountedIds("new"))
    assert second.members == {100: "new1"}
    assert [theme.id for theme in second.themes] == ["new1"]


def test_one_batch_or_many_give_the_same_themes_where_matters_are_clear() -> None:
    whole = parts(group(mixed()))
    ids, lexicon, known = CountedIds(), Lexicon(), dict[str, KnownTheme]()
    members: dict[int, str] = {}
    for one in mixed():
        outcome = group([one], tuple(known.values()), lexicon, ids)
        lexicon = outcome.lexicon
        known.update({theme.id: theme for theme in outcome.themes})
        members.update(outcome.members)
    pieces = parts(Grouping(members=members, themes=(), lexicon=lexicon))
    assert len(pieces) <= len(whole) + 3
    assert all(any(piece <= theme for theme in whole) for piece in pieces)


def test_known_themes_are_never_joined_to_each_other() -> None:
    first = group([finding(1, EXPORT[0])], ids=CountedIds("a"))
    twin = group([finding(2, EXPORT[0])], ids=CountedIds("b"))
    outcome = group([finding(3, EXPORT[0])], (*first.themes, *twin.themes), first.lexicon)
    assert outcome.members[3] in {"a1", "b1"}
    assert len(outcome.themes) == 1


def test_a_missing_or_other_area_does_not_split() -> None:
    findings = [
        finding(1, EXPORT[0], area="export"),
        finding(2, EXPORT[1]),
        finding(3, EXPORT[0], area="Data export"),
        finding(4, EXPORT[0], area="reports"),
    ]
    outcome = group(findings)
    assert len(set(outcome.members.values())) == 1
    assert outcome.themes[0].area == "Data export"


def test_the_kind_parts_what_the_words_leave_open() -> None:
    wish = [finding(n, "Calendar colours", kind=IssueType.FEATURE_REQUEST) for n in range(1, 4)]
    (theme,) = group(wish).themes
    assert theme.issue_type is IssueType.FEATURE_REQUEST


def test_one_misread_kind_does_not_split_nor_turn_a_theme() -> None:
    findings = [finding(n, text, kind=IssueType.BILLING) for n, text in enumerate(CHARGED, start=1)]
    findings.append(finding(9, "Charged twice for one invoice, please refund", kind=IssueType.PRODUCT_BUG))
    (theme,) = group(findings).themes
    assert theme.size == 6
    assert theme.issue_type is IssueType.BILLING


def test_a_known_theme_changes_its_kind_only_when_most_say_otherwise() -> None:
    text = "Charged twice for one invoice"
    first = group([finding(1, text, kind=IssueType.PRODUCT_BUG)])
    second = group([finding(2, text, kind=IssueType.BILLING)], first.themes, first.lexicon)
    assert second.themes[0].issue_type is IssueType.PRODUCT_BUG
    more = [finding(n, text, kind=IssueType.BILLING) for n in range(3, 7)]
    third = group(more, second.themes, second.lexicon)
    assert third.themes[0].issue_type is IssueType.BILLING
    assert third.themes[0].id == first.themes[0].id


def test_a_title_stays_until_another_fits_clearly_better() -> None:
    first = group(
        [finding(1, "Export to CSV comes out empty on Mondays"), finding(2, "The CSV export comes out empty")]
    )
    second = group([finding(3, "CSV export is empty")], first.themes, first.lexicon)
    assert second.themes[0].title == first.themes[0].title


def test_no_chain_joins_unlike_ends() -> None:
    chain = [
        finding(1, "invoice printing margin letterhead"),
        finding(2, "printing margin letterhead barcode scanner"),
        finding(3, "letterhead barcode scanner warehouse pallet"),
        finding(4, "scanner warehouse pallet forklift driver"),
        finding(5, "pallet forklift driver permit gatehouse"),
    ]
    outcome = group(chain)
    assert outcome.members[1] != outcome.members[5]


def test_the_first_message_helps_where_the_summary_says_little() -> None:
    findings = [
        finding(1, "You charged our card twice in May", kind=IssueType.BILLING),
        finding(
            2,
            "Could finance look into this?",
            kind=IssueType.BILLING,
            context="We were debited two times for the same invoice. Could finance look into this?",
        ),
    ]
    assert len(set(group(findings).members.values())) == 1


def test_own_synonyms_are_used() -> None:
    ours = GroupSettings(synonyms={"wall": ["gantry wall", "blue board"]}, same_matter=0.5)
    findings = [finding(1, "The gantry wall flickers"), finding(2, "Our blue board flickers")]
    apart = assign(findings, [], lexicon=Lexicon(), settings=GroupSettings(same_matter=0.5), ids=CountedIds())
    joined = assign(
        findings, [], lexicon=Lexicon(), settings=ours.model_copy(update={"same_matter": 0.5}), ids=CountedIds()
    )
    assert len(apart.themes) == 2
    assert len(joined.themes) == 1


@pytest.mark.parametrize(
    "text",
    [
        "😡",
        "x" * 200,
        "?" * 200,
        "\x00\u202e\u200b",
        "请问发票在哪里下载",
        "المساعدة في تسجيل الدخول",
        "a " * 100,
        "<b>'; drop--",
    ],
)
def test_hostile_and_foreign_text_is_assigned_and_titled(text: str) -> None:
    outcome = group([finding(1, text, quote=text * 50), finding(2, text)])
    assert set(outcome.members) == {1, 2}
    title = outcome.themes[0].title
    assert title
    assert len(title) <= TITLE_LIMIT
    assert title.isprintable()


def test_wordless_messages_are_grouped_by_their_pictures() -> None:
    outcome = group([finding(1, "👍"), finding(2, "👍👍"), finding(3, "🚐"), finding(4, "..."), finding(5, "?")])
    assert outcome.members[1] == outcome.members[2]
    assert outcome.members[4] == outcome.members[5]
    assert outcome.members[3] not in {outcome.members[1], outcome.members[4]}


def test_nothing_to_do_changes_nothing() -> None:
    first = group(mixed())
    again = group([], first.themes, first.lexicon)
    assert again.members == {}
    assert again.themes == ()
    assert again.lexicon == first.lexicon


def test_a_flood_of_one_text_is_one_theme() -> None:
    outcome = group([finding(n, EXPORT[0]) for n in range(1, 1001)])
    assert set(outcome.members.values()) == {"t1"}
    assert outcome.themes[0].size == 1000


def test_the_lexicon_stays_bounded() -> None:
    findings = [finding(n, f"word{n}x word{n}y word{n}z") for n in range(1, 800)]
    outcome = assign(findings, [], lexicon=Lexicon(), settings=GroupSettings(lexicon_terms=1000), ids=CountedIds())
    assert len(outcome.lexicon.frequencies) == 1000
    assert outcome.lexicon.documents == 799


def test_a_theme_without_a_centre_takes_nothing_and_breaks_nothing() -> None:
    hollow = KnownTheme(id="old", issue_type=IssueType.OTHER, area=None, title="Old", centre={}, size=0)
    outcome = group([finding(1, EXPORT[0])], (hollow,))
    assert outcome.members == {1: "t1"}


VOCABULARY = (
    "export csv empty invoice charged twice login password reset mail dark mode slow board photo lost 😀 请问 x"
)
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=25), st.integers(0, 24), st.randoms()
)
def test_every_finding_has_one_theme_in_any_order_and_batching(texts: list[str], cut: int, rng: Random) -> None:
    findings = [finding(number, text or "-") for number, text in enumerate(texts)]
    shuffled = rng.sample(findings, len(findings))
    assert group(shuffled) == group(findings)
    ids = CountedIds()
    first = group(findings[:cut], ids=ids)
    second = group(findings[cut:], first.themes, first.lexicon, ids)
    members = {**first.members, **second.members}
    assert set(members) == {f.id for f in findings}
    sizes = {theme.id: theme.size for theme in (*first.themes, *second.themes)}
    assert sizes == Counter(members.values())


def test_times_decide_the_order_of_new_ids() -> None:
    late = finding(1, EXPORT[0]).model_copy(update={"said_at": finding(9, "x").said_at + timedelta(days=1)})
    outcome = group([late, finding(2, DARK[0])])
    assert outcome.members == {2: "t1", 1: "t2"}
