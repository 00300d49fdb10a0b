"""PostgreSQL: the weekly history is divided into years

What there is becomes the first partition as it stands, so no row is copied. SQLite stays as it is.

Revision: 0007, after 0006
"""

from datetime import UTC, datetime

from alembic import op
from sqlalchemy import Connection, text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "observations",
    "shop_metrics",
    "listings",
    "listing_metrics",
    "panel_shops",
    "candidate_pairs",
    "links",
)
INDEXES = text(
    "SELECT index.relname AS name, pg_get_indexdef(index.oid) AS made_by, pg_get_constraintdef(held.oid) AS key "
    "FROM pg_index JOIN pg_class index ON index.oid = indexrelid "
    "LEFT JOIN pg_constraint held ON held.conindid = index.oid AND held.contype = 'p' "
    "WHERE indrelid = to_regclass(:name) ORDER BY index.relname"
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in TABLES:
            _divide(connection, table)


def _divide(connection: Connection, table: str) -> None:
    newest = connection.execute(text(f"SELECT max(valid_from_week) FROM {table}")).scalar_one()  # noqa: S608 (our own tables)
    last_year = max(datetime.now(UTC).year, int(newest[:4]) if newest else 0)
    said = connection.execute(text("SELECT obj_description(to_regclass(:name))"), {"name": table}).scalar_one()
    indexes = connection.execute(INDEXES, {"name": table}).all()
    for statement in (
        f"ALTER TABLE {table} RENAME TO {table}_first",
        *(f"ALTER INDEX {index.name} RENAME TO {index.name}_first" for index in indexes),
        f"CREATE TABLE {table} (LIKE {table}_first INCLUDING DEFAULTS INCLUDING COMMENTS) "
        "PARTITION BY RANGE (valid_from_week)",
        # The same again on the whole: the first partition's own are taken for theirs when it is attached.
        *(
            f"ALTER TABLE {table} ADD CONSTRAINT {index.name} {index.key}" if index.key else index.made_by
            for index in indexes
        ),
        f"ALTER TABLE {table} ATTACH PARTITION {table}_first FOR VALUES FROM (MINVALUE) TO ('{last_year + 1}')",
    ):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON TABLE {table} IS '{said.replace(chr(39), chr(39) * 2)}'")
