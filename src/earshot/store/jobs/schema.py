"""The engine's own tables, in a schema of their own, made and changed by the engine's own statements."""

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

SETTINGS = DBSettings(
    prefix="",
    db_schema="earshot_jobs",
    channel=Channel("earshot_jobs"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.balanced,
    widen_id=True,
)
"""Every name is given, because the engine takes what is not from variables like CHANNEL or DURABILITY."""


def install_script() -> str:
    """Statements that put the engine's tables into its schema, which exists; older ones of them are dropped."""
    build = QueryBuilderEnvironment(SETTINGS)
    return "\n".join(
        (
            build.build_uninstall_query(),
            build.build_install_query(create_schema=False),
            build.build_optimize_autovacuum_query(),
        )
    )
