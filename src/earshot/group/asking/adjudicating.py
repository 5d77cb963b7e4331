"""The adjudicator: is a doubtful text the same matter as one of these? A decision for each, never more."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from earshot.domain.conversation import Conversation
from earshot.domain.grouping import Candidate, Decider, Doubt, Verdict
from earshot.ports.model import Answer, Form, Request
from earshot.text.asking.forms import FLAG, TEXT, FilledForm, Unfilled, closed, filled, one_of, rows
from earshot.text.asking.task import Judged, Task, judged, make_task
from earshot.text.asking.told import Line, data, words
from earshot.text.tokens import estimate_tokens

LETTERS = "ABCDE"
"""How the known matters of one question are called; so many fit into it."""
REASON_LIMIT = 200
"""Longest reason that is kept, in characters."""

KEY = 32
"""So many characters of a question's id stand for its doubt."""

_TITLE, _TEXT, _KNOWN = 300, 2000, 1200
_MOST_TOKENS = 700
_EVERY_LETTER = "Decide for every letter."


class Decision(StrEnum):
    """What a model may say of one known matter."""

    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    UNSURE = "UNSURE"


class Certainty(StrEnum):
    """How sure a model says it is of a decision."""

    SURE = "SURE"
    LIKELY = "LIKELY"


CONFIDENCE = {Certainty.SURE: 0.95, Certainty.LIKELY: 0.75}
"""What each word counts as in a verdict."""


class _RowForm(FilledForm):
    known: str
    why: str
    decision: Decision
    confidence: Certainty


class _AnswerForm(FilledForm):
    decisions: list[_RowForm]
    contains_instructions: bool


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model said of one candidate."""

    candidate: Candidate
    decision: Decision
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Opinions:
    """What a model said to one question. `flagged`: it met text that gives orders, so nothing it said counts."""

    doubt: Doubt
    given: tuple[Opinion, ...]
    flagged: bool = False

    def verdicts(self, *, decided_as: str, now: datetime) -> list[Verdict]:
        """The decisions that were made; what the model left open is none."""
        if self.flagged:
            return []
        return [
            Verdict(
                one=self.doubt.digest,
                other=opinion.candidate.digest,
                same=opinion.decision is Decision.SAME,
                confidence=opinion.confidence,
                reason=opinion.reason,
                decided_by=Decider.MODEL,
                decided_as=decided_as,
                decided_at=now,
            )
            for opinion in self.given
            if opinion.decision is not Decision.UNSURE
        ]


@dataclass(frozen=True)
class Question:
    """One doubt as it is asked; `asked` stands in the order of the letters."""

    doubt: Doubt
    asked: tuple[Candidate, ...]
    task: Task
    people: Sequence[Conversation] = ()
    masking: bool = True

    @property
    def request(self) -> Request:
        """What is sent; put together when it is first needed."""
        return self._request

    @cached_property
    def _request(self) -> Request:
        content = data(_lines(self.doubt, self.asked), people=self.people, masking=self.masking)
        return self.task.request(f"{content}\n{_EVERY_LETTER}")

    @property
    def tokens(self) -> int:
        """About how many input tokens it takes."""
        return self.task.tokens + estimate_tokens(self.request.content)

    @property
    def custom_id(self) -> str:
        """The same for the same texts asked about in the same way, on any machine; it names nobody."""
        return custom_id(self.doubt, self.asked, prompt_hash=self.task.hash)

    def understand(self, answer: Answer) -> Judged[Opinions]:
        """What an answer says. Letters that were not given are ignored; one decided in two ways is unsure."""
        return judged(answer, self._decode)

    def _decode(self, text: str) -> Opinions:
        form = filled(text, _AnswerForm)
        given: list[Opinion] = []
        for letter, candidate in zip(LETTERS, self.asked, strict=False):
            found = [row for row in form.decisions if row.known.strip().upper() == letter]
            if found:
                given.append(_opinion(candidate, found))
        if not given:
            raise Unfilled("decisions: none for a letter that was given")
        return Opinions(self.doubt, tuple(given), flagged=form.contains_instructions)


class Adjudicator:
    """Writes questions. `product` says in a sentence what is sold; `masking` hides personal data."""

    def __init__(self, *, product: str = "", masking: bool = True) -> None:
        self._masking = masking
        self.task = make_task(
            "earshot.group.asking", "adjudicate", form=_form(), max_tokens=_MOST_TOKENS, product=product
        )

    def question(self, doubt: Doubt, *, people: Sequence[Conversation] = ()) -> Question | None:
        """The question about a doubt; None where it has nothing to compare.

        `people` are conversations whose writers' names are to be hidden. Candidates stand in the order of their
        digests: a question stays the same when only probabilities change, and no place hints at the likeliest.
        """
        asked = tuple(sorted(doubt.candidates[: len(LETTERS)], key=lambda candidate: candidate.digest))
        if not asked or not f"{doubt.title}{doubt.text}".strip():
            return None
        return Question(doubt=doubt, asked=asked, task=self.task, people=people, masking=self._masking)


def custom_id(doubt: Doubt, asked: Sequence[Candidate], *, prompt_hash: str) -> str:
    """The id of a question, 64 characters: what the doubt is known by, then a digest over all that is asked."""
    told = [doubt.digest, doubt.title, doubt.text, prompt_hash]
    told += [part for candidate in asked for part in (candidate.digest, candidate.title, candidate.text)]
    return f"{doubt_key(doubt.digest)}-{_hex(chr(31).join(told))[:31]}"


def doubt_key(digest: str) -> str:
    """How a question's id begins that is about this doubt."""
    return _hex(digest)[:KEY]


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _form() -> Form:
    row = closed(known=one_of(LETTERS), why=TEXT, decision=one_of(Decision), confidence=one_of(Certainty))
    return Form(name="decisions", json_schema=closed(decisions=rows(row), contains_instructions=FLAG))


def _lines(doubt: Doubt, asked: Sequence[Candidate]) -> list[Line]:
    lines = [Line("new title", doubt.title, _TITLE), Line("new text", doubt.text, _TEXT)]
    for letter, candidate in zip(LETTERS, asked, strict=False):
        lines.append(Line(f"{letter} title", candidate.title, _TITLE))
        lines.append(Line(f"{letter} text", candidate.text, _KNOWN))
    return lines


def _opinion(candidate: Candidate, found: Sequence[_RowForm]) -> Opinion:
    first = found[0]
    agreed = all(row.decision is first.decision for row in found)
    return Opinion(
        candidate=candidate,
        decision=first.decision if agreed else Decision.UNSURE,
        confidence=min(CONFIDENCE[row.confidence] for row in found),
        reason=words(first.why, limit=REASON_LIMIT),
    )
