"""What is told to a model about a theme that is to be estimated or drafted."""

from collections.abc import Iterator

from earshot.domain.backlog import Evidence
from earshot.domain.model import Noun
from earshot.domain.reading import IssueType
from earshot.text.asking.told import Line

MOST_SUMMARIES = 12
"""So many summaries are shown."""
MOST_QUOTES = 6
"""So many quotes are shown."""

_TITLE, _DESCRIPTION, _TEXT, _FACT = 150, 600, 200, 80


class Subject(Noun):
    """A theme as it is estimated or drafted: its name, what its mentions say, what stands behind it.

    `conversations` are some of its conversations, whose writers' names are hidden.
    """

    theme_id: str
    issue_type: IssueType
    area: str | None = None
    title: str
    description: str = ""
    summaries: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    evidence: Evidence


def lines(subject: Subject) -> list[Line]:
    """The data lines, facts first."""
    return [
        Line("kind", str(subject.issue_type), _FACT),
        Line("area", subject.area or "", _FACT),
        *_facts(subject.evidence),
        Line("title", subject.title, _TITLE),
        Line("description", subject.description, _DESCRIPTION),
        *(Line("summary", summary, _TEXT) for summary in subject.summaries[:MOST_SUMMARIES]),
        *(Line("quote", quote, _TEXT) for quote in subject.quotes[:MOST_QUOTES]),
    ]


def _facts(evidence: Evidence) -> Iterator[Line]:
    """The guide's inputs: frequency, sentiment, segments; and the priorities and churn risks that were read."""
    yield Line("frequency", f"{evidence.conversations} conversations over {evidence.days} days", _FACT)
    if evidence.avg_sentiment is not None:
        yield Line("average sentiment (-1 to 1)", f"{evidence.avg_sentiment:.2f}", _FACT)
    for label, counts in (
        ("segments", evidence.segments),
        ("priorities", evidence.priorities),
        ("churn risks", evidence.churn_risks),
    ):
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        yield Line(label, told, _FACT)
