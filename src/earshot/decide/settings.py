"""Settings of the rules: the `[decide]` section."""

from pydantic import Field

from earshot.domain.action import ActionKind
from earshot.domain.model import Noun


class RuleSettings(Noun):
    """One rule: when it holds, what follows. Conditions are CEL (Common Expression Language) over the facts."""

    name: str = Field(min_length=1, max_length=80, description="The rule's name, unique; shown with every action.")
    when: str = Field(
        min_length=1,
        description='The condition, e.g. insight.priority == "CRITICAL" && theme.frequency >= 5.',
    )
    actions: list[ActionKind] = Field(min_length=1, description="What follows, in this order.")
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


class DecideSettings(Noun):
    """Which rules hold: the packs that ship with Earshot, then your own."""

    packs: list[str] = Field(default=["guide"], description='Rule packs to use; "guide" is the default pack.')
    switched_off: list[str] = Field(default=[], description="Names of pack rules that shall not be judged.")
    rules: list[RuleSettings] = Field(
        default=[], description="Your own rules; one with the name of a pack rule takes its place."
    )
