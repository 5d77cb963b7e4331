"""Alembic's entry: runs the revisions on the connection that `earshot.store.migrating` hands in."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="revision",
    version_table_schema="earshot",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
