"""The wiring: build(settings) makes the parts; the only place that chooses them.

Parts that cost time to import are imported when they are chosen, so that a command pays only for what it uses.
"""

from earshot.app.building import build, make_rules, make_source, who
from earshot.app.database import backup, fresh_folder, open_database, restore, store_settings

__all__ = [
    "backup",
    "build",
    "fresh_folder",
    "make_rules",
    "make_source",
    "open_database",
    "restore",
    "store_settings",
    "who",
]
