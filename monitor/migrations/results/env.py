"""Alembic environment of the results store."""

from monitor.migrations.environment import run

run("results")
