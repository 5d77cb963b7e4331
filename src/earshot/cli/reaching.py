"""Whether the receiver of webhooks can be reached, as Intercom asks when an address is saved."""

import httpx2

from earshot.pipeline.checking import Check, Grade
from earshot.settings import Settings

PATIENCE = 5.0
"""Seconds."""
PATH = "/webhooks/intercom"


async def check_receiver(settings: Settings, *, transport: httpx2.AsyncBaseTransport | None = None) -> list[Check]:
    """Ask the receiver under its public address; nothing without one. A HEAD request, as Intercom sends it."""
    if not settings.web.public_url:
        return []
    url = settings.web.public_url.rstrip("/") + PATH
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE, transport=transport) as client:
            status = (await client.head(url)).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        text = f"{url} cannot be reached from here: {type(error).__name__}."
        hint = "Is earshot serve running, and does the proxy lead to it? From here it may differ from the internet."
        return [Check(name="receiver", grade=Grade.FAILED, text=text, hint=hint)]
    if status == 200:
        return [Check(name="receiver", grade=Grade.OK, text=f"{url} answers.")]
    text, hint = f"{url} answers {status}.", "Something else answers there: check [web] public_url and the proxy."
    return [Check(name="receiver", grade=Grade.FAILED, text=text, hint=hint)]
