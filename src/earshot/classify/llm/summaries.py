"""When a stored summary of a long thread is read in place of the trimmed thread: where it costs less."""

import hashlib
from dataclasses import dataclass

from earshot.classify.llm.prompts import prompt_file
from earshot.domain.conversation import Conversation

SUMMARY_TOKENS = 250
"""About what a summary of 150 words takes."""

SUMMARY_MOST_TOKENS = 700
"""Where a summary is cut off; enough for 150 words in any script."""


@dataclass(frozen=True, slots=True)
class Rates:
    """A model's prices, US dollars per million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Input tokens of the three requests: the trimmed thread, the thread by summary, the call for a summary."""

    trimmed: int
    by_summary: int
    summary_call: int


def cheaper_with_summary(lengths: Lengths, *, reading: Rates, summarising: Rates, stored: bool) -> bool:
    """Whether reading by summary costs less than reading the trimmed thread; a stored summary is free.

    The answer costs the same in both, so that only input and the summary's own output count.
    """
    trimmed = lengths.trimmed * reading.input
    by_summary = lengths.by_summary * reading.input
    if not stored:
        by_summary += lengths.summary_call * summarising.input + SUMMARY_TOKENS * summarising.output
    return by_summary < trimmed


def summary_key(conversation: Conversation, *, masking: bool) -> str:
    """Where a summary is stored: it changes with the conversation, the summary prompt and the masking."""
    version = prompt_file("summary").version
    parts = f"{conversation.content_hash}:{version}:{int(masking)}"
    return hashlib.sha256(parts.encode()).hexdigest()
