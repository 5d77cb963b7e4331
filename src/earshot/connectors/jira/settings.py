"""The `[jira]` section: which site and project, and what stands where on a ticket."""

import re
from datetime import date

from pydantic import Field, JsonValue, field_validator

from earshot.connectors.addresses import checked
from earshot.domain.model import Noun

PROJECT_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,254}")
_LABEL = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_FIELD_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,254}")


class JiraSettings(Noun):
    """How to reach Jira. The API token comes from the environment (`JIRA_API_TOKEN`)."""

    enabled: bool = Field(default=False, description="Whether tickets go to Jira.")
    dry_run: bool = Field(default=False, description="Render and check tickets, but send nothing.")
    base_url: str = Field(
        default="",
        description="Where the API is: https://your-site.atlassian.net for a token without scopes, "
        "https://api.atlassian.com/ex/jira/<cloudId> for a token with scopes or of a service account.",
    )
    site_url: str = Field(
        default="",
        description="The address that people open; needed when base_url is api.atlassian.com.",
    )
    email: str = Field(default="", description="The e-mail address of the account that the token belongs to.")
    project: str = Field(default="", description="The key of the project that gets the tickets, such as ENG.")
    issue_types: dict[str, str] = Field(
        default={"Bug": "Bug", "Feature": "Story", "Improvement": "Story", "Task": "Task"},
        description="Jira's issue type for each of Earshot's (Bug, Feature, Improvement, Task).",
    )
    priorities: dict[str, str] = Field(
        default={"P0": "Highest", "P1": "High", "P2": "Medium", "P3": "Low"},
        description="Jira's priority for each of Earshot's (P0 to P3); one that is left out is not set.",
    )
    fields: dict[str, str] = Field(
        default={},
        description="Custom fields that Earshot fills and keeps current: what it knows (rice_score, "
        "customer_evidence_count, first_reported, estimated_mrr_impact) = the field's id (customfield_10050).",
    )
    defaults: dict[str, JsonValue] = Field(
        default={},
        description="Fixed values for further fields, as Jira takes them, for fields that a project requires: "
        'customfield_10011={value="Support"}.',
    )
    components: bool = Field(
        default=True, description="Set components; those that the project does not have are left out."
    )
    labels: tuple[str, ...] = Field(default=(), description="Labels that every ticket gets.")
    label_prefix: str = Field(
        default="earshot",
        description="The label that marks what Earshot made, and the beginning of the label that finds one ticket "
        "again. Tickets made under another prefix are not found again.",
    )
    reopen_transition: str = Field(
        default="",
        description="The transition that reopens a ticket, by name; empty: the first that leads to an open status.",
    )
    token_expires: date | None = Field(
        default=None, description="When the token ends (a year at most); a warning comes 30 days before."
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, description="How long one answer may take.")

    @field_validator("base_url", "site_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked(value, example="https://your-site.atlassian.net") if value else value

    @field_validator("project")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if value and not PROJECT_KEY.fullmatch(value):
            raise ValueError("must be a project's key, such as ENG (capitals, digits, _)")
        return value

    @field_validator("label_prefix", "labels")
    @classmethod
    def _are_labels(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for label in (value,) if isinstance(value, str) else value:
            if not _LABEL.fullmatch(label):
                raise ValueError("a label is letters, digits, and . _ - without spaces")
        return value

    @field_validator("fields")
    @classmethod
    def _are_field_ids(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value.values():
            if not _FIELD_ID.fullmatch(name):
                raise ValueError("fields maps what Earshot knows to a field's id, such as customfield_10050")
        return value

    @property
    def site(self) -> str:
        """The address that people open, without a slash at the end."""
        return self.site_url or self.base_url
