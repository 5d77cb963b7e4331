"""Rows into a MongoDB collection: one document a key, replaced when it changed, gone when the row is gone."""

import importlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earshot.connectors.mongodb.documents import document
from earshot.domain.model import Noun
from earshot.errors import EarshotError, Misconfigured, Rejected, Transient

SECRET = "MONGODB_URL"  # noqa: S105 (the variable's name)
"""The environment variable with the server's address, database, user and password."""
_DATABASE = "earshot"
_STAMP = "exported_at"
_HINT = f"Set {SECRET}, for example mongodb://user:password@host:27017/earshot or mongodb+srv://…"
_LOGIN = frozenset({13, 18, 8000})


class MongoTarget:
    """A collection that mirrors an export. Writing the same rows again changes nothing but their stamp.

    `exported_at` stamps every document with `at`, the start of the export. Raises Misconfigured without the extra.
    """

    def __init__(
        self, url: str, *, at: datetime, collection: str = "insights", key: str = "conversation_id"
    ) -> None:
        try:
            self._mongo: Any = importlib.import_module("pymongo")
            self._errors: Any = importlib.import_module("pymongo.errors")
            self._decimal: Any = importlib.import_module("bson.decimal128").Decimal128
        except ModuleNotFoundError:
            raise Misconfigured(
                "MongoDB needs an optional package.", hint='Install it: pip install "earshot[mongodb]"'
            ) from None
        self._key = key
        self._at = at
        try:
            self._client: Any = self._mongo.AsyncMongoClient(
                url, appname="earshot", tz_aware=True, serverSelectionTimeoutMS=10_000, timeoutMS=60_000
            )
            database = self._client.get_default_database(_DATABASE)
        except (self._errors.PyMongoError, ValueError):
            raise Misconfigured(f"{SECRET} is no address of a MongoDB server.", hint=_HINT) from None
        self._collection: Any = database[collection]

    def __repr__(self) -> str:
        return f"MongoTarget({self._collection.name})"

    async def write(self, rows: Sequence[Noun]) -> int:
        """Insert or replace documents by key; how many were new. Raises the errors of `earshot.errors`."""
        if not rows:
            return 0
        documents = [document(row, self._key, decimal=self._decimal) for row in rows]
        writes = [
            self._mongo.ReplaceOne({"_id": one["_id"]}, {**one, _STAMP: self._at}, upsert=True) for one in documents
        ]
        try:
            result = await self._collection.bulk_write(writes, ordered=False)
        except self._errors.PyMongoError as error:
            raise self._meant(error) from None
        return int(result.upserted_count)

    async def finish(self) -> int:
        """After all rows were written: remove documents of earlier exports whose rows are gone; how many."""
        try:
            result = await self._collection.delete_many({_STAMP: {"$lt": self._at}})
        except self._errors.PyMongoError as error:
            raise self._meant(error) from None
        return int(result.deleted_count)

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()

    def _meant(self, error: Any) -> EarshotError:
        """The error in our words; the driver's own text may name hosts and users."""
        kind, code = type(error).__name__, getattr(error, "code", None)
        if isinstance(error, self._errors.ServerSelectionTimeoutError | self._errors.ConnectionFailure):
            return Transient(f"MongoDB cannot be reached ({kind}).", hint="Check that it runs and the network.")
        if isinstance(error, self._errors.OperationFailure) and code in _LOGIN:
            return Misconfigured(f"MongoDB refuses the login or the write (code {code}).", hint=_HINT)
        if getattr(error, "timeout", False):
            return Transient(f"MongoDB did not answer in time ({kind}).")
        return Rejected(f"MongoDB refused the documents ({kind}, code {code}).")
