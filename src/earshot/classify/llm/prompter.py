"""What is asked of a language model about a conversation, and what its answer means."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from earshot.classify.llm.asking import Asked, by_template, decisions, summarising
from earshot.classify.llm.decoding import Source
from earshot.classify.llm.rendering import content
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.classify.llm.summaries import SUMMARY_TOKENS, Lengths, Rates, cheaper_with_summary, summary_key
from earshot.classify.llm.taxonomy import Taxonomy
from earshot.classify.llm.undecodable import Undecodable
from earshot.classify.llm.windows import Window, pieces, window
from earshot.domain.call import Outcome
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.domain.model import Noun
from earshot.domain.reading import PartialLabels, Reading
from earshot.errors import BadInput, Misconfigured
from earshot.ports.model import Answer, Finish, Request
from earshot.text.injection import conversation_instructs
from earshot.text.personal import Masked, mask, unmasked
from earshot.text.tokens import estimate_tokens
from earshot.text.untrusted import inert

MOST_PROMPT_TOKENS = 60_000
"""No prompt is longer, whatever the settings say: the cheap models' prices jump at 100,000 tokens."""

_MOST_CONVERSATION = 40_000
_MOST_STATIC = 15_000
_EDGE_MESSAGES = 6
_EDGE_TOKENS = 600
_NO_WORDS = "no customer text"


class Understood(Noun):
    """What an answer means: a reading or labels when the outcome is OK, otherwise the reason.

    `reason` holds no customer text. `injection` and `dropped_quotes` as in `Insight`.
    """

    reading: Reading | None = None
    labels: PartialLabels | None = None
    outcome: Outcome = Outcome.OK
    reason: str | None = None
    injection: bool = False
    dropped_quotes: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """One conversation as it is asked about. `tokens` estimates the input; `shortened`: words are missing."""

    conversation: Conversation
    request: Request
    prompt_version: str
    prompt_hash: str
    shortened: bool
    tokens: int
    asked: Asked
    source: Source

    def understand(self, answer: Answer) -> Understood:
        """What an answer to this request means. Never raises, whatever the answer holds."""
        own = conversation_instructs(self.conversation)
        if answer.finish is Finish.LENGTH:
            return Understood(outcome=Outcome.TRUNCATED, reason="answer cut short", injection=own)
        if answer.finish is Finish.REFUSAL:
            return Understood(outcome=Outcome.REFUSED, reason="the model refused", injection=own)
        try:
            decoded = self.asked.decode(answer, self.source)
        except Undecodable as fault:
            return Understood(outcome=Outcome.INVALID, reason=f"invalid answer ({fault})", injection=own)
        return Understood(
            reading=decoded.reading,
            labels=decoded.labels,
            injection=own or decoded.flagged,
            dropped_quotes=decoded.dropped_quotes,
        )


class Prompter:
    """Writes requests by the settings' template and taxonomy, and understands the answers."""

    def __init__(
        self, settings: ClassifySettings, taxonomy: TaxonomySettings, *, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._taxonomy = Taxonomy(taxonomy)
        self._now = now
        self._template = by_template(settings, self._taxonomy)
        self._decisions = decisions(settings, self._taxonomy)
        self._budget = min(settings.most_tokens, _MOST_CONVERSATION)
        if max(self._template.tokens, self._decisions.tokens) > _MOST_STATIC:
            raise Misconfigured(
                "taxonomy and examples make every prompt too long",
                hint="Shorten [taxonomy] or the examples of [classify].",
            )

    @property
    def prompt_version(self) -> str:
        """Version of the configured template, kept with each insight."""
        return self._template.version

    @property
    def prompt_hash(self) -> str:
        """Hash of everything in the prompt that is the same for all conversations."""
        return self._template.hash

    @property
    def stage(self) -> Stage:
        """What the configured template gives."""
        return self._template.stage

    def prepare(
        self, conversation: Conversation, *, decisions: bool = False, summary: str | None = None
    ) -> Prepared:
        """The request for one conversation; with a summary, only its beginning and end stand beside it.

        Raises BadInput when the customer wrote nothing.
        """
        asked = self._decisions if decisions else self._template
        masked = self._masked(conversation)
        shown = self._window(conversation, masked, short=summary is not None)
        hidden = None if summary is None else masked.hide(summary)
        text = self._content(conversation, masked, asked=asked, shown=shown, summary=hidden)
        tokens = asked.tokens + estimate_tokens(text)
        if tokens > MOST_PROMPT_TOKENS:
            raise BadInput("prompt too long", hint="Lower [classify] most_tokens.")
        return Prepared(
            conversation=conversation,
            request=asked.request(text),
            prompt_version=asked.version,
            prompt_hash=asked.hash,
            shortened=summary is not None or shown.shortened,
            tokens=tokens,
            asked=asked,
            source=Source(conversation=conversation, masked=masked, taxonomy=self._taxonomy),
        )

    def needs_shortening(self, conversation: Conversation) -> bool:
        """Whether the thread does not fit the configured window."""
        return self._window(conversation, unmasked(conversation), short=False).lacks_much

    def summary_request(self, conversation: Conversation) -> Request:
        """The request for a summary of the whole thread; its answer is plain text, placeholders and all."""
        return self._summary(conversation)[0]

    def summary_key(self, conversation: Conversation) -> str:
        """Where this conversation's summary is stored."""
        return summary_key(conversation, masking=self._settings.mask_personal_data)

    def summary_pays(self, conversation: Conversation, *, reading: Rates, summarising: Rates, stored: bool) -> bool:
        """Whether reading this thread by summary costs less than reading it trimmed."""
        lengths = Lengths(
            trimmed=self.prepare(conversation).tokens,
            by_summary=self.prepare(conversation, summary="x" * 4 * SUMMARY_TOKENS).tokens,
            summary_call=self._summary(conversation)[1],
        )
        return cheaper_with_summary(lengths, reading=reading, summarising=summarising, stored=stored)

    def _summary(self, conversation: Conversation) -> tuple[Request, int]:
        asked = summarising()
        masked = self._masked(conversation)
        found = pieces(conversation, masked, most_tokens=_MOST_CONVERSATION // 4)
        shown = window(found, most_messages=len(found) or 1, most_tokens=_MOST_CONVERSATION)
        text = self._content(conversation, masked, asked=asked, shown=shown, summary=None)
        return asked.request(text), asked.tokens + estimate_tokens(text)

    def _masked(self, conversation: Conversation) -> Masked:
        if not any(inert(message.text).strip() for message in conversation.customer_messages):
            raise BadInput(_NO_WORDS, hint="There is nothing to read; the conversation goes to the review queue.")
        return mask(conversation) if self._settings.mask_personal_data else unmasked(conversation)

    def _window(self, conversation: Conversation, masked: Masked, *, short: bool) -> Window:
        budget = min(self._budget, _EDGE_TOKENS) if short else self._budget
        messages = min(self._settings.most_messages, _EDGE_MESSAGES) if short else self._settings.most_messages
        found = pieces(conversation, masked, most_tokens=budget)
        return window(found, most_messages=messages, most_tokens=budget)

    def _content(
        self, conversation: Conversation, masked: Masked, *, asked: Asked, shown: Window, summary: str | None
    ) -> str:
        text = content(
            conversation, masked, window=shown, summary=summary, task=asked.task, now=self._now()
        )  # fmt: skip
        return asked.examples + text
