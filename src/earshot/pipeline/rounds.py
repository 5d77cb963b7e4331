"""What `earshot classify` does with batches and files: whose texts, and how the line goes on afterwards."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.domain.insight import Stage
from earshot.domain.model import Noun
from earshot.pipeline.acting_on import act_on
from earshot.pipeline.batches.desk import Collected, Submitted
from earshot.pipeline.batches.exchange import Answers, Written, read_answers
from earshot.pipeline.batches.flow import added, collect, submit, wait
from earshot.pipeline.deciding import decide
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import Classified
from earshot.pipeline.theming.group import group
from earshot.ports.model import Prices
from earshot.ports.store import Want

if TYPE_CHECKING:  # prompts cost time to import, and only their types are named here
    from earshot.classify.llm.prompter import Prompter

LOCAL = "local"
"""The local model's name in insights."""


class Again(StrEnum):
    """What is to be read again, besides what nobody has read."""

    ALL = "all"
    PROVISIONAL = "provisional"
    UNREAD = "unread"
    PROMPT = "prompt"
    LOCAL = "local"


def wanted(again: Again | None, *, stage: Stage, prompt_hash: str, now: datetime) -> Want:
    """What is to be read: what is new, what a stand-in read, and what is asked for again.

    Readings from `now` on are not meant, so that the same wish ends.
    """
    want = Want(stage=stage, provisional_before=now)
    match again:
        case Again.ALL:
            return want.model_copy(update={"again_before": now})
        case Again.PROMPT:
            return want.model_copy(update={"again_before": now, "not_prompt": prompt_hash})
        case Again.LOCAL:
            return want.model_copy(update={"again_before": now, "only_classifier": LOCAL})
        case Again.UNREAD:
            return want.model_copy(update={"unread_before": now})
        case _:
            return want


async def conclude(parts: Parts) -> None:
    """Group new findings, let the rules judge them and act, also on those that a killed command left behind."""
    async with parts.store.exclusive(LINE):
        await group(parts)
        await decide(parts)
    await act_on(parts)


class Round(Noun):
    """What one command did; None where that was not concerned."""

    collected: Collected | None = None
    submitted: Submitted | None = None
    written: Written | None = None
    answers: Answers | None = None
    classified: Classified | None = None

    @property
    def problems(self) -> list[str]:
        """What did not go well, in sentences."""
        found = list(self.collected.problems) if self.collected else []
        if self.submitted is not None and self.submitted.problem is not None:
            found.append(self.submitted.problem)
        return found


async def batch_round(parts: Parts, llm: LlmParts, *, want: Want, limit: int | None, stay: bool) -> Round:
    """Collect what is ready, submit what is to be read, and with `stay` wait for the answers; then go on."""
    collected = await collect(parts, llm)
    submitted = await submit(parts, llm, want=want, limit=limit)
    if submitted.online_only:
        return Round(submitted=submitted)
    if stay:
        collected = added(collected, await wait(parts, llm))
    await conclude(parts)
    return Round(collected=collected, submitted=submitted)


async def answers_round(
    parts: Parts, file: Path, *, prompter: "Prompter", prices: Prices | None, model: str
) -> Round:
    """Take an answer file in and go on."""
    answers = await read_answers(parts, file, prompter=prompter, prices=prices, model=model)
    await conclude(parts)
    return Round(answers=answers)
