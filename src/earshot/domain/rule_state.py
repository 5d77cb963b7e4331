"""How far a rule is switched on. Its text lives in the settings, its state in the database, bound to the text."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from earshot.domain.model import Noun


class RuleMode(StrEnum):
    """From off to on. SHARE acts on a share of conversations (by their hash), the others stay in dry run."""

    OFF = "off"
    DRY_RUN = "dry-run"
    SHARE = "share"
    ON = "on"


class RuleState(Noun):
    """A rule's mode, set by a person. A rule whose text (hash) has no state is in dry run."""

    name: str
    hash: str
    mode: RuleMode
    share: float = Field(default=1.0, gt=0, le=1)
    actor: str
    reason: str = ""
    at: datetime


class Clause(Noun):
    """A necessary condition of a rule that a database can check: the fact is one of `values`, or a number compared.

    `fact` is a dotted name (`insight.priority`). `op` is `in`, `>=`, `>`, `<=` or `<`.
    """

    fact: str
    op: str
    values: tuple[str | float | bool, ...]
