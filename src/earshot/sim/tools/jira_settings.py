"""What a simulated Jira site looks like: its project, its screens, its rights. Light: imports no server."""

from pydantic import Field

from earshot.domain.model import Noun

EVERY_RIGHT = frozenset(
    {"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "LINK_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES"}
)
"""What the account may do unless told otherwise."""


class SimField(Noun):
    """A field of the create screen. `type`, `items` and `custom` are Jira's words; `options` is what it offers."""

    id: str
    name: str
    type: str = "string"
    items: str = ""
    custom: str = ""
    options: tuple[str, ...] = ()
    required: bool = False


SAMPLE_FIELDS = (
    SimField(id="customfield_10050", name="RICE score", type="number", custom="float"),
    SimField(id="customfield_10051", name="Customer evidence", type="number", custom="float"),
    SimField(id="customfield_10052", name="First reported", type="date", custom="datepicker"),
    SimField(id="customfield_10053", name="Estimated MRR impact", type="number", custom="float"),
    SimField(id="customfield_10054", name="Source", type="option", custom="select", options=("Support", "Sales")),
    SimField(id="customfield_10055", name="Impact", type="string", custom="textarea"),
)
"""The custom fields of the sample site."""


class JiraSite(Noun):
    """The site. `hidden` fields are not on the create screen; a search sees an issue `search_lag_seconds` late."""

    email: str = Field(default="", description="The only account that is let in; empty: any.")
    project: str = Field(default="ENG", description="The key of its only project.")
    issue_types: tuple[str, ...] = ("Epic", "Story", "Task", "Bug")
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low", "Lowest")
    components: tuple[str, ...] = ("Integrations", "Billing", "Export")
    fields: tuple[SimField, ...] = SAMPLE_FIELDS
    hidden: frozenset[str] = frozenset()
    hidden_from_meta: frozenset[str] = Field(
        default=frozenset(), description="Fields that createmeta names but that are refused all the same."
    )
    rights: frozenset[str] = EVERY_RIGHT
    reopenable: bool = Field(default=True, description="Whether a transition leads out of Done.")
    search_lag_seconds: float = Field(default=0.0, ge=0)
