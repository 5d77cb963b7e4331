"""How models are asked, as `[llm]` says it: the same for readings, tasks, audits and embeddings."""

from earshot.classify.llm.booking import Conduct
from earshot.llm.settings import LlmSettings


def conduct_of(llm: LlmSettings) -> Conduct:
    """What the settings say of attempts, deadlines, concurrency and models that keep failing."""
    return Conduct(
        attempts=llm.attempts,
        deadline_seconds=llm.deadline_seconds,
        concurrency=llm.concurrency,
        breaker_failures=llm.breaker_failures,
        breaker_seconds=llm.breaker_seconds,
    )
