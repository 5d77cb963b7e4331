"""The GraphQL documents that are sent to Linear; tests check them against its schema."""

_ISSUE = "id identifier url title archivedAt state { id name type } team { id key }"

TEAM = """
query Team($key: String!) {
  teams(filter: { key: { eq: $key } }, first: 1) { nodes { id key name } }
}
"""

LABELS = """
query Labels($filter: IssueLabelFilter!) {
  issueLabels(filter: $filter, first: 250) { nodes { id name isGroup team { id } parent { id } } }
}
"""

CREATE_LABEL = """
mutation CreateLabel($input: IssueLabelCreateInput!) {
  issueLabelCreate(input: $input) { success issueLabel { id name } }
}
"""

CREATE_ISSUE = f"""
mutation CreateIssue($input: IssueCreateInput!) {{
  issueCreate(input: $input) {{ success issue {{ {_ISSUE} }} }}
}}
"""

ISSUE = f"""
query Issue($id: String!) {{
  issue(id: $id) {{ {_ISSUE} }}
}}
"""


ATTACHMENTS = """
query Attachments($id: String!) {
  issue(id: $id) { id attachments(first: 100) { nodes { id url metadata } } }
}
"""

COMMENT = """
mutation Comment($input: CommentCreateInput!) {
  commentCreate(input: $input) { success comment { id } }
}
"""

FIND_COMMENT = """
query FindComment($id: String!) {
  comment(id: $id) { id }
}
"""

STATES = """
query States($team: ID!) {
  workflowStates(filter: { team: { id: { eq: $team } } }, first: 250) { nodes { id name type position } }
}
"""

MOVE = """
mutation Move($id: String!, $state: String!) {
  issueUpdate(id: $id, input: { stateId: $state }) { success issue { id } }
}
"""

RAISE = """
mutation Raise($id: String!, $priority: Int!) {
  issueUpdate(id: $id, input: { priority: $priority }) { success issue { id } }
}
"""

STATUSES = """
query Statuses($ids: [ID!]!) {
  issues(filter: { id: { in: $ids } }, first: 100, includeArchived: true) {
    nodes { id title trashed canceledAt completedAt updatedAt state { name type } }
  }
}
"""

VIEWER = """
query Viewer($key: String!) {
  viewer { id name }
  teams(filter: { key: { eq: $key } }, first: 1) { nodes { id key name } }
}
"""

EVERY = {
    "Team": TEAM,
    "Labels": LABELS,
    "CreateLabel": CREATE_LABEL,
    "CreateIssue": CREATE_ISSUE,
    "Issue": ISSUE,
    "Attachments": ATTACHMENTS,
    "Comment": COMMENT,
    "FindComment": FIND_COMMENT,
    "States": STATES,
    "Move": MOVE,
    "Raise": RAISE,
    "Statuses": STATUSES,
    "Viewer": VIEWER,
}
"""All documents by the name of their operation."""


def attach_all(number: int) -> str:
    """One document that sets several attachments: Linear counts requests."""
    heads = ", ".join(f"$a{index}: AttachmentCreateInput!" for index in range(number))
    lines = "\n".join(f"  a{index}: attachmentCreate(input: $a{index}) {{ success }}" for index in range(number))
    return f"mutation AttachAll({heads}) {{\n{lines}\n}}\n"
