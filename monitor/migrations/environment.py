"""What both Alembic environments do; each `env.py` only names its store."""

from alembic import context

from monitor.migrations import COMPARING, target_metadata


def run(store: str) -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=target_metadata(store), render_as_batch=True, **COMPARING)
    context.run_migrations()
