"""What hearing one conversation led to."""

from enum import StrEnum

from earshot.domain.action import Action
from earshot.domain.insight import FirstLabels, Insight
from earshot.domain.model import Noun


class Fate(StrEnum):
    """What became of a conversation that was heard.

    JUDGED: labels or a reading were made and judged. UNCHANGED: nothing new was said. LEFT: it is not heard at once
    (a filter), or nobody could read it. GONE: it is not at the source any more.
    """

    JUDGED = "judged"
    UNCHANGED = "unchanged"
    LEFT = "left"
    GONE = "gone"


class Heard(Noun):
    """What was found out about a conversation and decided. `why` says why it was left.

    `labels` or `insight` is what is known of its present text; `rules` are those that hold, `postponed` those that
    wait for more; `seconds` how long each stage took. `follows`: a full reading follows.
    """

    conversation_id: str
    fate: Fate
    why: str = ""
    labels: FirstLabels | None = None
    insight: Insight | None = None
    rules: tuple[str, ...] = ()
    postponed: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    seconds: dict[str, float] = {}
    follows: bool = False
