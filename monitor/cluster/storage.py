"""A folder that every worker reaches, on a shared disk or an S3-compatible store, through fsspec.

A file appears whole or not at all: on a disk it is written aside and renamed, an object store shows an object only when
its upload is complete. Contents are Parquet, JSON or files as a crawl wrote them; nothing here is ever unpickled.
"""

import io
import json
import os
import posixpath
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

import pandas as pd
import pyarrow as pa
from sqlalchemy import make_url

from monitor.config import Config
from monitor.errors import StoreError, UsageError

PROTOCOLS = ("file", "s3")
ASIDE = ".unfinished-"  # such files are nobody's: a process that was killed left them
EXTRA = "python -m pip install --require-hashes -r requirements/cluster.txt"


def storage_url(config: Config) -> str:
    """The configured shared folder; without one, `cluster` in the data folder. Raises UsageError for keys in it."""
    url = config.cluster.storage or (config.data_dir / "cluster").as_uri()
    parts = urlsplit(url)
    if parts.scheme not in PROTOCOLS:
        raise UsageError(f"'storage' in [cluster] must start with file:// or s3://, not '{parts.scheme or url}'.")
    if parts.username or parts.password or parts.query:
        raise UsageError("'storage' in [cluster] must not hold keys; set them in the environment of every worker.")
    return url


def link_folder(config: Config) -> str:
    """Where `link` keeps the registries of this database in partitions.

    Ids belong to one database; a shared folder may serve several. Not a word of the password is in the name.
    """
    return f"link/{sha256(repr(make_url(config.database_url)).encode()).hexdigest()[:16]}"


class Storage:
    """Files below one URL; names are relative, with `/` between folders.

    Every method raises StoreError with one sentence when the place cannot be reached, read or written, and UsageError
    for a name that leads out of it.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.is_local = urlsplit(url).scheme == "file"
        self._files, self._root = _file_system(url)

    @classmethod
    def of(cls, config: Config) -> "Storage":
        """The shared folder of the configuration."""
        return cls(storage_url(config))

    # --- one file ---

    def read_bytes(self, name: str) -> bytes:
        with _told(self.url, name):
            return cast(bytes, self._files.cat_file(self._place(name)))

    def write_bytes(self, name: str, body: bytes) -> None:
        self.write_parts(name, [body])

    def write_parts(self, name: str, parts: Sequence[Any]) -> None:
        """One file of these runs of bytes, one after the other; on a disk they are not put together before."""
        place = self._place(name)
        with _told(self.url, name):
            if not self.is_local:
                self._files.pipe_file(place, b"".join(parts))
                return
            with _aside(Path(place)) as aside, aside.open("wb") as file:
                file.writelines(parts)

    def read_json(self, name: str) -> Any:
        with _told(self.url, name):
            return json.loads(self.read_bytes(name))

    def write_json(self, name: str, value: Any) -> None:
        self.write_bytes(name, json.dumps(value, ensure_ascii=False, sort_keys=True).encode())

    def read_parquet(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The frame as `write_parquet` got it; columns: only these."""
        with _told(self.url, name):
            source: Any = self._place(name) if self.is_local else io.BytesIO(self.read_bytes(name))
            return pd.read_parquet(source, columns=None if columns is None else list(columns))

    def write_parquet(self, frame: pd.DataFrame, name: str) -> int:
        """Writes the frame; returns the size of the file in bytes."""
        place = self._place(name)
        with _told(self.url, name):
            if self.is_local:
                with _aside(Path(place)) as aside:
                    frame.to_parquet(aside, compression="zstd")
                return Path(place).stat().st_size
            body = io.BytesIO()
            frame.to_parquet(body, compression="zstd")
            self._files.pipe_file(place, body.getvalue())
            return body.tell()

    def exists(self, name: str) -> bool:
        with _told(self.url, name):
            return bool(self._files.exists(self._place(name)))

    def size(self, name: str) -> int:
        """Bytes of one file."""
        with _told(self.url, name):
            return int(self._files.size(self._place(name)))

    def local_path(self, name: str) -> Path | None:
        """Where the file lies on a shared disk, so that it can be mapped; None on an object store."""
        return Path(self._place(name)) if self.is_local else None

    # --- folders ---

    def list(self, folder: str = "") -> Sequence[str]:
        """Names of all finished files below the folder, sorted; none where the folder does not exist."""
        with _told(self.url, folder or "."):
            place = self._place(folder) if folder else self._root
            found = self._files.find(place)
        names = (posixpath.relpath(str(path), self._root) for path in found)
        return sorted(name for name in names if ASIDE not in name)

    def remove(self, name: str) -> None:
        """Removes a file or a folder with all below it; nothing there is fine."""
        with _told(self.url, name):
            place = self._place(name)
            if self._files.exists(place):
                self._files.rm(place, recursive=True)

    def copy_in(self, source: Path, name: str, last: Sequence[str] = ()) -> None:
        """Copies a local file or folder to the name. last: names of files whose presence says that all is there."""
        if source.is_file():
            self._copy_in(source, name)
            return
        inside = sorted(
            (path for path in source.rglob("*") if path.is_file()), key=lambda path: (path.name in last, path)
        )
        for path in inside:
            self._copy_in(path, f"{name}/{path.relative_to(source).as_posix()}")

    def copy_out(self, name: str, target: Path, last: Sequence[str] = ()) -> None:
        """Copies a file or folder here; files that are here already are replaced whole. last: as in `copy_in`."""
        names = sorted(self.list(name), key=lambda found: (posixpath.basename(found) in last, found))
        if not names:
            raise StoreError(f"{self.url} holds no '{name}'; check 'storage' in [cluster] on every machine.")
        for found in names:
            place = target if found == name else target / posixpath.relpath(found, name)
            with _told(self.url, found), _aside(place) as aside:
                self._files.get_file(self._place(found), str(aside))

    def _copy_in(self, path: Path, name: str) -> None:
        place = self._place(name)
        with _told(self.url, name):
            if not self.is_local:
                self._files.put_file(str(path), place)
                return
            with _aside(Path(place)) as aside:
                shutil.copyfile(path, aside)

    def _place(self, name: str) -> str:
        parts = name.split("/")
        if not name or any(part in ("", ".", "..") for part in parts) or "\\" in name or "\0" in name:
            raise UsageError(f"'{name}' is no name of a shared file.")
        return f"{self._root}/{name}"


@lru_cache(maxsize=4)
def _connected(make: Callable[..., Any], scheme: str, process: int, keys: tuple[tuple[str, str], ...]) -> Any:
    """One for all tasks of a process, since a new one takes a quarter of a second; none that was made with other keys
    or before a fork."""
    # What other workers wrote a second ago must be seen, so nothing listed is remembered.
    return make(scheme, use_listings_cache=False, skip_instance_cache=True)


def _keys() -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith(("AWS_", "FSSPEC_"))))


def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise UsageError(f"The shared folder needs the extra 'cluster'; install it with '{EXTRA}'.") from None
    parts = urlsplit(url)
    if parts.scheme not in PROTOCOLS:
        raise UsageError(f"The shared folder must start with file:// or s3://, not '{parts.scheme or url}'.")
    try:
        files = _connected(fsspec.filesystem, parts.scheme, os.getpid(), _keys())
    except ImportError:
        raise UsageError(
            f"The shared folder {parts.scheme}:// needs the extra 'cluster'; install it with '{EXTRA}'."
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(f"The shared folder {url} cannot be used: {_line(error)}.") from None
    return files, str(files._strip_protocol(url)).rstrip("/")


@contextmanager
def _aside(place: Path) -> Iterator[Path]:
    """A place beside the wanted one; what was written there is renamed to it at the end."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f"{ASIDE}{uuid4().hex}-{place.name}"[:200])
    try:
        yield aside
        aside.chmod(0o600)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _told(url: str, name: str) -> Iterator[None]:
    """Whatever a disk, a network or a store says, as one sentence; without addresses that may hold keys."""
    try:
        yield
    except (StoreError, UsageError):
        raise
    except FileNotFoundError:
        raise StoreError(f"{url} holds no '{name}'; check 'storage' in [cluster] on every machine.") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise StoreError(f"'{name}' in {url} cannot be read or written: {_line(error)}.") from None
    except Exception as error:
        if not type(error).__module__.startswith(("botocore", "aiobotocore", "aiohttp", "s3fs", "fsspec")):
            raise
        raise StoreError(f"'{name}' in {url} cannot be reached: {_line(error)}.") from None


def _line(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error)
    lines = said.strip().splitlines()
    return lines[0].rstrip(".")[:160] if lines else type(error).__name__
