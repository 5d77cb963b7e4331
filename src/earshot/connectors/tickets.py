"""What tools for tickets have in common: the count in words, and answers to questions that change nothing."""

import math

from earshot.domain.delivery import RAISED, Content, Outcome, Result, WebLink
from earshot.errors import EarshotError, Misconfigured, Rejected, Transient
from earshot.text.clean import one_line
from earshot.text.escape import safe_url

EVIDENCE = "customer_evidence_count"
"""The fact that says how many conversations stand behind a thing."""

_WORDS = 255


def counted(content: Content) -> str:
    """How often it was heard and from how many, in a few words; "" when that is not known."""
    heard = _several(content.facts.get(EVIDENCE), "conversation")
    whose = _several(content.facts.get("customers"), "customer")
    return f"{heard} of {whose}" if heard and whose else heard


def main_link(content: Content) -> WebLink | None:
    """Where it was heard: the content's own address with the words it is known by, else its first link."""
    links = {url: link for link in content.links if (url := safe_url(link.href))}
    url = safe_url(content.url) or next(iter(links), None)
    if url is None:
        return None
    words = one_line(links[url].text, limit=_WORDS) if url in links else ""
    return WebLink(text=words or "Conversation", href=url)


def is_raised(content: Content) -> bool:
    """Whether a ticket that is there is to become as urgent as the content says. Otherwise people's word counts."""
    return content.facts.get(RAISED) is True


def numbers(content: Content) -> dict[str, int | float]:
    """The facts that are finite numbers, for data kept beside a ticket."""
    return {
        name: value
        for name, value in content.facts.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def noted(*parts: str) -> str:
    """The notes that are there, as one."""
    return "; ".join(part for part in parts if part)


def unanswered(outcome: Outcome) -> Outcome:
    """The outcome of a question that failed: it changed nothing, so it may be asked again."""
    if outcome.result in (Result.UNKNOWN, Result.REJECTED, Result.GONE, Result.DELIVERED):
        return outcome.model_copy(update={"result": Result.RETRY})
    return outcome


def unreadable(outcome: Outcome, tool: str, *, hint: str) -> EarshotError:
    """The error that says of a failed question what its outcome says; `hint` is for refused credentials."""
    reason = f"{tool} could not be read: {outcome.reason}."
    match outcome.result:
        case Result.AUTH_FAILED | Result.PAUSED:
            return Misconfigured(reason, hint=hint)
        case Result.REJECTED | Result.GONE:
            return Rejected(reason)
        case _:
            return Transient(reason, retry_after=outcome.retry_after)


def _several(number: object, word: str) -> str:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return ""
    return f"1 {word}" if number == 1 else f"{number} {word}s"
