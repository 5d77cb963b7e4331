"""Where HubSpot's objects are: paths carry the date of their version, which lives for 18 months."""

from urllib.parse import quote

VERSION = "2026-09"
"""The next ones come in March and September; HubSpot drops this one in March 2028."""

TASKS = f"/crm/objects/{VERSION}/tasks"
TASK_SEARCH = f"{TASKS}/search"
CONTACTS = f"/crm/objects/{VERSION}/contacts"
CONTACT_SEARCH = f"{CONTACTS}/search"


def task_path(task: str) -> str:
    """Where one task is."""
    return f"{TASKS}/{quote(task, safe='')}"
