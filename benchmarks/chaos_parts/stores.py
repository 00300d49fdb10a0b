"""Where a trial runs: a data folder at one place with both stores, on SQLite or PostgreSQL; its states kept by name."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text


class Stores:
    """Both stores in SQLite files of the data folder, which lies at the same place in every trial: caches know it."""

    kind = "sqlite"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.temporary = root / "temporary"
        for folder in (self.data, self.temporary):
            folder.mkdir(parents=True)

    @property
    def environment(self) -> Mapping[str, str]:
        return {"MONITOR_DATA_DIR": str(self.data), "TMPDIR": str(self.temporary)}

    def keep(self, name: str) -> None:
        """The present state under a name."""
        shutil.copytree(self.data, self.root / "states" / name)

    def put(self, name: str) -> None:
        """The state of that name, as it was."""
        for folder in (self.data, self.temporary):
            shutil.rmtree(folder)
        self.temporary.mkdir()
        shutil.copytree(self.root / "states" / name, self.data)


class PostgresqlStores(Stores):
    """Both stores in one database, copied by the server from the database of a state."""

    kind = "postgresql"
    database = "trial"

    def __init__(self, root: Path, server: str) -> None:
        super().__init__(root)
        self.server = server
        self._names: dict[str, str] = {}
        self._run(f'CREATE DATABASE "{self.database}"')

    @property
    def environment(self) -> Mapping[str, str]:
        url = f"{self.server}/{self.database}"
        return {**super().environment, "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url}

    def keep(self, name: str) -> None:
        super().keep(name)
        self._names[name] = f"state_{len(self._names)}"
        self._run(f'CREATE DATABASE "{self._names[name]}" TEMPLATE "{self.database}"')

    def put(self, name: str) -> None:
        super().put(name)
        self._run(f'DROP DATABASE "{self.database}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{self.database}" TEMPLATE "{self._names[name]}"')

    def _run(self, statement: str) -> None:
        engine = create_engine(f"{self.server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
