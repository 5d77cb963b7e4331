"""Plain answers: the one word of template 1 and the six lines of template 2."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from earshot.classify.llm.undecodable import Undecodable
from earshot.domain.reading import ChurnRisk, Priority, Sentiment

_KEYS = ("ISSUE_TYPE", "PRIORITY", "SENTIMENT", "CHURN_RISK", "SUMMARY", "AFFECTED_FEATURE")
_REASONING = "REASONING"
_ROUND = " \t*`[]<>\"'."
_Option = TypeVar("_Option", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class SixLines:
    """What template 2's lines say. `issue_type` may be an extra category."""

    issue_type: str
    priority: Priority
    sentiment: Sentiment
    churn_risk: ChurnRisk
    summary: str
    affected_feature: str


def six_lines(text: str, *, issue_types: Collection[str]) -> SixLines:
    """The six lines, each exactly once; case, blanks, brackets and emphasis do not matter."""
    given = _by_key(text)
    missing = [key for key in _KEYS if key not in given]
    if missing:
        raise Undecodable(f"{missing[0]}: missing")
    issue_type = _bare(given["ISSUE_TYPE"])
    if issue_type not in issue_types:
        raise Undecodable("ISSUE_TYPE: unknown option")
    return SixLines(
        issue_type=issue_type,
        priority=_one_of(Priority, given["PRIORITY"], key="PRIORITY"),
        sentiment=_one_of(Sentiment, given["SENTIMENT"], key="SENTIMENT"),
        churn_risk=_one_of(ChurnRisk, given["CHURN_RISK"], key="CHURN_RISK"),
        summary=_unbracketed(given["SUMMARY"]),
        affected_feature=_unbracketed(given["AFFECTED_FEATURE"]),
    )


def category_line(text: str, *, options: Collection[str]) -> str:
    """The category that the answer, or its last line after a line of reasoning, names."""
    lines = [line for line in text.splitlines() if line.strip(_ROUND)]
    if len(lines) > 1 and _key(lines[0])[0] == _REASONING:
        lines = lines[-1:]
    if len(lines) != 1:
        raise Undecodable("category: not one line")
    key, value = _key(lines[0])
    option = _bare(value if key == "CATEGORY" else lines[0])
    if option not in options:
        raise Undecodable("category: unknown option")
    return option


def _by_key(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip(_ROUND):
            continue
        key, value = _key(line)
        if key == _REASONING and not given:
            continue
        if key not in _KEYS:
            raise Undecodable("answer: unexpected line")
        if key in given:
            raise Undecodable(f"{key}: given twice")
        given[key] = value
    return given


def _key(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return _bare(key), value.strip().strip("*").strip()


def _bare(text: str) -> str:
    return text.strip(_ROUND).upper().replace(" ", "_").replace("-", "_")


def _unbracketed(text: str) -> str:
    return text[1:-1].strip() if text.startswith("[") and text.endswith("]") and "[" not in text[1:] else text


def _one_of(options: type[_Option], text: str, *, key: str) -> _Option:
    option = _bare(text)
    if option not in options.__members__:
        raise Undecodable(f"{key}: unknown option")
    return options(option)
