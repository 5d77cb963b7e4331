"""Loading what the first job would have to load: in a thread, before a worker says that it is ready."""

import asyncio
import importlib
import logging
from datetime import UTC, datetime

from earshot.app import heap
from earshot.domain.conversation import Author, Conversation, Message
from earshot.pipeline.parts import Parts

log = logging.getLogger(__name__)
LIBRARIES = ("earshot.connectors.intercom.source",)
_THEN = datetime(2026, 1, 1, tzinfo=UTC)
_SAMPLE = Conversation(
    source="none",
    external_id="sample",
    created_at=_THEN,
    updated_at=_THEN,
    messages=(Message(id="1", author=Author.CUSTOMER, text="The export fails since today.", created_at=_THEN),),
)


async def warm(parts: Parts) -> None:
    """Load the local model, the rules and the source's libraries, so that no job holds up the event loop for them.

    What cannot be loaded is told by the job that needs it.
    """
    try:
        await asyncio.to_thread(_load, parts)
    except Exception as error:  # noqa: BLE001 (see above)
        log.info("Not everything could be loaded beforehand (%s).", type(error).__name__)
    heap.loaded()


def _load(parts: Parts) -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    parts.make_rules()
    reader = parts.make_reader("local")
    with asyncio.Runner() as runner:
        runner.run(reader.read([_SAMPLE]))
