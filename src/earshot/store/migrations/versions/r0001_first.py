"""The first schema: conversations, insights, themes, actions, runs and roll-ups."""

from alembic import op

from earshot.store.migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything; tables go to schema earshot, which is first in the search path."""
    run_script(op.get_bind(), "0001_tables.sql")
    run_script(op.get_bind(), "0001_triggers.sql")
