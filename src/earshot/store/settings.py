"""Settings of the store."""

from pathlib import Path

from pydantic import Field, SecretStr

from earshot.domain.model import Noun


class StoreSettings(Noun):
    """Where the data lives."""

    database_url: SecretStr | None = Field(
        default=None,
        description="An existing PostgreSQL (15 or newer), postgresql://…; a secret, only from DATABASE_URL.",
    )
    data_dir: Path = Field(description="Folder of the embedded database, used when no database_url is given.")
    retention_days: int | None = Field(
        default=None, ge=1, description="Conversations last updated longer ago are dropped. Unset: kept for ever."
    )
    allow_foreign: bool = Field(
        default=False, description="Use a database that already holds tables that are not ours."
    )
    pool_size: int = Field(default=5, ge=1, le=50, description="Most connections one process keeps open.")
