"""The web app: who did what, saved views, corrections, audit samples and labels, sent reports, impact."""

from alembic import op

from earshot.store.migrations.scripts import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add tables; no big table is rewritten."""
    for part in ("people", "actions", "corrections", "audit", "reports", "impact", "accounts", "costs", "themes"):
        run_script(op.get_bind(), f"0006_{part}.sql")
