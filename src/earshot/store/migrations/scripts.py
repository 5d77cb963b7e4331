"""Runs SQL statements inside a migration's transaction."""

from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection

from earshot.store.driver import Driver


def run_script(connection: Connection, name: str) -> None:
    """Execute all statements of a file in folder sql beside this module."""
    run_statements(connection, Path(__file__).with_name("sql").joinpath(name).read_text(encoding="utf-8"))


def run_statements(connection: Connection, script: str) -> None:
    """Execute all statements of a text."""

    async def go(driver: Driver) -> None:
        await driver.execute(script)

    connection.exec_driver_sql("select 1")  # the transaction must have begun
    cast("Any", connection.connection.dbapi_connection).run_async(go)
