"""The local reader: a whole reading of a conversation, in milliseconds, without a network."""

import time
from collections.abc import Sequence

import numpy as np

from earshot.classify.local import areas, extract
from earshot.classify.local.features import Floats, Tokens, features, tokenize
from earshot.classify.local.model import HEADS, Model, shipped
from earshot.classify.local.polarity import feel
from earshot.classify.local.settings import LocalSettings
from earshot.classify.local.zones import Zones, split
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Provenance, Stage
from earshot.domain.reading import (
    SENTIMENT_BANDS,
    ChurnRisk,
    Finding,
    IssueType,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
    score_in_band,
)  # fmt: skip
from earshot.errors import BadInput
from earshot.ports.reader import Read

NAME = "local"
NO_WORDS = "no customer text"
_CENTRES = np.array([sum(SENTIMENT_BANDS[Sentiment(name)]) / 2 for name in HEADS["sentiment"]], dtype=np.float32)
_ISSUES = HEADS["issue_type"]
_OTHER = _ISSUES.index("OTHER")
_QUESTION = _ISSUES.index("USAGE_QUESTION")
_WORDLESS_CONFIDENCE = 0.5
_SAYS_SOMETHING = 3


def read_one(conversation: Conversation, settings: LocalSettings | None = None) -> Reading:
    """Read one conversation. Raises BadInput when the customer wrote nothing."""
    return _read(conversation, settings or LocalSettings(), model=shipped())


class LocalReader:
    """The local model as a reader."""

    name = NAME
    stage = Stage.FULL
    batch = 500
    parallel = 1

    def __init__(self, settings: LocalSettings | None = None) -> None:
        self._settings = settings or LocalSettings()
        self._model = shipped()

    @property
    def model(self) -> str:
        """The model's name and version, kept with each insight."""
        return self._model.version

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        return [self._answer(conversation) for conversation in conversations]

    def _answer(self, conversation: Conversation) -> Read:
        began = time.perf_counter()
        reading: Reading | None = None
        failure: str | None = None
        try:
            reading = _read(conversation, self._settings, model=self._model)
        except BadInput as error:
            failure = str(error)
        spent = Provenance(
            classifier=NAME,
            model=self._model.version,
            input_tokens=0,
            output_tokens=0,
            cost_usd=0.0,
            latency_ms=round(1000 * (time.perf_counter() - began)),
        )
        return Read(conversation_id=conversation.id, reading=reading, provenance=spent, failure=failure)


def _read(conversation: Conversation, settings: LocalSettings, *, model: Model) -> Reading:
    if not any(message.text.strip() for message in conversation.customer_messages):
        raise BadInput(NO_WORDS, hint="There is nothing to read; the conversation goes to the review queue.")
    zones = split(conversation)
    found = tokenize(zones)
    if not any(c.isalpha() for m in conversation.customer_messages for c in m.text):
        return _wordless(conversation, found)
    chances = model.chances(features(zones, found))
    return _assemble(conversation, zones, found=found, settings=settings, model=model, chances=chances)


def _assemble(
    conversation: Conversation, zones: Zones, *, found: Tokens, settings: LocalSettings, model: Model,
    chances: dict[str, Floats],
) -> Reading:  # fmt: skip
    issue = _issue(chances["issue_type"], found)
    priority = Priority(_likeliest("priority", chances))
    sentiment = Sentiment(_likeliest("sentiment", chances))
    churn = ChurnRisk(_likeliest("churn_risk", chances))
    picked = extract.candidates(conversation, model.early["issue_type"])
    main = extract.matter(picked, issue)
    configured = areas.frozen(settings.areas)
    feature = areas.find([(found.title, 3.0), (main.words if main else [], 2.0), (found.opening, 1.0)], configured)
    title = extract.summary(zones.title)
    text = title if extract.tells(title) or main is None else extract.summary(main.text)
    text = text or _any_words(conversation)
    findings = [_finding(issue, main, text=text, feature=feature)]
    others = extract.other_matters(
        picked, main, issue=issue, whole=chances["issue_type"], sure=settings.second_finding, skip=_asides(picked)
    )
    for kind, candidate in others[: settings.most_findings - 1]:
        area = areas.find([(candidate.words, 1.0)], configured)
        findings.append(_finding(kind, candidate, text=extract.summary(candidate.text), feature=area))
    return Reading(
        issue_type=IssueType(_ISSUES[issue]),
        priority=priority,
        sentiment=sentiment,
        sentiment_score=score_in_band(sentiment, float(chances["sentiment"] @ _CENTRES)),
        churn_risk=churn,
        confidence=round(float(chances["issue_type"][issue]), 4),
        summary=text,
        affected_feature=feature,
        recommended_action=recommended(IssueType(_ISSUES[issue]), priority, churn=churn),
        findings=tuple(findings),
    )


def _issue(chances: Floats, found: Tokens) -> int:
    """The likeliest issue type; a word or two that say nothing are no matter at all."""
    best = int(chances.argmax())
    said = sum(word.isalpha() for words in (found.title, found.opening, found.later) for word in words)
    return _OTHER if said < _SAYS_SOMETHING and chances[best] < _WORDLESS_CONFIDENCE else best


def _likeliest(head: str, chances: dict[str, Floats]) -> str:
    return HEADS[head][int(chances[head].argmax())]


def _asides(picked: Sequence[extract.Candidate]) -> frozenset[int]:
    """Issue types that a side sentence never adds: "how do I fix it" is no question of its own."""
    asks_more = any(c.turns and int(c.probabilities.argmax()) == _QUESTION for c in picked)
    return frozenset({_OTHER}) if asks_more else frozenset({_OTHER, _QUESTION})


def _finding(kind: int, candidate: extract.Candidate | None, *, text: str, feature: str | None) -> Finding:
    return Finding(
        issue_type=IssueType(_ISSUES[kind]),
        summary=text,
        affected_feature=feature,
        quote=candidate.text if candidate else None,
        message_id=candidate.message_id if candidate else None,
        start=candidate.start if candidate else None,
        end=candidate.end if candidate else None,
    )


def _any_words(conversation: Conversation) -> str:
    """What the customer wrote first, whatever it is."""
    return next(" ".join(m.text.split())[:200] for m in conversation.customer_messages if m.text.strip())


def _wordless(conversation: Conversation, found: Tokens) -> Reading:
    """A customer who wrote signs only: their feeling is all there is to read."""
    score = feel([*found.opening, ".", *found.later]).score
    sentiment = next(
        (s for s, (low, high) in SENTIMENT_BANDS.items() if low <= round(score, 2) <= high), Sentiment.NEUTRAL
    )
    text = _any_words(conversation)
    return Reading(
        issue_type=IssueType.OTHER,
        priority=Priority.LOW,
        sentiment=sentiment,
        sentiment_score=score_in_band(sentiment, score),
        churn_risk=ChurnRisk.LOW,
        confidence=_WORDLESS_CONFIDENCE,
        summary=text,
        recommended_action=RecommendedAction.ROUTINE,
        findings=(_finding(_OTHER, None, text=text, feature=None),),
    )


def recommended(issue: IssueType, priority: Priority, *, churn: ChurnRisk) -> RecommendedAction:
    """What to do next, from the closed fields."""
    pressing = priority in {Priority.CRITICAL, Priority.HIGH}
    if priority is Priority.CRITICAL or (churn is ChurnRisk.HIGH and pressing):
        return RecommendedAction.ESCALATE
    if issue is IssueType.PRODUCT_BUG or (issue is IssueType.UX_FRICTION and pressing):
        return RecommendedAction.CREATE_TICKET
    if issue in {IssueType.FEATURE_REQUEST, IssueType.UX_FRICTION}:
        return RecommendedAction.ADD_TO_BACKLOG
    return (
        RecommendedAction.CREATE_TICKET if pressing and issue is not IssueType.OTHER else RecommendedAction.ROUTINE
    )
