"""Folders as one encrypted file each, and back. Nothing is held in memory as a whole."""

import hashlib
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyrage

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


def lock_file(source: Path, target: Path, recipient: str) -> None:
    """Encrypts a file; `target` appears when it is whole."""
    aside = target.with_name(f".{target.name}.new")
    with _one_sentence(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pyrage.encrypt_file(str(source), str(aside), [pyrage.x25519.Recipient.from_str(recipient)])
        aside.chmod(0o600)
        aside.replace(target)


def unlock_file(source: Path, target: Path, identity: str) -> None:
    """Raises UsageError where the key does not fit, StoreError where the file is damaged."""
    try:
        with _one_sentence(target):
            pyrage.decrypt_file(str(source), str(target), [pyrage.x25519.Identity.from_str(identity)])
    except pyrage.DecryptError as error:
        if "matching" in str(error).lower():
            raise UsageError(
                f"The key does not open {source.name}; give the one it was made with: --key FILE."
            ) from None
        raise StoreError(f"{source.name} is damaged: {error}.") from None


def pack(root: Path, members: Iterable[Path], target: Path, recipient: str) -> int:
    """Files (and files below folders) of `root` as one encrypted archive; their number.

    What vanishes meanwhile is left out.
    """
    count = 0
    with tempfile.TemporaryDirectory(dir=_aside(target.parent)) as work:
        plain = Path(work) / "plain.tar"
        with _one_sentence(target), tarfile.open(plain, "w") as archive:
            for path in _all_files(members):
                count += _add(archive, root, path)
        lock_file(plain, target, recipient)
    return count


def _all_files(members: Iterable[Path]) -> Iterator[Path]:
    for member in members:
        yield from _files(member) if member.is_dir() else [member]


def _add(archive: tarfile.TarFile, root: Path, path: Path) -> int:
    """A crawl may be writing this very file: only as many bytes as it has now, so that the archive stays whole."""
    try:
        with path.open("rb") as file:
            about = archive.gettarinfo(arcname=str(path.relative_to(root)), fileobj=file)
            about.uid = about.gid = 0
            about.uname = about.gname = ""
            archive.addfile(about, _Padded(file, about.size))  # type: ignore[arg-type]
    except FileNotFoundError:
        return 0
    return 1


class _Padded:
    """Exactly `size` bytes of a file, zeros where it became shorter meanwhile."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.left = file, size

    def read(self, wanted: int) -> bytes:
        wanted = min(wanted, self.left)
        found = self.file.read(wanted)
        self.left -= wanted
        return found.ljust(wanted, b"\0")


def unpack(source: Path, root: Path, identity: str) -> int:
    """Writes the files of an archive below `root`; their number. Names that lead elsewhere are refused."""
    with tempfile.TemporaryDirectory(dir=_aside(root)) as work:
        plain = Path(work) / "plain.tar"
        unlock_file(source, plain, identity)
        try:
            with _one_sentence(root), tarfile.open(plain) as archive:
                members = archive.getmembers()
                archive.extractall(root, members=members, filter="data")
        except tarfile.TarError as error:
            raise StoreError(f"{source.name} is damaged: {error}.") from None
    return len(members)


def _aside(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextmanager
def _one_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written: {error.strerror or error}; the backups of before are whole."
        ) from None
