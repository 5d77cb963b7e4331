"""Labels of people beside the model's answers: samples that were drawn, their members, and what labellers say."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.customer import Segment
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment


class Label(Noun):
    """The closed fields as somebody gives them; None is not given."""

    issue_type: IssueType | None = None
    priority: Priority | None = None
    sentiment: Sentiment | None = None
    churn_risk: ChurnRisk | None = None

    def value(self, field: str) -> str | None:
        """The label of a field, as text."""
        found: StrEnum | None = getattr(self, field)
        return None if found is None else str(found)


class SampleKind(StrEnum):
    """Why a sample is drawn: each week, or once as the measure that later weeks are compared with."""

    WEEKLY = "weekly"
    BASELINE = "baseline"


class Sample(Noun):
    """Conversations drawn to be labelled by people.

    `populations` says how many conversations each stratum held when it was drawn; `waiting` counts those of the
    window that nobody had read yet, which therefore could not be drawn. The first `second` members, in the order of
    labelling, are labelled by two people. The draw is repeated exactly by `seed`.
    """

    id: str
    kind: SampleKind
    since: datetime
    until: datetime
    drawn_at: datetime
    drawn_by: str
    seed: str
    size: int
    second: int
    populations: dict[str, int]
    waiting: int = 0


class ModelAnswer(Noun):
    """What the model itself said of a conversation when the sample was drawn, before any person's correction."""

    labels: Label
    confidence: float | None = None
    classifier: str
    model: str
    prompt_version: str | None = None
    content_hash: str
    read_at: datetime


class Member(Noun):
    """One conversation of a sample. `answer` None: nobody could read it. `probability`: of being drawn.

    `place` is its turn in labelling, random too, so that whoever stops early has labelled a random part.
    `example_at`: since when it serves as a few-shot example.
    """

    sample_id: str
    conversation_id: str
    place: int
    stratum: str
    probability: float
    conversation_at: datetime
    segment: Segment | None = None
    answer: ModelAnswer | None = None
    example_at: datetime | None = None


class Labelling(Noun):
    """What one person said of one member, blind to the model's answer. `seconds`: how long it took, if known.

    Skipped: looked at, and left without a label.
    """

    sample_id: str
    conversation_id: str
    labeller: str
    label: Label
    skipped: bool = False
    note: str = ""
    seconds: float | None = None
    at: datetime


class Ruling(Noun):
    """What counts as true of a member after people differed, or after somebody looked again."""

    sample_id: str
    conversation_id: str
    label: Label
    by: str
    at: datetime
