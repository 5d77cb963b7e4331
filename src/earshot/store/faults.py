"""The database's errors in our words: what to do, never the data."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from earshot.errors import EarshotError, Misconfigured, Transient
from earshot.store import driver

_FULL = {"53100", "53200"}
_CLASH = {"23502", "23503", "23505", "23514"}
_AGAIN = {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300"}


def translated(error: Exception) -> Exception:
    """The same error as one of ours where the database is the cause; any other unchanged."""
    if isinstance(error, EarshotError):
        return error
    if not isinstance(error, (DBAPIError, driver.PostgresError, driver.InterfaceError, OSError)):
        return error
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return error
    return _by_code(error)


def _by_code(error: Exception) -> Exception:
    code = _code(error)
    if code in _FULL:
        return Misconfigured("the database's disk is full", hint="free some space and run again; nothing was lost")
    if code == "42501":
        return Misconfigured(
            "the database refuses a statement: no permission",
            hint="use a user who owns the schema earshot",
        )
    if code == "25006":
        return Misconfigured("the database is read-only", hint="use the primary server, not a replica")
    if code in _CLASH:
        return Transient(
            "two processes wrote the same rows at one moment, or Earshot is wrong about them",
            hint="run again, nothing was changed; if it comes back, report it with the command you ran",
        )
    if code in _AGAIN or (code or "").startswith("08") or (not code and _is_lost(error)):
        return Transient("the connection to the database was lost or a conflict occurred", hint="run again")
    return error


def _code(error: Exception) -> str | None:
    origin = getattr(error, "orig", None) or error
    code = getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)
    return None if code is None else str(code)


def _is_lost(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (ConnectionError, OperationalError, InterfaceError, driver.InterfaceError))
