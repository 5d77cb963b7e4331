"""The tasks of language models beside reading, for whoever groups themes or keeps the backlog.

Nothing here is needed: where a model does not answer, callers fall back to score, extract, formula and template.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from earshot.classify.llm.booking import Booked
from earshot.domain.backlog import ItemText
from earshot.domain.call import Purpose
from earshot.domain.grouping import Doubt, Verdict
from earshot.domain.rice import Estimate
from earshot.group.asking.adjudicating import Adjudicator, Opinions
from earshot.group.asking.naming import Namer, NameRequest
from earshot.pipeline.tasks.asking import Answers, Askable, Conduct, V, ask_all
from earshot.pipeline.tasks.doubts import questions
from earshot.pipeline.tasks.people import find_people
from earshot.ports.clock import Clock
from earshot.ports.ledger import Ledger
from earshot.ports.progress import Progress
from earshot.ports.store import Store
from earshot.prioritise.asking.drafting import Drafter
from earshot.prioritise.asking.estimating import Estimator
from earshot.prioritise.asking.evidence import Subject
from earshot.text.injection import instructs

_PAGE = 200
"""So many questions are put together at a time; their conversations are held in memory."""


@dataclass(frozen=True)
class Wording:
    """What the settings add to every task: the product in a sentence, and whether personal data is masked."""

    product: str = ""
    masking: bool = True


@dataclass(frozen=True)
class Tasks:
    """Asks models. `booker` gives the model for a purpose; its calls are in the ledger with that purpose.

    Every method leaves out what the model could not or would not answer, and what its budget does not allow.
    """

    store: Store
    booker: Callable[[Purpose], Booked]
    clock: Clock
    progress: Progress
    wording: Wording = field(default_factory=Wording)
    concurrency: int = 16

    def booked(self, purpose: Purpose) -> Booked:
        """The model for a purpose, asked by the book."""
        return self.booker(purpose)

    @property
    def ledger(self) -> Ledger:
        """Where the calls are booked."""
        return self.booker(Purpose.NAME).books.ledger

    @property
    def adjudicates_as(self) -> str:
        """Model and prompt of verdicts."""
        return f"{self.booked(Purpose.ADJUDICATE).model.name} {self._adjudicator.task.version}"

    @property
    def _adjudicator(self) -> Adjudicator:
        return Adjudicator(product=self.wording.product, masking=self.wording.masking)

    async def adjudicate(self, doubts: Sequence[Doubt]) -> list[Verdict]:
        """Verdicts on doubts, one for each candidate that the model decided on."""
        now = self.clock.now()
        said = await self.compare(doubts)
        return [verdict for one in said for verdict in one.verdicts(decided_as=self.adjudicates_as, now=now)]

    async def compare(self, doubts: Sequence[Doubt]) -> list[Opinions]:
        """What the model said to doubts, also where that decides nothing; unanswered ones are left out."""
        adjudicator = self._adjudicator
        found: list[Opinions] = []
        for first in range(0, len(doubts), _PAGE):
            page = await questions(self.store, adjudicator, doubts=doubts[first : first + _PAGE])
            said = await self._ask(page, Purpose.ADJUDICATE, name="Comparing doubtful matters")
            found += [opinions for opinions in said.values if opinions is not None]
        return found

    async def name(self, themes: Sequence[NameRequest]) -> dict[str, tuple[str, str] | None]:
        """Title and description by theme id; None where the model answered, but gave no name that can be used."""
        namer = Namer(product=self.wording.product, masking=self.wording.masking)
        found: dict[str, tuple[str, str] | None] = {}
        for first in range(0, len(themes), _PAGE):
            page = [_without_orders(theme) for theme in themes[first : first + _PAGE]]
            people = await find_people(self.store, (name for theme in page for name in theme.conversations))
            asked = [namer.question(theme, people=people.of(theme.conversations)) for theme in page]
            names = await self._ask(asked, Purpose.NAME, name="Naming themes")
            for place, (theme, name) in enumerate(zip(page, names.values, strict=True)):
                if name is not None:
                    fit = not instructs(f"{name.title}\n{name.description}")
                    found[theme.theme_id] = (name.title, name.description) if fit else None
                elif place in names.in_vain:
                    found[theme.theme_id] = None
        return found

    async def estimate(self, subjects: Sequence[Subject]) -> dict[str, tuple[Estimate, ...]]:
        """Impact and effort by theme id."""
        estimator = Estimator(product=self.wording.product, masking=self.wording.masking)
        people = await find_people(self.store, (name for one in subjects for name in one.conversations))
        asked = [
            estimator.question(subject, people=people.of(subject.conversations))
            for subject in map(_subject_without_orders, subjects)
        ]
        found = await self._ask(asked, Purpose.ESTIMATE, name="Estimating impact and effort")
        pairs = zip(subjects, found.values, strict=True)
        return {subject.theme_id: estimates for subject, estimates in pairs if estimates is not None}

    async def draft(self, items: Sequence[tuple[Subject, ItemText]]) -> dict[str, ItemText]:
        """Items in the model's words by theme id; each comes with the template's item, which is its ground."""
        drafter = Drafter(product=self.wording.product, masking=self.wording.masking)
        people = await find_people(self.store, (name for one, _ in items for name in one.conversations))
        asked = [
            drafter.question(_subject_without_orders(subject), text, people=people.of(subject.conversations))
            for subject, text in items
        ]
        found = await self._ask(asked, Purpose.DRAFT, name="Drafting backlog items")
        return {
            subject.theme_id: text
            for (subject, _), text in zip(items, found.values, strict=True)
            if text is not None and not instructs(f"{text.title}\n{text.description}")
        }

    async def _ask(self, asked: Sequence[Askable[V] | None], purpose: Purpose, *, name: str) -> Answers[V]:
        if not any(question is not None for question in asked):
            return Answers([None] * len(asked))
        conduct = Conduct(
            booked=self.booked(purpose),
            purpose=purpose,
            progress=self.progress,
            name=name,
            concurrency=self.concurrency,
        )
        return await ask_all(asked, conduct)


def _kept(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if not instructs(text))


def _without_orders(theme: NameRequest) -> NameRequest:
    """Without texts that give orders to their reader."""
    return theme.model_copy(update={"summaries": _kept(theme.summaries), "quotes": _kept(theme.quotes)})


def _subject_without_orders(subject: Subject) -> Subject:
    return subject.model_copy(update={"summaries": _kept(subject.summaries), "quotes": _kept(subject.quotes)})
