"""How long the newest schema takes to be made over rows of the one before, and how much disk it takes.

    python bench/upgrade.py [--conversations 100000] [--words 150]

Rows are made by SQL (as in report_figures.py) in a fresh embedded database at the revision before, with messages of
so many words each, as skewed as speech. What is timed is what the first command after an upgrade waits for.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

import report_figures
from earshot.ports.clock import SystemClock
from earshot.store.address import connect
from earshot.store.embedded.server import discard, open_embedded
from earshot.store.migrating import HEAD, REVISIONS, SCHEMAS, upgrade

WORDS = """
    update conversation set title = 'Report ' || id, messages = jsonb_build_array(jsonb_build_object(
        'id', 'm' || id, 'author', 'customer', 'created_at', spoken_at, 'text', (
            select string_agg(substr(md5(floor(power(random(), 4) * 30000)::text), 1, 4 + n % 6), ' ')
            from generate_series(1, {words}) n where conversation.id is not null)))
"""


async def measure(folder: Path, *, conversations: int, words: int) -> None:
    """Fill the schema before, bring it up to date, print seconds and megabytes."""
    embedded = await open_embedded(folder, clock=SystemClock())
    address = embedded.address

    async def creator() -> Any:
        return await connect(address)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, json_deserializer=str)
    connection = await connect(address)
    for schema in SCHEMAS:
        await connection.execute(f"create schema {schema}")
    async with engine.begin() as opened:
        await opened.run_sync(upgrade, REVISIONS[-2])
    sizes = {"rows": conversations, "accounts": max(100, conversations // 20), "themes": conversations // 100}
    statements = report_figures.FILL.format(end=datetime.now(UTC).isoformat(), **sizes).split(";\n")
    for statement in (*statements, WORDS.format(words=words)):
        await connection.execute(statement)
    await connection.execute("vacuum analyze")
    before = await connection.fetchval("select pg_database_size(current_database())")
    text = await connection.fetchval("select sum(length(messages::text)) from conversation")
    began = time.perf_counter()
    async with engine.begin() as opened:
        await opened.run_sync(upgrade, HEAD)
    seconds = time.perf_counter() - began
    after = await connection.fetchval("select pg_database_size(current_database())")
    rows = await connection.fetch(
        "select relname, pg_total_relation_size(oid) as size from pg_class where relkind = 'r' and relnamespace = "
        "'earshot'::regnamespace order by 2 desc limit 5"
    )
    print(
        f"{REVISIONS[-2]} to {HEAD}, {conversations:,} conversations, {text / 1e6:,.0f} MB of text: {seconds:.1f} s"
    )
    print(f"database {before / 1e6:,.0f} MB before, {after / 1e6:,.0f} MB after")
    print("; ".join(f"{row['relname']} {row['size'] / 1e6:,.0f} MB" for row in rows))
    await connection.close()
    await engine.dispose()
    await embedded.close()
    await discard(folder, clock=SystemClock())


def main() -> None:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=150)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), conversations=asked.conversations, words=asked.words))


if __name__ == "__main__":
    main()
