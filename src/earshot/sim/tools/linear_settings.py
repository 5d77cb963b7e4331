"""What a simulated Linear workspace looks like. Light: imports no server."""

from pydantic import Field

from earshot.domain.model import Noun


class LinearSpace(Noun):
    """The workspace: its teams and labels, how it words a conflict, and its quota."""

    teams: dict[str, str] = Field(default={"ENG": "Engineering", "OPS": "Operations"}, description="Name by key.")
    labels: tuple[str, ...] = Field(default=("Bug", "Feature", "Improvement"), description="Workspace labels.")
    groups: dict[str, tuple[str, ...]] = Field(default={}, description="Labels that stand in a group, by group.")
    states: tuple[tuple[str, str], ...] = (
        ("Triage", "triage"),
        ("Backlog", "backlog"),
        ("Todo", "unstarted"),
        ("In Progress", "started"),
        ("Done", "completed"),
        ("Canceled", "canceled"),
        ("Duplicate", "duplicate"),
    )
    may_make_labels: bool = True
    oauth: bool = Field(default=False, description="Whether the token must come as a bearer.")
    conflict_status: int = Field(default=200, description="The status of a conflict on insert: 200 or 400.")
    requests_limit: int = Field(default=5000, ge=1, description="Requests in an hour.")
