"""Folders as one encrypted file each, and back. Nothing is held in memory as a whole, nothing plain has a name."""

import hashlib
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyrage

from monitor.crawl.lines import told
from monitor.errors import StoreError, UsageError

CHUNK = 1 << 20


def digest_of(folder: Path) -> str:
    """Changes when a file below the folder does: names, sizes and times of change."""
    found = hashlib.sha256()
    for path in _files(folder):
        kept = path.stat()
        found.update(f"{path.relative_to(folder)}\0{kept.st_size}\0{kept.st_mtime_ns}\n".encode())
    return found.hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Watched:
    """A file as pyrage reads or writes it. What fails is kept: of an error at the end pyrage says nothing (1.4.0)."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.error: BaseException | None = None

    def read(self, wanted: int = -1) -> bytes:
        with self._kept():
            found: bytes = self.file.read(wanted)
            return found

    def write(self, data: bytes) -> int:
        with self._kept():
            return int(self.file.write(data))

    def flush(self) -> None:
        with self._kept():
            self.file.flush()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.error = self.error or error
            raise


def _through(work: Callable[..., None], source: Any, target: IO[bytes], keys: Sequence[Any]) -> None:
    """Raises what reading or writing raised as it was, else what pyrage raises."""
    coming, going = _Watched(source), _Watched(target)
    try:
        work(coming, going, keys)
        going.flush()
    finally:
        if error := going.error or coming.error:
            raise error


def lock(source: Any, target: Path, recipient: str) -> None:
    """Encrypts what `source.read` gives; `target` appears when it is whole."""
    aside = target.with_name(f".{target.name}.new")
    with _one_sentence(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 (its mode)
            _through(pyrage.encrypt_io, source, file, [pyrage.x25519.Recipient.from_str(recipient)])
            os.fsync(file.fileno())
        aside.replace(target)


def unlock(source: Path, target: IO[bytes], identity: str) -> None:
    """Decrypts into an open file, which is at its beginning afterwards.

    Raises UsageError where the key does not fit, StoreError where the file is damaged or there is no space.
    """
    keys = [pyrage.x25519.Identity.from_str(identity)]
    try:
        with source.open("rb") as file:
            _through(pyrage.decrypt_io, file, target, keys)
        target.seek(0)
    except pyrage.DecryptError as error:
        if "matching" in str(error).lower():
            raise UsageError(
                f"The key does not open {source.name}; give the one it was made with: --key FILE."
            ) from None
        raise StoreError(f"{source.name} is damaged: {error}.") from None
    except OSError as error:
        if error.errno is None:  # pyrage says so of a block that was changed or is missing
            raise StoreError(f"{source.name} is damaged: {error}.") from None
        with _one_sentence(source.with_suffix("")):
            raise


def pack(root: Path, members: Iterable[Path], target: Path, recipient: str) -> int:
    """Files (and files below folders) of `root` as one encrypted archive; their number.

    What vanishes meanwhile is left out. Unencrypted the archive lies nowhere.
    """
    archive = _Archive(root, members)
    lock(archive, target, recipient)
    return archive.count


class _Archive:
    """A tar archive that is made while it is read."""

    def __init__(self, root: Path, members: Iterable[Path]) -> None:
        self.count = 0
        self._blocks = self._all(root, members)
        self._rest = memoryview(b"")

    def read(self, wanted: int) -> bytes:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = memoryview(block)
        found, self._rest = self._rest[:wanted], self._rest[wanted:]
        return bytes(found)

    def _all(self, root: Path, members: Iterable[Path]) -> Iterator[bytes]:
        for member in members:
            for path in _files(member) if member.is_dir() else [member]:
                yield from self._one(root, path)
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _one(self, root: Path, path: Path) -> Iterator[bytes]:
        """A crawl may be writing this very file: as many bytes as it has now, zeros where it becomes shorter."""
        with told(path), suppress(FileNotFoundError), path.open("rb") as file:
            kept = os.fstat(file.fileno())
            about = tarfile.TarInfo(str(path.relative_to(root)))
            about.size, about.mtime, about.mode = kept.st_size, kept.st_mtime, stat.S_IMODE(kept.st_mode)
            self.count += 1
            yield about.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
            left = about.size
            while left:
                block = file.read(min(CHUNK, left)) or bytes(min(CHUNK, left))
                left -= len(block)
                yield block
            yield bytes(-about.size % tarfile.BLOCKSIZE)


def unpack(source: Path, root: Path, identity: str) -> int:
    """Writes the files of an archive below `root`; their number. Names that lead elsewhere are refused.

    Nothing is written before the whole archive was decrypted, into a file without a name.
    """
    with _one_sentence(root):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        plain = tempfile.TemporaryFile(dir=root)  # noqa: SIM115 (closed below)
    with plain:
        unlock(source, plain, identity)
        try:
            with _one_sentence(root), tarfile.open(fileobj=plain) as archive:
                members = archive.getmembers()
                if not all(member.isreg() for member in members):
                    raise tarfile.ReadError("it holds something else than files")
                archive.extractall(root, members=members, filter="data")
        except tarfile.TarError as error:
            raise StoreError(f"{source.name} is damaged: {error}.") from None
    return len(members)


@contextmanager
def _one_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written: {error.strerror or error}; the backups of before are whole."
        ) from None
