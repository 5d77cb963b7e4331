"""What the access token opens: asked for `earshot doctor`, without changing anything."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from earshot.connectors.intercom.client import IntercomClient, part_of_path
from earshot.connectors.intercom.customers import main_contact
from earshot.connectors.intercom.listing import search_query, window_of
from earshot.connectors.lenient import objects
from earshot.errors import Misconfigured, NotFound
from earshot.ports.source import Access, Right, Workspace

_WHERE = "Developer Hub > your app > Configure > Authentication"
READ_CONVERSATIONS = Right(what="read conversations", needed=True, hint=f"Grant “Read conversations” ({_WHERE}).")
READ_CONTACTS = Right(
    what="read contacts, so plan, revenue and tenure stay unknown",
    needed=False,
    hint=f"Grant “Read and list users and companies” ({_WHERE}), or set [intercom] read_customers = false.",
)
WRITE = Right(
    what="write to conversations; notes, tags and assignments will not be possible",
    needed=False,
    hint=f"Grant “Write conversations” ({_WHERE}) if you want Earshot to write back.",
)


async def access(client: IntercomClient, workspace: Workspace, *, now: datetime) -> Access:
    """Try one request of each kind. The write is to a conversation that cannot exist, so nothing changes."""
    missing: list[Right] = []
    try:
        answer = await client.search(search_query(window_of(now - timedelta(days=30), None), per_page=1))
        contact = next((main_contact(row) for row in objects(answer.data.get("conversations"))), None)
    except Misconfigured:
        missing.append(READ_CONVERSATIONS)
        contact = None
    if contact is not None and not await _may_read(client, f"/contacts/{part_of_path(contact)}"):
        missing.append(READ_CONTACTS)
    if await client.may_write() is False:
        missing.append(WRITE)
    return Access(
        workspace=workspace,
        can="read conversations and customers, and write to conversations",
        missing=tuple(missing),
        server_time=server_time(client.last_date),
    )


def server_time(header: str | None) -> datetime | None:
    """The time of a Date header, None where it is absent or unreadable."""
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None


async def _may_read(client: IntercomClient, path: str) -> bool:
    try:
        await client.get(path, accept=(410,))
    except Misconfigured:
        return False
    except NotFound:
        return True
    return True
