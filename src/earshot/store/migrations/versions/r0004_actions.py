"""Rules and actions: members and aliases of actions, links, the outbox, health, silences, states of rules."""

from alembic import op

from earshot.store.migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns and tables; old actions stay what they were, dry runs with one member each."""
    run_script(op.get_bind(), "0004_tables.sql")
