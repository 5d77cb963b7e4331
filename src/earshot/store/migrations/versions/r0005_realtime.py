"""Real time: what webhooks brought, whose turn it is, leases of readings, schedules, workers, the job engine."""

from alembic import op

from earshot.store.jobs.schema import install_script
from earshot.store.migrations.scripts import run_script, run_statements

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add columns and tables; no big table is rewritten. Jobs are disposable: old ones do not outlive this."""
    run_script(op.get_bind(), "0005_tables.sql")
    run_statements(op.get_bind(), install_script())
