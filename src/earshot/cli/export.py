"""`earshot export`: rows in the documented forms."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from earshot.cli.console import err, print_json
from earshot.cli.session import go, opened
from earshot.cli.tabular import WRITERS, Writer
from earshot.connectors.mongodb.target import SECRET, MongoTarget
from earshot.errors import Misconfigured
from earshot.pipeline.exporting import SHAPES
from earshot.ports.clock import SystemClock
from earshot.settings import Secrets

Kind = Literal["conversations", "insights", "labels", "themes", "backlog", "actions", "llm-calls"]
Form = Literal["jsonl", "csv", "parquet"]


def command(
    kind: Annotated[Kind, typer.Argument(help="What to write.")],
    *,
    form: Annotated[
        Form, typer.Option("--format", help="jsonl keeps everything; csv is for spreadsheets.")
    ] = "jsonl",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a row instead.")] = False,
    to: Annotated[Path | None, typer.Option("--out", help="The file; left out: standard output.")] = None,
    to_mongodb: Annotated[
        bool, typer.Option("--to-mongodb", help="Mirror insights into the MongoDB that MONGODB_URL names instead.")
    ] = False,
) -> None:
    """Write all rows of a kind, one a line (times in ISO 8601, UTC)."""
    if schema:
        print_json(SHAPES[kind].model_json_schema(mode="serialization"))
        return
    if to_mongodb:
        if kind != "insights" or to is not None:
            raise typer.BadParameter("--to-mongodb takes insights, and no --out")
        written, removed = go(_mirror())
        err.print(f"{written:,} insights are in MongoDB, {removed:,} gone ones were removed", markup=False)
        return
    if form == "parquet" and to is None:
        raise typer.BadParameter("parquet needs --out FILE")
    count = go(_export(kind, form, to))
    if to is not None:
        err.print(f"{count:,} {kind} written to {to}", markup=False)


async def _export(kind: Kind, form: Form, to: Path | None) -> int:
    part = to.with_name(to.name + ".part") if to else None
    try:
        with WRITERS[form](part, stdout=sys.stdout) as writer:
            count = await _write(kind, writer)
        if part is not None and to is not None:
            part.replace(to)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise Misconfigured(
            f"Cannot write {to}: {error.strerror or error}.", hint="Free space, or another --out."
        ) from None
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return count


async def _write(kind: Kind, writer: Writer) -> int:
    count = 0
    async with opened(quiet=True) as earshot:
        async for rows in earshot.export(kind):
            writer.write([row.model_dump(mode="json") for row in rows])
            count += len(rows)
    return count


async def _mirror() -> tuple[int, int]:
    """Insights into MongoDB; how many were written, and how many documents of gone ones were removed."""
    url = Secrets.load().tools.get(SECRET)
    if url is None:
        raise Misconfigured(f"{SECRET} is not set.", hint="mongodb://user:password@host:27017/earshot")
    target = MongoTarget(url.get_secret_value(), at=SystemClock().now())
    count = 0
    try:
        async with opened(quiet=True) as earshot:
            async for rows in earshot.export("insights"):
                await target.write(rows)
                count += len(rows)
        return count, await target.finish()
    finally:
        await target.close()
