"""Triggers that refuse to change what was once written, on both engines."""

from sqlalchemy import Connection, text

YEARS = 5  # rows younger than this cannot be deleted by anybody; older ones only by `purge`


def make_append_only(connection: Connection, table: str, key: str, at: str) -> None:
    """Refuses UPDATE of any row, and DELETE of rows whose time `at` (UTC text) is less than five years ago.

    table, key, at: names from a migration, never from outside. A later migration that makes the table anew calls it
    again.
    """
    made = _postgresql(table, at) if connection.dialect.name == "postgresql" else _sqlite(table, key, at)
    for statement in made:
        connection.execute(text(statement))


def _sqlite(table: str, key: str, at: str) -> list[str]:
    message = f"{table} is append-only"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        # A time that cannot be read gives NULL: then the row stays too.
        f"WHEN coalesce(julianday('now', '-{YEARS} years') - julianday(OLD.{at}), -1) < 0 "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        # INSERT OR REPLACE deletes without firing the trigger above.
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN NEW.{key} IN (SELECT {key} FROM {table}) BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]


def _postgresql(table: str, at: str) -> list[str]:
    function = f"{table}_refuse"
    return [
        f"""CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.{at}\\:\\:timestamptz < now() - interval '{YEARS} years' THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '{table} is append-only';
        END $$""",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
    ]
