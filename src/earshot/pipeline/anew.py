"""Use case: read one conversation again now, whoever read it before."""

import asyncio

from earshot.errors import BadInput
from earshot.pipeline.browsing import held
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.money.consent import agreed
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import classify_with, ledger_of
from earshot.ports.store import Want


async def read_again(parts: Parts, conversation_id: str) -> bool:
    """Read it and let the rules judge it; False where nothing was read. What people corrected stays.

    BadInput where it would cost money to which nobody agreed yet.
    """
    reader = await asyncio.to_thread(parts.make_reader, "auto")
    if ledger_of(reader) is not None and not (parts.make_llm is not None and await agreed(parts, parts.make_llm())):
        raise BadInput(
            "Nobody agreed to spend money with the model provider yet.", hint="Run `earshot run` once by hand."
        )
    async with parts.store.unit() as unit:
        await held(unit, conversation_id)
    want = Want(stage=reader.stage, only=(conversation_id,), again_before=parts.clock.now())
    done = await classify_with(parts, reader, want=want, urgent=True)
    if done.read:
        await judge_read(parts, [conversation_id])
    return bool(done.read)
