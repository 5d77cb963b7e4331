"""The `[productboard]` section: how notes are made. Light."""

from typing import Literal

from pydantic import Field

from earshot.connectors.addresses import ServiceUrl
from earshot.domain.model import Noun

NoteType = Literal["textNote", "conversationNote"]


class ProductboardSettings(Noun):
    """Notes by Productboard's API v2. The token comes from the environment (PRODUCTBOARD_TOKEN)."""

    enabled: bool = Field(default=False, description="Send feedback to Productboard.")
    dry_run: bool = Field(default=False, description="Render and check notes, send none.")
    base_url: ServiceUrl = Field(
        default="https://api.productboard.com/v2", description="The API; another address is a simulator."
    )
    note_type: NoteType = Field(
        default="textNote",
        description="textNote: one text. conversationNote: customers' words stand as their own parts.",
    )
    tags: tuple[str, ...] = Field(default=("earshot",), description="Tags that every note gets beside its own.")
    owner: str = Field(default="", description="E-mail of the member who owns the notes; empty: nobody.")
    link_customer: bool = Field(
        default=True, description="Link a note to its customer by e-mail; Productboard adds customers it lacks."
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, description="How long one request may take.")
