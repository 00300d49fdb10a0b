"""Alembic environment of the private store."""

from monitor.migrations.environment import run

run("private")
