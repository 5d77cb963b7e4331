"""What a language model adds to items: estimates of impact and effort, and words. Nothing of it is needed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from earshot.domain.backlog import BacklogItem
from earshot.domain.call import Purpose
from earshot.domain.rice import Estimate
from earshot.errors import Misconfigured
from earshot.pipeline.backlog.grounding import Ground
from earshot.pipeline.money.consent import Ask, agreed_with, decide, note
from earshot.pipeline.parts import Parts
from earshot.prioritise.asking.evidence import Subject
from earshot.prioritise.drafting import draft
from earshot.prioritise.settings import PrioritiseSettings
from earshot.prioritise.step import reworded

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.pipeline.tasks import Tasks

TEMPLATE, LLM = "template", "llm"


async def hire(parts: Parts, *, yes: bool, ask: Ask | None) -> "Tasks | None":
    """The model that estimates and drafts, where settings want one and somebody agreed to spend money with it.

    With `draft = "auto"` everything falls back to formula and template; with "llm" it is an error instead.
    """
    wanted = parts.prioritise.draft
    if wanted == TEMPLATE:
        return None
    if parts.make_tasks is None:
        if wanted == LLM:
            raise Misconfigured(
                'Settings want items drafted by a model ([prioritise] draft = "llm"), but none is switched on.',
                hint="Set [llm] provider, or draft with --no-llm.",
            )
        return None
    tasks = parts.make_tasks()
    model = tasks.booked(Purpose.DRAFT).model
    if await agreed_with(parts, model.provider):
        return tasks
    text = f"Impact, effort and the words of items come from {model.provider}:{model.name}, which costs money."
    if wanted != LLM and not yes and ask is None:
        parts.progress.say(f"{text} Nobody agreed to that yet (--yes does): drafting by template.")
        return None
    decide(text, provider=model.provider, yes=yes, ask=ask)
    await note(parts, [model.provider])
    return tasks


async def estimate(tasks: "Tasks", grounds: Sequence[Ground]) -> Mapping[str, tuple[Estimate, ...]]:
    """Impact and effort by theme, of those that the model answered."""
    return await tasks.estimate([subject(ground) for ground in grounds]) if grounds else {}


async def word(
    tasks: "Tasks", items: Sequence[tuple[BacklogItem, Ground]], *, settings: PrioritiseSettings
) -> dict[str, BacklogItem]:
    """The items in the model's words, by theme, of those that it answered."""
    asked = [
        (subject(ground), draft(ground.grounds.head, ground.grounds.current, rice=item.rice, settings=settings))
        for item, ground in items
        if item.rice is not None
    ]
    texts = await tasks.draft(asked) if asked else {}
    how = tasks.booked(Purpose.DRAFT).model.name
    return {
        ground.theme.id: reworded(item, texts[ground.theme.id], how=how, grounds=ground.grounds)
        for item, ground in items
        if ground.theme.id in texts
    }


def subject(ground: Ground) -> Subject:
    """A theme as a model is told of it."""
    theme, mentions = ground.theme, ground.matter.mentions
    return Subject(
        theme_id=theme.id,
        issue_type=theme.issue_type,
        area=theme.area,
        title=theme.title,
        description=theme.description,
        summaries=tuple(dict.fromkeys(mention.summary for mention in mentions)),
        quotes=tuple(dict.fromkeys(mention.quote for mention in mentions if mention.quote)),
        conversations=tuple(dict.fromkeys(mention.conversation_id for mention in mentions)),
        evidence=ground.grounds.current,
    )
