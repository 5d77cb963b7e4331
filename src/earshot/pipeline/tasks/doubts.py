"""Doubts as they may be asked: without text that gives orders to its reader."""

from collections.abc import Sequence

from earshot.domain.grouping import Doubt
from earshot.group.asking.adjudicating import Adjudicator, Question
from earshot.pipeline.tasks.people import People, find_people
from earshot.ports.store import Store
from earshot.text.injection import instructs


def askable(doubt: Doubt) -> Doubt | None:
    """The doubt without candidates that give orders; None where nothing is left, or it gives orders itself.

    What is left out is for a person: so a hostile text reaches no decision about anybody else's.
    """
    if instructs(f"{doubt.title}\n{doubt.text}"):
        return None
    kept = tuple(one for one in doubt.candidates if not instructs(f"{one.title}\n{one.text}"))
    return doubt.model_copy(update={"candidates": kept}) if kept else None


async def questions(store: Store, adjudicator: Adjudicator, *, doubts: Sequence[Doubt]) -> list[Question]:
    """The questions about doubts that may be asked, in their order, with the names of who wrote hidden."""
    people = await find_people(store, (name for doubt in doubts for name in _conversations(doubt)))
    return open_questions(adjudicator, doubts, people=people)


def open_questions(
    adjudicator: Adjudicator, doubts: Sequence[Doubt], *, people: People | None = None
) -> list[Question]:
    """The same where nothing is to be sent, only an answer to be understood."""
    known = people or People()
    wanted = [kept for doubt in doubts if (kept := askable(doubt)) is not None]
    made = (adjudicator.question(doubt, people=known.of(_conversations(doubt))) for doubt in wanted)
    return [question for question in made if question is not None]


def _conversations(doubt: Doubt) -> list[str | None]:
    """The conversations whose words the question shows."""
    return [doubt.conversation_id, *(one.conversation_id for one in doubt.candidates)]
