"""What Alembic runs to apply revisions: on the caller's connection, in the caller's transaction."""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: its DDL rolls back with the rest once BEGIN is explicit
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
