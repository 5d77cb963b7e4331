from earshot.classify.llm.windows import BOT, OTHER, STARTER, Window, pieces, window
from earshot.domain.conversation import Conversation
from earshot.text.personal import unmasked
from earshot.text.tokens import estimate_tokens
from tests.unit.classify.llm.threads import thread

LONG = "The report of the third quarter does not add up at all. " * 200


def cut(talk: Conversation, *, messages: int = 40, tokens: int = 2000) -> Window:
    return window(pieces(talk, unmasked(talk), most_tokens=tokens), most_messages=messages, most_tokens=tokens)


def test_a_short_thread_is_whole() -> None:
    shown = cut(thread("It fails.", "agent: Where?", "Everywhere.", "other: Here too."))
    assert [(p.number, p.author) for p in shown.head] == [(1, STARTER), (2, "agent"), (3, STARTER), (4, OTHER)]
    assert not shown.shortened
    assert not shown.tail


def test_quoted_mail_signatures_and_empty_messages_are_not_sent_but_numbers_stay() -> None:
    mail = "It still fails.\n\n-- \nAnn\nHead of Everything"
    reply = "Yes it does.\n\nOn Monday, Bob wrote:\n> does it?"
    shown = cut(thread(mail, "agent:  \u200b\n ", reply))
    assert [(p.number, p.head) for p in shown.head] == [(1, "It still fails."), (3, "Yes it does.")]


def test_runs_of_blanks_and_empty_lines_are_tidied() -> None:
    assert cut(thread("a   b\n\n\n  c\t d")).head[0].head == "a b\nc d"


def test_quoted_lines_that_repeat_an_earlier_message_are_not_sent_again() -> None:
    first = "The export fails with error 7.\nI tried it on three machines."
    answer = "agent: Ann said\n> The export fails with error 7. I tried it on three machines.\nWhich version?"
    log = "> error 7 in module export at line 3\nThat is all it says."
    shown = cut(thread(first, answer, log, f"> {first.splitlines()[1]}"))
    assert [p.head for p in shown.head] == [
        first,
        "Ann said\nWhich version?",
        log,
        "> I tried it on three machines.",
    ]


def test_a_long_thread_keeps_its_beginning_and_its_end() -> None:
    talk = thread(*(f"message number {n}" for n in range(1, 101)))
    shown = cut(talk, messages=10)
    assert [p.number for p in shown.head] == [1, 2, 3, 4, 5]
    assert [p.number for p in shown.tail] == [96, 97, 98, 99, 100]
    assert shown.left_out == 90
    assert shown.shortened


def test_the_budget_in_tokens_holds() -> None:
    talk = thread(*(f"{n} {LONG[:600]}" for n in range(60)))
    shown = cut(talk, tokens=1000)
    sent = "".join(p.head + p.tail for p in (*shown.head, *shown.tail))
    assert 400 < estimate_tokens(sent) <= 1000


def test_one_overlong_message_loses_its_middle() -> None:
    (piece,) = cut(thread("Start here. " + LONG + " That is the end."), tokens=400).head
    assert piece.head.startswith("Start here.")
    assert piece.tail.endswith("That is the end.")
    assert piece.left_out > 0
    assert 150 < estimate_tokens(piece.head + piece.tail) <= 205
    assert not piece.head[-1].isspace()


def test_agents_and_bots_are_clipped_sooner_than_the_starter() -> None:
    talk = thread(LONG, f"agent: {LONG}", f"bot: {LONG}", f"other: {LONG}")
    sizes = {p.author: p.tokens for p in pieces(talk, unmasked(talk), most_tokens=2000)}
    assert sizes[STARTER] > sizes["agent"] == sizes[OTHER] > sizes[BOT]


def test_the_starters_first_words_stay_even_when_a_long_greeting_comes_before() -> None:
    talk = thread(f"agent: {LONG}", "The export fails.", *([f"agent: {LONG}", LONG] * 20))
    shown = cut(talk, messages=3, tokens=300)
    assert (shown.head[1].number, shown.head[1].author) == (2, STARTER)


def test_text_without_blanks_is_clipped_too() -> None:
    (piece,) = cut(thread("x" * 50_000), tokens=400).head
    assert piece.left_out > 40_000
    assert piece.head
    assert piece.tail


def test_a_clipped_bot_alone_does_not_count_as_shortened() -> None:
    shown = cut(thread("The export fails.", f"bot: {LONG}"))
    assert shown.head[1].left_out > 0
    assert not shown.shortened
    assert cut(thread("The export fails.", f"agent: {LONG}")).shortened
    assert not cut(thread("The export fails.", f"agent: {LONG}")).lacks_much
    assert cut(thread(LONG)).lacks_much
