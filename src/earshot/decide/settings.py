"""Settings of the rules: the `[decide]` section."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, cast

from pydantic import Field, model_serializer, model_validator

from earshot.decide.parameters import checked, kind_named
from earshot.domain.action import ActionKind
from earshot.domain.model import Noun


class Caution(StrEnum):
    """When a rule's actions wait for a person because what was read may not be what the customer meant.

    TEXT: the text tries to instruct its reader. LEVELS: or a second reader differs by more than one level, or on an
    issue type that the rule asks for. AGREEMENT: or the rule does not hold by the second reader's labels.
    """

    TEXT = "text"
    LEVELS = "levels"
    AGREEMENT = "agreement"


class WantedAction(Noun):
    """An action that a rule asks for: its kind, and what it is told besides.

    Written as a name ("CREATE_TICKET") or as a table ({ do = "TAG", tag = "processed" }).
    """

    do: ActionKind
    parameters: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if isinstance(value, WantedAction):
            return value
        given: Mapping[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {"do": value}
        if "do" not in given:
            raise ValueError('an action is a name, or a table with a name, as in { do = "TAG", tag = "processed" }')
        kind = kind_named(given["do"])
        rest = {name: one for name, one in given.items() if name != "do"}
        if set(rest) == {"parameters"} and isinstance(rest["parameters"], dict):
            rest = cast("dict[str, Any]", rest["parameters"])
        return {"do": kind, "parameters": checked(kind, rest)}

    @property
    def said(self) -> str:
        """The action on one line: "TAG tag=processed"."""
        return " ".join([self.do.value, *(f"{name}={value}" for name, value in self.parameters.items())])

    @model_serializer
    def _write(self) -> str | dict[str, str]:
        return {"do": self.do.value, **self.parameters} if self.parameters else self.do.value


class RuleSettings(Noun):
    """One rule: when it holds, what follows. Conditions are CEL (Common Expression Language) over the facts."""

    name: str = Field(min_length=1, max_length=80, description="The rule's name, unique; shown with every action.")
    when: str = Field(
        min_length=1,
        description='The condition, e.g. insight.priority == "CRITICAL" && theme.frequency >= 5.',
    )
    actions: list[WantedAction] = Field(
        min_length=1,
        description='What follows, in this order: names, or tables with parameters ({ do = "TAG", tag = "vip" }).',
    )
    priority: int = Field(default=100, ge=0, le=10_000, description="Lower is more urgent and judged earlier.")
    stop: bool = Field(default=False, description="When this rule matches, rules judged after it are left out.")
    unless_urgent: int | None = Field(
        default=None,
        ge=0,
        description="Leave this rule out when a rule of this priority, or a more urgent one, has matched.",
    )
    enabled: bool = Field(default=True, description="Whether the rule is judged at all.")
    cooldown_hours: int | None = Field(
        default=None,
        ge=1,
        le=24 * 366,
        description="Act again on the same subject after this many hours. Unset: once and never again.",
    )
    approve: bool = Field(default=False, description="Nothing of this rule goes out before a person approved it.")
    caution: Caution = Field(
        default=Caution.LEVELS,
        description="When what it decides waits for a person though `approve` is false. text: the text tries to "
        "instruct its reader. levels: or the local model, as a second reader, differs by more than one level of "
        "priority, sentiment or churn risk, or on an issue type that the rule asks for. agreement: or the rule "
        "does not hold by the second reader's labels.",
    )

    @property
    def kinds(self) -> tuple[ActionKind, ...]:
        """The kinds of its actions."""
        return tuple(wanted.do for wanted in self.actions)


class DecideSettings(Noun):
    """Which rules hold: the packs that ship with Earshot, then your own."""

    packs: list[str] = Field(
        default=["guide"],
        description='Rule packs to use: "guide" (the default), "realtime", "hybrid". Several may stand together: '
        "what two rules want of the same matter is done once.",
    )
    switched_off: list[str] = Field(default=[], description="Names of pack rules that shall not be judged.")
    rules: list[RuleSettings] = Field(
        default=[], description="Your own rules; one with the name of a pack rule takes its place."
    )
