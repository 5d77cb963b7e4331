"""Use case: what drafting would make of the themes, and what it may cost, before anybody agrees to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earshot.domain.call import Purpose
from earshot.domain.model import Noun
from earshot.pipeline.backlog.drafting import Drafting, draft
from earshot.pipeline.backlog.grounding import Ground, lay_grounds
from earshot.pipeline.backlog.modelling import TEMPLATE, subject
from earshot.pipeline.backlog.planning import Outcome
from earshot.pipeline.money.consent import agreed_with
from earshot.pipeline.parts import Parts
from earshot.ports.model import Request
from earshot.prioritise.asking.drafting import Drafter
from earshot.prioritise.asking.estimating import Estimator
from earshot.prioritise.step import new_item

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.pipeline.tasks import Tasks

_ASKED = frozenset({Outcome.CREATED, Outcome.FLAGGED})


class Outlook(Noun):
    """What would become of which themes. `model` is who would word them ("": nobody is switched on).

    `most_usd` is what asking it about all new ones costs at most, None where its price is unknown. `agreed`:
    somebody agreed earlier to spend money with it.
    """

    drafting: Drafting
    new: int = 0
    model: str = ""
    most_usd: float | None = None
    agreed: bool = False


async def outlook(parts: Parts) -> Outlook:
    """What drafting would do now. Nothing is kept, and no model is asked."""
    would = await draft(parts, dry_run=True)
    ids = [one.theme_id for one in would.drafted if one.outcome in _ASKED]
    if parts.make_tasks is None or parts.prioritise.draft == TEMPLATE:
        return Outlook(drafting=would, new=len(ids))
    tasks = parts.make_tasks()
    model = tasks.booked(Purpose.DRAFT).model
    async with parts.store.unit() as unit:
        grounds = await lay_grounds(parts, unit, theme_ids=ids)
    return Outlook(
        drafting=would,
        new=len(ids),
        model=f"{model.provider}:{model.name}",
        most_usd=_most(parts, tasks, grounds=grounds),
        agreed=await agreed_with(parts, model.provider),
    )


def _most(parts: Parts, tasks: "Tasks", *, grounds: Sequence[Ground]) -> float | None:
    """What the calls for these themes cost at most, by list price; None where a model has none."""
    product, masking = tasks.wording.product, tasks.wording.masking
    estimator = Estimator(product=product, masking=masking)
    drafter = Drafter(product=product, masking=masking)
    total = 0.0
    for ground in grounds:
        told = subject(ground)
        text = new_item("", ground.grounds, settings=parts.prioritise).text
        asked = {
            Purpose.ESTIMATE: estimator.question(told, people=()),
            Purpose.DRAFT: drafter.question(told, text, people=()),
        }
        for purpose, question in asked.items():
            usd = _bound(tasks, purpose, request=question.request)
            if usd is None:
                return None
            total += usd
    return total


def _bound(tasks: "Tasks", purpose: Purpose, *, request: Request) -> float | None:
    booked = tasks.booked(purpose)
    return booked.books.prices.bound(booked.model.provider, booked.model.name, request=request)
