"""What the simulated Linear takes as input, and what it refuses, in Linear's own words."""

import uuid
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from earshot.errors import Rejected
from earshot.sim.tools.linear_world import LinearWorld
from earshot.sim.tools.wire import Json

_KNOWN: dict[str, frozenset[str]] = {
    "IssueCreateInput": frozenset(
        {
            "id",
            "teamId",
            "title",
            "description",
            "priority",
            "labelIds",
            "stateId",
            "assigneeId",
            "projectId",
            "parentId",
            "dueDate",
            "estimate",
            "cycleId",
            "createdAt",
            "subscriberIds",
            "templateId",
            "createAsUser",
            "displayIconUrl",
            "sortOrder",
        }
    ),
    "IssueUpdateInput": frozenset(
        {
            "title",
            "description",
            "priority",
            "labelIds",
            "addedLabelIds",
            "removedLabelIds",
            "stateId",
            "assigneeId",
            "projectId",
        }
    ),
    "AttachmentCreateInput": frozenset(
        {
            "id",
            "issueId",
            "title",
            "subtitle",
            "url",
            "metadata",
            "iconUrl",
            "groupBySource",
            "commentBody",
            "createAsUser",
        }
    ),
    "CommentCreateInput": frozenset({"id", "issueId", "body", "parentId", "createAsUser", "doNotSubscribeToIssue"}),
    "IssueLabelCreateInput": frozenset({"id", "name", "teamId", "color", "description", "parentId", "isGroup"}),
}
_NEEDED: dict[str, tuple[str, ...]] = {
    "IssueCreateInput": ("teamId",),
    "AttachmentCreateInput": ("issueId", "title", "url"),
    "IssueLabelCreateInput": ("name",),
}


class LinearRefused(Rejected):
    """An error of the API: message, code and type as Linear words them, and the HTTP status."""

    def __init__(self, message: str, *, code: str, kind: str, status: int = 200, shown: str = "") -> None:
        super().__init__(message)
        self.status = status
        extensions = {"code": code, "type": kind, "userError": code == "INPUT_ERROR", "statusCode": 400}
        self.error: Json = {"message": message, "extensions": extensions}
        if shown:
            extensions["userPresentableMessage"] = shown


def wrong_input(message: str, shown: str = "") -> LinearRefused:
    """Something in the input is not taken."""
    return LinearRefused(message, code="INPUT_ERROR", kind="invalid input", shown=shown)


def no_such(entity: str) -> LinearRefused:
    """The entity is not there."""
    return LinearRefused(f"Entity not found: {entity}", code="INPUT_ERROR", kind="invalid input")


def conflict(entity: str, ident: str, *, status: int) -> LinearRefused:
    """The id is taken."""
    shown = f"Entity {entity} with id {ident} already exists."
    message = f"conflict on insert of {entity}"
    return LinearRefused(message, code="INPUT_ERROR", kind="invalid input", status=status, shown=shown)


def unfit(message: str) -> LinearRefused:
    """The document or its variables do not fit the schema."""
    return LinearRefused(message, code="GRAPHQL_VALIDATION_FAILED", kind="graphql error", status=400)


def checked(value: Any, kind: str) -> Json:
    """An input object of a kind. Raises LinearRefused for unknown or missing fields."""
    if not isinstance(value, Mapping):
        raise unfit(f'Variable "$input" got invalid value; expected type "{kind}" to be an object.')
    given = dict(cast("Mapping[str, Any]", value))
    for name in given:
        if name not in _KNOWN[kind]:
            raise unfit(f'Variable "$input" got invalid value; Field "{name}" is not defined by type "{kind}".')
    for name in _NEEDED.get(kind, ()):
        if given.get(name) is None:
            raise unfit(
                f'Variable "$input" got invalid value; Field "{name}" of required type "String!" was not provided.'
            )
    return given


def client_id(given: Json) -> str:
    """The id that the input brings (a UUID of version 4), or a new one."""
    ident = given.get("id")
    if ident is None:
        return str(uuid.uuid4())
    try:
        version = uuid.UUID(str(ident)).version
    except ValueError:
        version = None
    if version != 4:
        raise wrong_input("Argument Validation Error - id must be a UUID.")
    return str(ident)


def check_issue(world: LinearWorld, given: Json) -> None:
    """Raises LinearRefused where a new issue would not be taken."""
    title = given.get("title")
    if not isinstance(title, str) or not title.strip():
        raise wrong_input("Argument Validation Error - title should not be empty.")
    if len(title) > 255:
        raise wrong_input("Argument Validation Error - title must be shorter than or equal to 255 characters.")
    if given.get("priority", 0) not in range(5):
        raise wrong_input("Argument Validation Error - priority must be between 0 and 4.")
    groups: list[str] = []
    for ident in given.get("labelIds") or ():
        label = world.labels.get(str(ident))
        if label is None or label["isGroup"]:
            raise wrong_input("Argument Validation Error - labelIds contains labels that do not exist.")
        groups += [label["parent"]["id"]] if label["parent"] else []
    if len(set(groups)) < len(groups):
        raise wrong_input("labelIds not exclusive child labels.", "An issue takes one label of a group.")


def check_address(url: Any) -> None:
    """Raises LinearRefused for what is no web address."""
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong_input("Argument Validation Error - url must be a URL address.")
