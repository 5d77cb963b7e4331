"""The `[linear]` section: which team, and what stands where on an issue."""

import re

from pydantic import Field, field_validator

from earshot.connectors.addresses import checked
from earshot.domain.model import Noun

TEAM_KEY = re.compile(r"[A-Z][A-Z0-9]{0,19}")


class LinearSettings(Noun):
    """How to reach Linear. The API key comes from the environment (`LINEAR_API_KEY`)."""

    enabled: bool = Field(default=False, description="Whether tickets go to Linear.")
    dry_run: bool = Field(default=False, description="Render and check issues, but send nothing.")
    base_url: str = Field(
        default="https://api.linear.app",
        description="Where the API is, without /graphql: another one is a simulator.",
    )
    oauth: bool = Field(
        default=False,
        description="Whether LINEAR_API_KEY holds an OAuth access token instead of a personal API key.",
    )
    team: str = Field(default="", description="The key of the team that gets the issues, such as ENG.")
    priorities: dict[str, int] = Field(
        default={"P0": 1, "P1": 2, "P2": 3, "P3": 4},
        description="Linear's priority for each of Earshot's: 1 urgent, 2 high, 3 medium, 4 low, 0 none.",
    )
    label: str = Field(default="earshot", description="The label that marks what Earshot made; empty: none.")
    type_labels: dict[str, str] = Field(
        default={"Bug": "Bug", "Feature": "Feature", "Improvement": "Improvement"},
        description="The label for each of Earshot's issue types, where the workspace has it.",
    )
    create_labels: bool = Field(
        default=False,
        description="Make labels that do not exist yet; otherwise only the marking one is made.",
    )
    links: int = Field(
        default=5, ge=0, le=20, description="How many conversations are attached to an issue as links at most."
    )
    reopen_state: str = Field(
        default="",
        description="The state that an issue is reopened to, by name; empty: the team's first unstarted.",
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, description="How long one answer may take.")

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked(value, example="https://api.linear.app").removesuffix("/graphql")

    @field_validator("team")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if value and not TEAM_KEY.fullmatch(value):
            raise ValueError("must be a team's key, such as ENG (capitals and digits)")
        return value

    @field_validator("priorities")
    @classmethod
    def _are_priorities(cls, value: dict[str, int]) -> dict[str, int]:
        if any(number not in range(5) for number in value.values()):
            raise ValueError("Linear's priorities are 0 (none), 1 (urgent), 2 (high), 3 (medium), 4 (low)")
        return value
