"""Where somebody's own words end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.text.trim import own_words, own_words_end

NEW = "The import still fails.\n\nCan you look?"


@pytest.mark.parametrize(
    "tail",
    [
        "\n\nOn Mon, 3 Mar 2026 at 10:00, Ann <ann@x.example> wrote:\n> Hello\n> there",
        "\n\nOn Mon, 3 Mar 2026 at 10:00,\nAnn Long-Name <ann@x.example> wrote:\nHello there",
        "\n\nAm 03.03.2026 um 10:00 schrieb Ann Muster:\n> Hallo",
        "\n\nLe 3 mars 2026 à 10:00, Ann a écrit :\n> Bonjour",
        "\n\nEl 3 mar 2026, Ann escribió:\n> Hola",
        "\n\nEm 3 de mar. de 2026, Ann escreveu:\n> Olá",
        "\n\nIl giorno 3 mar 2026 Ann ha scritto:\n> Ciao",
        "\n\nOp 3 mrt 2026 schreef Ann:\n> Hoi",
        "\n\n-----Original Message-----\nFrom: Ann\nHello",
        "\n\n---------- Forwarded message ---------\nHello",
        "\n\nFrom: Ann <ann@x.example>\nSent: Monday\nTo: Support\nSubject: Re: import\n\nHello",
        "\n\n*Von:* Ann\n*Gesendet:* Montag\n\nHallo",
        "\n\n________________________________\nHello",
        "\n\n> quoted\n>> deeper\n\n",
        "\n\n-- \nBo Example\nFirm Ltd",
        "\n\n--\nBo",
        "\n\nSent from my iPhone",
        "\n\nGet Outlook for iOS<https://aka.example/o>",
        "\n\nVon meinem iPhone gesendet",
        "\n\nEnvoyé de mon iPhone",
        "\n\nSent from my iPhone\n\nOn 3 Mar 2026, Ann wrote:\n> hi",
        "   \n\n",
        "",
    ],
)
def test_only_the_new_words_are_left(tail: str) -> None:
    assert own_words(NEW + tail) == NEW


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote a ticket: nobody answered.",
        "> you asked for the version\nIt is 4.2\n> and the browser\nFirefox",
        "From: here it looks fine, but the chart is empty.",
        "The header reads\nFrom: x\nand nothing else",
        "I get -- in place of the name",
    ],
)
def test_words_that_only_look_alike_stay(text: str) -> None:
    assert own_words(text) == text


@pytest.mark.parametrize("text", ["> only\n> quoted", "Sent from my iPhone", "-- \nBo", "", "  "])
def test_nothing_is_never_the_answer_to_something(text: str) -> None:
    assert own_words(text) == text


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab>-: \n_") | st.characters(), max_size=200))
def test_what_is_kept_is_a_beginning(text: str) -> None:
    end = own_words_end(text)
    assert 0 <= end <= len(text)
    assert bool(text.strip()) == bool(text[:end].strip())


@pytest.mark.parametrize("piece", ["On ", "> ", "From: x\n", "-- ", "_" * 30 + "x\n", "\n", " ", "Sent from my x "])
def test_hostile_text_costs_little(piece: str) -> None:
    """Anything quadratic would take minutes here."""
    text = piece * (190_000 // len(piece))
    assert own_words_end(text) > 0
    assert own_words_end(text * 2) == len(text * 2)
