"""The words of a backlog item by a language model. Kind, priority and components stay the template's."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earshot.domain.backlog import TITLE_LIMIT, ItemText
from earshot.domain.conversation import Conversation
from earshot.ports.model import Answer, Form, Request
from earshot.prioritise.asking.evidence import Subject, lines
from earshot.text.asking.forms import TEXT, WHOLE, FilledForm, Unfilled, closed, filled, rows
from earshot.text.asking.task import Judged, judged, make_task
from earshot.text.asking.told import data, plain, words
from earshot.text.tokens import estimate_tokens

DESCRIPTION_LIMIT = 700
"""Longest description by a model, in characters."""
CRITERION_LIMIT = 250
"""Longest acceptance criterion, in characters."""
MOST_CRITERIA, LEAST_CRITERIA = 6, 2
"""How many acceptance criteria a draft has."""
MOST_LABELS = 6
"""Labels by a model at most; the template's own come first."""

_LABEL_LIMIT = 30
_PACKAGE = "earshot.prioritise.asking"
_MOST_TOKENS = 900
_NO_LABEL = re.compile(r"[\W_]+")


class _DraftForm(FilledForm):
    title: str
    description: str
    acceptance_criteria: list[str]
    labels: list[str]
    story_points: int


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """One item as it is drafted: what the template made of it is the ground. `tokens` estimates the input."""

    template: ItemText
    request: Request
    tokens: int

    def understand(self, answer: Answer) -> Judged[ItemText]:
        """The template's item in the model's words; invalid where they are no plain text."""
        return judged(answer, self._decode)

    def _decode(self, text: str) -> ItemText:
        form = filled(text, _DraftForm)
        if not 1 <= form.story_points <= 21:
            raise Unfilled("story_points: out of range")
        criteria = _criteria(form.acceptance_criteria)
        title = plain("title", form.title, limit=TITLE_LIMIT).rstrip(".")
        told = {
            "title": title,
            "description": plain("description", form.description, limit=DESCRIPTION_LIMIT),
            "acceptance_criteria": criteria,
            "labels": tuple(dict.fromkeys((*self.template.labels, *_labels(form.labels)))),
            "story_points": form.story_points,
        }
        return ItemText.model_validate({**self.template.model_dump(), **told})


class Drafter:
    """Writes requests for drafts. `product` says in a sentence what is sold; `masking` hides personal data."""

    def __init__(self, *, product: str = "", masking: bool = True) -> None:
        self._masking = masking
        schema = closed(
            title=TEXT, description=TEXT, acceptance_criteria=rows(TEXT), labels=rows(TEXT), story_points=WHOLE
        )
        self.task = make_task(
            _PACKAGE, "draft", form=Form(name="draft", json_schema=schema), max_tokens=_MOST_TOKENS, product=product
        )

    def question(
        self, subject: Subject, template: ItemText, *, people: Sequence[Conversation] = ()
    ) -> DraftQuestion:
        """The request for one item's words."""
        content = data(lines(subject), people=people, masking=self._masking)
        return DraftQuestion(template, self.task.request(content), self.task.tokens + estimate_tokens(content))


def _criteria(given: Sequence[str]) -> tuple[str, ...]:
    told = [plain("acceptance_criteria", text, limit=CRITERION_LIMIT) for text in given if text.strip()]
    kept = tuple(dict.fromkeys(told))[:MOST_CRITERIA]
    if len(kept) < LEAST_CRITERIA:
        raise Unfilled("acceptance_criteria: too few")
    return kept


def _labels(given: Iterable[str]) -> list[str]:
    """Lower-case words with hyphens; what is empty or too long afterwards is left out."""
    found = [_NO_LABEL.sub("-", words(text, limit=200).lower()).strip("-") for text in given]
    return [label for label in found if 2 <= len(label) <= _LABEL_LIMIT][:MOST_LABELS]
