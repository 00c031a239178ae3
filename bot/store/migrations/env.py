"""Runs the migrations on the connection that `bot.store.schema` hands over."""

from alembic import context

from bot.store.installations import TABLES
from bot.store.tables import Row

connection = context.config.attributes["connection"]
ours = {*Row.metadata.tables, *TABLES.tables}
context.configure(
    connection=connection,
    target_metadata=[Row.metadata, TABLES],
    render_as_batch=True,
    include_name=lambda name, kind, parents: kind != "table" or name in ours,
)
with context.begin_transaction():
    context.run_migrations()
