"""The `[intercom.write]` section: whether and how Earshot writes back. Replying to customers is not possible."""

from pydantic import Field

from earshot.domain.model import Noun


class IntercomWriteSettings(Noun):
    """Internal notes, tags, assignments and attributes. There is no way to send anything to a customer."""

    enabled: bool = Field(default=False, description="Write notes, tags, assignments and attributes back.")
    dry_run: bool = Field(default=False, description="Render and check what would be written, write nothing.")
    admin_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,20}$",
        description="The teammate in whose name is written; unset: the owner of the access token.",
    )
    create_tags: bool = Field(default=True, description="Create a tag that does not exist yet.")
    create_attributes: bool = Field(
        default=False,
        description="Define a conversation attribute that does not exist yet, as text; unset: refuse its values.",
    )
    per_second: float = Field(
        default=10.0, gt=0, le=50, description="Most writes a second; they share the workspace's rate limit."
    )
