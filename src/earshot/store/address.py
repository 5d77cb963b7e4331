"""Where a PostgreSQL is and how to get in: from the embedded server or from a DATABASE_URL."""

import os
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from earshot.errors import Misconfigured, Transient
from earshot.store import driver

SEARCH_PATH = "earshot, public"
OLDEST = 15
"""Oldest PostgreSQL major version that is supported."""
_SCHEME = re.compile(r"^postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_SESSION = {
    "search_path": SEARCH_PATH,
    "timezone": "UTC",
    "jit": "off",
    "client_min_messages": "warning",
    # the server lets go of locks and turns of a machine that was cut off; without a network they mean nothing
    "tcp_keepalives_idle": str(driver.QUIET_SECONDS),
    "tcp_keepalives_interval": str(driver.PROBE_SECONDS),
    "tcp_keepalives_count": str(driver.PROBES),
    "tcp_user_timeout": str(1000 * driver.LOST_SECONDS),
}


@dataclass(frozen=True)
class Address:
    """Connection data. With `url`, it holds everything; `name` is what other processes see of us."""

    name: str
    url: str | None = None
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = None
    database: str | None = None

    def __repr__(self) -> str:
        return f"Address({self.place})"

    @property
    def place(self) -> str:
        """Host and database in words, without secrets."""
        if self.url is None:
            return f"{self.host}/{self.database}"
        parts = urlsplit(self.url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


def session_name() -> str:
    """A name for our connections that no other process has, not even one with the same id in another container."""
    return f"earshot-{os.getpid()}-{secrets.token_hex(4)}"


def parse(url: str, *, name: str) -> Address:
    """The address in a DATABASE_URL of any common form (postgres://, postgresql://, with a driver's name)."""
    if not _SCHEME.match(url.strip()):
        raise Misconfigured(
            "DATABASE_URL is not a PostgreSQL address",
            hint="write it as postgresql://user:password@host:5432/database",
        )
    try:
        urlsplit(url.strip()).port  # noqa: B018 (raises when the port is no number)
    except ValueError as error:
        raise Misconfigured(
            "DATABASE_URL cannot be read", hint="percent-encode special characters in user name and password"
        ) from error
    return Address(name=name, url=_SCHEME.sub("postgresql://", url.strip()))


async def connect(address: Address, *, database: str | None = None) -> driver.Driver:
    """A new connection. Transient when nothing answers, Misconfigured when a person must act."""
    try:
        return await driver.dial(
            dsn=address.url,
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=database or address.database,
            timeout=30,
            server_settings={**_SESSION, "application_name": address.name},
        )
    except (driver.NotReady, driver.TooManyConnections) as error:
        raise Transient(
            f"the database at {address.place} is not ready: {error}", hint="try again shortly"
        ) from error
    except (driver.BadPassword, driver.BadAuthorization) as error:
        raise Misconfigured(
            f"the database at {address.place} refuses user and password",
            hint="check user name and password in DATABASE_URL",
        ) from error
    except driver.NoSuchDatabase as error:
        raise Misconfigured(
            f"there is no such database at {address.place}", hint="create it, or correct its name in DATABASE_URL"
        ) from error
    except driver.PostgresError as error:
        if driver.is_lost(error):
            raise _unreachable(address, error) from error
        raise Misconfigured(
            f"the database at {address.place} refuses us: {error}", hint="check DATABASE_URL"
        ) from error
    except (OSError, TimeoutError, ConnectionError) as error:
        raise _unreachable(address, error) from error
    except (ValueError, driver.InterfaceError) as error:
        raise Misconfigured("DATABASE_URL cannot be used", hint=f"check its options: {error}") from error


def _unreachable(address: Address, error: Any) -> Transient:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return Transient(
        f"no database answers at {address.place} ({reason})",
        hint="check that it runs and that host and port in DATABASE_URL are right",
    )
