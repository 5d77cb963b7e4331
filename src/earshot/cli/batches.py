"""`earshot batches`: what is under way at providers, and what was."""

from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.batch import BatchEntry, ReadingBatch
from earshot.errors import Misconfigured
from earshot.pipeline.batches.flow import cancel as cancel_batch
from earshot.pipeline.batches.flow import find, is_open

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Id = Annotated[str, typer.Argument(metavar="ID", help="The batch, or the beginning of its id.")]


@app.callback()
def batches() -> None:
    """Batches of requests: at a provider, or written to a file."""


@app.command("list")
def list_batches(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    found = go(_list(limit))
    if as_json:
        print_json([batch.model_dump(mode="json") for batch in found])
        return
    rows = [
        (
            b.id[:8],
            f"{b.created_at:%Y-%m-%d %H:%M}",
            b.mode.value,
            f"{b.provider}:{b.model}",
            b.status.value,
            b.entries,
            b.note,
        )
        for b in found
    ]
    print_table(("batch", "made", "how", "model", "state", "requests", "note"), rows)


async def _list(limit: int) -> list[ReadingBatch]:
    async with opened(quiet=True) as earshot, earshot.parts.store.unit() as unit:
        return await unit.batches.latest(limit)


@app.command("show")
def show(batch: Id, *, as_json: AsJson = False) -> None:
    """Show one batch: how many of its requests wait, were answered, were given up, and why."""
    found, entries = go(_show(batch))
    states = {
        state: sum(entry.state == state for entry in entries) for state in ("waiting", "answered", "released")
    }
    reasons: dict[str, int] = {}
    for entry in entries:
        if entry.note:
            reasons[entry.note] = reasons.get(entry.note, 0) + 1
    if as_json:
        print_json({**found.model_dump(mode="json"), "states": states, "reasons": reasons})
        return
    stamps = (("made", found.created_at), ("submitted", found.submitted_at), ("ended", found.ended_at))
    rows = [("batch", found.id), ("model", f"{found.provider}:{found.model}"), ("state", found.status.value)]
    rows += [(name, f"{moment:%Y-%m-%d %H:%M:%S} UTC") for name, moment in stamps if moment is not None]
    rows += [(state, f"{count:,}") for state, count in states.items()]
    rows += [(f"{count:,} ×", note) for note, count in sorted(reasons.items())]
    print_table(("", ""), rows, title=found.note)


async def _show(batch_id: str) -> tuple[ReadingBatch, list[BatchEntry]]:
    async with opened(quiet=True) as earshot:
        found = await find(earshot.parts, batch_id)
        async with earshot.parts.store.unit() as unit:
            return found, await unit.batches.entries(found.id)


@app.command("cancel")
def cancel(batch: Id, *, as_json: AsJson = False) -> None:
    """Stop a batch. What is done is charged and still collected; the rest is read anew."""
    found = go(_cancel(batch))
    if as_json:
        print_json(found.model_dump(mode="json"))
    elif is_open(found):
        out.print("Asked the provider to stop; the next `earshot run` collects what was done.")
    else:
        out.print(f"The batch is {found.status.value}; nothing is under way.")


async def _cancel(batch_id: str) -> ReadingBatch:
    async with opened(quiet=True) as earshot:
        if earshot.parts.make_llm is None:
            raise Misconfigured(
                "No language model is switched on.", hint="Name the batch's provider: [llm] provider."
            )
        return await cancel_batch(earshot.parts, earshot.parts.make_llm(), batch_id=batch_id)
