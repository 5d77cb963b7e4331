"""Stable themes and the backlog: cells, placements with their reasons, people's edits, verdicts, items, matches."""

from alembic import op

from earshot.store.migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and tables, keep every theme's id; no big table is rewritten."""
    run_script(op.get_bind(), "0003_tables.sql")
    run_script(op.get_bind(), "0003_functions.sql")
    run_script(op.get_bind(), "0003_old_themes.sql")
