"""Names for themes by a language model: a title and a description that the reports themselves support."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.domain.reading import IssueType
from earshot.ports.model import Answer, Form, Request
from earshot.text.asking.forms import TEXT, FilledForm, Unfilled, closed, filled
from earshot.text.asking.task import Judged, judged, make_task
from earshot.text.asking.told import Line, data, plain
from earshot.text.tokens import estimate_tokens

TITLE_LIMIT = 100
"""Longest title, in characters."""
DESCRIPTION_LIMIT = 300
"""Longest description, in characters."""
MOST_SUMMARIES = 12
"""So many summaries are shown."""
MOST_QUOTES = 6
"""So many quotes are shown."""

_SUMMARY, _QUOTE, _AREA = 200, 200, 60
_PACKAGE = "earshot.group.asking"
_MOST_TOKENS = 300
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 5
_SEVERAL = 4


class NameRequest(Noun):
    """A theme to be named: what its mentions say, those nearest its centre first."""

    theme_id: str
    issue_type: IssueType
    area: str | None = None
    summaries: tuple[str, ...]
    quotes: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """What a theme is called."""

    title: str
    description: str


class _NameForm(FilledForm):
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """One theme as it is asked about. `tokens` estimates the input."""

    wanted: NameRequest
    request: Request
    tokens: int

    def understand(self, answer: Answer) -> Judged[Name]:
        """The name in an answer; invalid where the reports do not support it or it is no plain text."""
        return judged(answer, self._decode)

    def _decode(self, text: str) -> Name:
        form = filled(text, _NameForm)
        title = plain("title", form.title, limit=TITLE_LIMIT).rstrip(".")
        description = plain("description", form.description, limit=DESCRIPTION_LIMIT)
        if not supported(title, self.wanted.summaries):
            raise Unfilled("title: not supported by the reports")
        return Name(title, description)


class Namer:
    """Writes requests for names. `product` says in a sentence what is sold; `masking` hides personal data."""

    def __init__(self, *, product: str = "", masking: bool = True) -> None:
        self._masking = masking
        schema = closed(title=TEXT, description=TEXT)
        self.task = make_task(
            _PACKAGE, "name", form=Form(name="name", json_schema=schema), max_tokens=_MOST_TOKENS, product=product
        )

    def question(self, wanted: NameRequest, *, people: Sequence[Conversation] = ()) -> NameQuestion | None:
        """The request for one theme's name; None where nothing is known of it."""
        if not any(summary.strip() for summary in wanted.summaries):
            return None
        lines = [Line("kind", str(wanted.issue_type), _AREA), Line("area", wanted.area or "", _AREA)]
        lines += [Line("summary", summary, _SUMMARY) for summary in wanted.summaries[:MOST_SUMMARIES]]
        lines += [Line("quote", quote, _QUOTE) for quote in wanted.quotes[:MOST_QUOTES]]
        content = data(lines, people=people, masking=self._masking)
        return NameQuestion(wanted, self.task.request(content), self.task.tokens + estimate_tokens(content))


def supported(title: str, summaries: Sequence[str]) -> bool:
    """Whether a title has a word in common with at least two of the summaries, or with one where they are few.

    One hostile report among several can so not give the theme a name of its own.
    """
    own = _stems(title)
    shown = [_stems(summary) for summary in summaries if summary.strip()]
    return sum(bool(own & stems) for stems in shown) >= (2 if len(shown) >= _SEVERAL else 1)


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(text.casefold())}
