"""The database: all SQL is here."""

from earshot.store.opening import PostgresStore, open_store, read_backup, write_backup
from earshot.store.settings import StoreSettings
from earshot.store.vitals import Vitals

__all__ = ["PostgresStore", "StoreSettings", "Vitals", "open_store", "read_backup", "write_backup"]
