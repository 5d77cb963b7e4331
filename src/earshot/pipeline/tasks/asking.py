"""Asking many questions at once, by the book: bounded, within budget, and what cannot be answered is left out."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from earshot.classify.llm.booking import Booked
from earshot.domain.call import Outcome, Purpose
from earshot.errors import EarshotError, Rejected
from earshot.ports.ledger import BudgetSpent
from earshot.ports.model import Answer, Request, Unanswered
from earshot.ports.progress import Progress, Step
from earshot.text.asking.task import Judged

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class Askable(Protocol[V_co]):
    """A question: its request, about how many tokens it has, and what an answer to it means."""

    @property
    def request(self) -> Request:
        """What is sent."""
        ...

    @property
    def tokens(self) -> int:
        """The estimate for the rate limit."""
        ...

    def understand(self, answer: Answer) -> Judged[V_co]:
        """What an answer means."""
        ...


@dataclass(frozen=True)
class Conduct:
    """Who is asked, what for, how many at once, and where it is told. `conversation` ids go into the ledger."""

    booked: Booked
    purpose: Purpose
    progress: Progress
    name: str
    concurrency: int


@dataclass
class Answers(Generic[V]):
    """Answers by the place of their question, None where there is none; `in_vain`: answered, but not usably."""

    values: list[V | None]
    in_vain: set[int] = field(default_factory=set[int])


@dataclass
class _Round(Generic[V]):
    """What came so far. `failed` is the first error that ends everything."""

    answers: Answers[V]
    silent: int = 0
    stopped: BudgetSpent | None = None
    failed: EarshotError | None = None
    done: int = field(default=0)


async def ask_all(questions: Sequence[Askable[V] | None], conduct: Conduct) -> Answers[V]:
    """One answer per question, in order.

    Every call is durable in the ledger afterwards, but for what a debt holds. A spent budget ends it quietly, with
    a line said. Raises Misconfigured.
    """
    found = _Round(Answers[V]([None] * len(questions)))
    wanted = iter([(place, question) for place, question in enumerate(questions) if question is not None])
    step = conduct.progress.step(conduct.name, len(questions))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(conduct.concurrency, len(questions)))):
                group.create_task(_work(wanted, conduct, found=found, step=step))
    finally:
        await conduct.booked.books.ledger.flush()
    step.done()
    if found.failed is not None:
        raise found.failed
    _tell(found, conduct)
    return found.answers


async def _work(
    wanted: Iterator[tuple[int, Askable[V]]], conduct: Conduct, *, found: _Round[V], step: Step
) -> None:
    """Take questions until there is none, or nothing more may be asked."""
    for place, question in wanted:
        if found.stopped or found.failed:
            return
        try:
            judged = await conduct.booked.ask(
                question.request, question.understand, tokens=question.tokens, purpose=conduct.purpose
            )
        except BudgetSpent as error:
            found.stopped = error
            return
        except (Unanswered, Rejected):
            found.silent += 1
        except EarshotError as error:
            found.failed = error
            return
        else:
            found.answers.values[place] = judged.value
            if judged.outcome is not Outcome.OK:
                found.answers.in_vain.add(place)
        step.advance()


def _tell(found: _Round[V], conduct: Conduct) -> None:
    """What went wrong, a line each."""
    if found.stopped is not None:
        conduct.progress.say(f"{conduct.name}: {found.stopped} What is left is asked another time.")
    if found.silent:
        conduct.progress.say(f"{conduct.name}: {found.silent} got no answer.")
    if found.answers.in_vain:
        conduct.progress.say(f"{conduct.name}: {len(found.answers.in_vain)} answers could not be used.")
