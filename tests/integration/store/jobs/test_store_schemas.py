"""Where the user may not create schemas, the two that Earshot needs are asked for by name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest
from jobs_samples import enqueue, keys, read

from earshot.errors import Misconfigured
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, driver, open_store


@asynccontextmanager
async def plain_user(url: str, *schemas: str) -> AsyncGenerator[StoreSettings]:
    """Settings of a user who may create nothing but owns these schemas."""
    parts = urlsplit(url)
    user = f"plain_{parts.path[1:]}"
    owner = await driver.dial(dsn=url)
    await owner.execute(f"create user {user} password 'x'")
    for schema in schemas:
        await owner.execute(f"create schema {schema} authorization {user}")
    host = parts.netloc.rpartition("@")[2]
    address = urlunsplit(parts._replace(netloc=f"{user}:x@{host}"))
    try:
        yield StoreSettings.model_validate({"database_url": address, "data_dir": "/nonexistent"})
    finally:
        await owner.execute(f"drop owned by {user}")
        await owner.execute(f"drop user {user}")
        await owner.close()


@pytest.mark.parametrize(("given", "missing"), [((), "earshot"), (("earshot",), "earshot_jobs")])
async def test_the_schema_that_cannot_be_created_is_named(
    empty_database_url: str, given: tuple[str, ...], missing: str
) -> None:
    async with plain_user(empty_database_url, *given) as settings:
        with pytest.raises(Misconfigured, match=f"create the schema {missing} in") as refused:
            await open_store(settings, clock=SystemClock())
    assert f"create schema {missing} authorization" in refused.value.hint


async def test_schemas_that_somebody_made_for_us_are_used(empty_database_url: str) -> None:
    async with plain_user(empty_database_url, "earshot", "earshot_jobs") as settings:
        store = await open_store(settings, clock=SystemClock())
        assert await enqueue(store, read("a")) == 1
        await store.close()


async def test_old_jobs_do_not_outlive_a_schema_that_was_dropped(empty_database_url: str) -> None:
    settings = StoreSettings.model_validate({"database_url": empty_database_url, "data_dir": "/nonexistent"})
    store = await open_store(settings, clock=SystemClock())
    await enqueue(store, read("a"))
    async with store.unit() as unit:
        await unit.sql.run("drop schema earshot cascade")
        await unit.commit()
    await store.close()
    store = await open_store(settings, clock=SystemClock())
    assert await keys(store) == []
    await store.close()
