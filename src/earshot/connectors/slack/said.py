"""What Slack said to one request, and what that means: `ok` counts, the status alone never."""

from typing import NamedTuple

from earshot.connectors.http.sender import Lost, Reply, judged
from earshot.connectors.lenient import Json, is_object
from earshot.connectors.slack.words import Meaning, meaning, read_word
from earshot.domain.delivery import Outcome, Result


class Said(NamedTuple):
    """An outcome, the error word that led to it ("" for none) and the answer's JSON."""

    outcome: Outcome
    word: str = ""
    data: Json = {}


def said_to_bot(answer: Reply | Lost, *, posts: bool) -> Said:
    """The meaning of a Web API answer. `posts`: doing it twice would make a second message."""
    if isinstance(answer, Lost) or not is_object(answer.data):
        return Said(judged(answer, done=(), unsafe=posts))
    if answer.data.get("ok") is True and answer.status == 200:
        return Said(Outcome(result=Result.DELIVERED, status=200), data=answer.data)
    word = read_word(answer.data.get("error"))
    if not word:
        return Said(judged(answer, done=(), unsafe=posts), data=answer.data)
    return Said(_refused(answer, word, posts=posts), word, answer.data)


def said_to_hook(answer: Reply | Lost) -> Said:
    """The meaning of an incoming webhook's answer: one plain word, or JSON from the webhook of a workflow."""
    if isinstance(answer, Lost) or is_object(answer.data):
        return said_to_bot(answer, posts=True)
    text = answer.body[:200].decode("utf-8", "replace").strip()
    if answer.status == 200 and text == "ok":
        return Said(Outcome(result=Result.DELIVERED, status=200))
    word = read_word(text)
    if not word or answer.status == 200 or answer.status >= 500:
        return Said(judged(answer, done=(), unsafe=True))
    return Said(_refused(answer, word, posts=True), word)


def _refused(answer: Reply, word: str, *, posts: bool) -> Outcome:
    found: Meaning = meaning(word)
    result = found.result
    if result is Result.UNKNOWN and not posts:
        result = Result.RETRY
    advice = f": {found.advice}" if found.advice else ""
    return Outcome(
        result=result,
        status=answer.status,
        reason=f"Slack said {word}{advice}",
        retry_after=answer.retry_after if result is Result.RETRY else None,
    )
