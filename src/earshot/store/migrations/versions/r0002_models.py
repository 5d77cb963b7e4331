"""Reading with language models: labels, calls with budget and pace, batches, summaries."""

from alembic import op

from earshot.store.migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns and tables; no big table is rewritten."""
    run_script(op.get_bind(), "0002_tables.sql")
    run_script(op.get_bind(), "0002_calls.sql")
