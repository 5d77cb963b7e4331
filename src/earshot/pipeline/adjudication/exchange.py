"""Use case: doubts as a file that anybody may answer, and verdicts taken back. Nothing is spent by us."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from earshot.domain.call import Outcome
from earshot.domain.grouping import Doubt, Verdict
from earshot.domain.model import Noun
from earshot.group.asking.adjudicating import KEY, Adjudicator, Opinions, Question, doubt_key
from earshot.pipeline.adjudication.closing import keep
from earshot.pipeline.adjudication.online import ALL
from earshot.pipeline.batches.exchange import MOST_MISTAKES, Mistake
from earshot.pipeline.batches.exchange_lines import Line, read_lines, request_line
from earshot.pipeline.files import appearing
from earshot.pipeline.parts import Parts
from earshot.pipeline.tasks.doubts import open_questions, questions
from earshot.ports.model import Answer

PAGE = 500
"""Questions or answers at a time; answers share a transaction."""
ROOM = 4_000
"""Tokens that a file leaves for an answer: some readers think aloud before they fill in the form."""
_OURS = re.compile(r"[0-9a-f]{32}-[0-9a-f]{31}")


class WrittenQuestions(Noun):
    """What a question file holds.

    `kept_back` doubts are for a person, because their text gives orders to its reader; `undecided` ones were left
    open by the same model before.
    """

    questions: int
    kept_back: int = 0
    undecided: int = 0


class VerdictsRead(Noun):
    """What an answer file brought.

    `same` and `different` count pairings, `unsure` answers that decide nothing, `settled` answers to what is
    decided already (or stands in the file twice), `changed` those about a doubt that is no longer there in that
    form, `unknown` ids that are not ours, `failed` lines with an error or an answer that is not in the form (they
    can be answered again), `bad` lines that cannot be read.
    """

    same: int = 0
    different: int = 0
    unsure: int = 0
    settled: int = 0
    changed: int = 0
    unknown: int = 0
    failed: int = 0
    bad: int = 0
    mistakes: tuple[Mistake, ...] = ()


async def write_questions(
    parts: Parts, file: Path, *, adjudicator: Adjudicator, model: str, limit: int | None = None
) -> WrittenQuestions:
    """Write the questions about open doubts, the likeliest matches first. The file appears complete or not at all.

    The same question has the same id in every file, so that answers to an older file fit. What this model with this
    prompt left undecided is not asked again.
    """
    async with parts.store.unit() as unit:
        every = await unit.themes.doubts(ALL)
    unasked = [doubt for doubt in every if doubt.asked_as != f"{model} {adjudicator.task.version}"]
    doubts = unasked[:limit]
    step = parts.progress.step("Writing questions", len(doubts))
    count = 0
    with appearing(file) as (handle, publish):
        for first in range(0, len(doubts), PAGE):
            page = doubts[first : first + PAGE]
            for question in await questions(parts.store, adjudicator, doubts=page):
                roomy = question.request.model_copy(update={"max_tokens": ROOM})
                handle.write(request_line(question.custom_id, roomy, model=model))
                count += 1
            step.advance(len(page))
        publish()
    step.done()
    return WrittenQuestions(questions=count, kept_back=len(doubts) - count, undecided=len(every) - len(unasked))


async def read_verdicts(parts: Parts, file: Path, *, adjudicator: Adjudicator, model: str = "") -> VerdictsRead:
    """Take answers in, in any order. Taking a file in again changes nothing. `model` names who answered."""
    async with parts.store.unit() as unit:
        doubts = await unit.themes.doubts(ALL)
    asked = {question.custom_id: question for question in open_questions(adjudicator, doubts)}
    reading = _Reading(parts, {doubt.digest: doubt for doubt in doubts}, open=asked, model=model)
    step = parts.progress.step(f"Taking in {file.name}")
    lines = read_lines(file)
    while page := list(islice(lines, PAGE)):
        await reading.page(page)
        step.advance(len(page))
    step.done()
    return reading.read


@dataclass
class _Reading:
    """One answer file being taken in. `seen` ids were answered in it, `undecided` doubts in vain in this page."""

    parts: Parts
    doubts: dict[str, Doubt]
    open: dict[str, Question]
    model: str
    read: VerdictsRead = field(default_factory=VerdictsRead)
    seen: set[str] = field(default_factory=set[str])
    decided: frozenset[str] | None = None
    undecided: dict[str, Doubt] = field(default_factory=dict[str, Doubt])

    async def page(self, page: Sequence[Line]) -> None:
        verdicts: list[Verdict] = []
        for line in page:
            if line.given is None:
                self._mistake(line, line.mistake or "", bad=1)
            elif line.given.custom_id in self.seen:
                self._add(settled=1)
            elif question := self.open.get(line.given.custom_id):
                verdicts += self._verdicts(line, question, answer=line.given.answer)
            else:
                await self._stranger(line.given.custom_id)
        async with self.parts.store.unit() as unit:
            await keep(unit, verdicts, doubts=self.doubts)
            await unit.themes.ask(list(self.undecided.values()))
            await unit.commit()
        self.undecided.clear()

    def _verdicts(self, line: Line, question: Question, *, answer: Answer | None) -> list[Verdict]:
        """The decisions of one answer; an answer that is no good leaves its question open."""
        if answer is None:
            self._mistake(line, line.given.reason if line.given and line.given.reason else "no answer", failed=1)
            return []
        judged = question.understand(answer)
        if judged.outcome is not Outcome.OK or judged.value is None:
            self._mistake(line, judged.reason, failed=1)
            return []
        self.seen.add(question.custom_id)
        return self._decided(judged.value, version=question.task.version, model=answer.model)

    def _decided(self, opinions: Opinions, *, version: str, model: str) -> list[Verdict]:
        decided_as = f"{self.model or model} {version}".strip()
        verdicts = opinions.verdicts(decided_as=decided_as, now=self.parts.clock.now())
        digest = opinions.doubt.digest
        asked = self.doubts[digest] = self.doubts[digest].model_copy(update={"asked_as": decided_as})
        if not verdicts:
            self.undecided[digest] = asked
        same = sum(verdict.same for verdict in verdicts)
        self._add(same=same, different=len(verdicts) - same, unsure=not verdicts)
        return verdicts

    async def _stranger(self, custom_id: str) -> None:
        """An answer to no open question: to one of ours that is decided or changed, or to somebody else's."""
        if _OURS.fullmatch(custom_id) is None:
            self._add(unknown=1)
            return
        if self.decided is None:
            self.decided = await self._decided_keys()
        settled = custom_id[:KEY] in self.decided
        self._add(settled=settled, changed=not settled)

    async def _decided_keys(self) -> frozenset[str]:
        """How the ids of questions begin whose doubt has a verdict and is not open any more."""
        async with self.parts.store.unit() as unit:
            verdicts = await unit.themes.verdicts()
        decided = {doubt_key(verdict.one) for verdict in verdicts}
        return frozenset(decided - {custom_id[:KEY] for custom_id in self.open})

    def _mistake(self, line: Line, text: str, **counts: int) -> None:
        if len(self.read.mistakes) < MOST_MISTAKES:
            mistakes = (*self.read.mistakes, Mistake(line=line.number, text=text))
            self.read = self.read.model_copy(update={"mistakes": mistakes})
        self._add(**counts)

    def _add(self, **counts: int) -> None:
        added = {name: getattr(self.read, name) + count for name, count in counts.items()}
        self.read = self.read.model_copy(update=added)
