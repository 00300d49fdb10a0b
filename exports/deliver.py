"""Each office's part of a report into data/outbox/<office>/: all of its files or none, once the report is in place."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from sqlalchemy import Engine

from monitor.access import log_access
from monitor.config import Config
from monitor.database import transaction
from monitor.errors import StoreError

PURPOSE = "pembinaan UMKM oleh kantor wilayah"


def deliver(engine: Engine, config: Config, week: str, files: Mapping[str, tuple[bytes, str | None]]) -> list[Path]:
    """Writes what is not there yet; the paths written. files: name in the report -> content, office whose alone it is.

    Every office gets the bulletin, the province the workbook too. What was written with names is noted in the access
    log. Raises StoreError; then the office's folder is as it was, and those before it have their part.
    """
    offices = [config.region.code, *sorted({office for _, office in files.values() if office} - {config.region.code})]
    written: list[Path] = []
    for office in offices:
        own = _part(config, week, office, files)
        if not own:
            continue
        folder = config.outbox_dir / office
        _settle(folder, own)
        changed = {name: body for name, body in own.items() if not _same(folder / name, body)}
        # Noted first: whoever is killed in between has noted too much, never handed over names unnoted.
        if any(named_file(week, name) in changed for name in _named(files, office)):
            with transaction(engine) as connection:
                log_access(connection, f"report {week}", office, PURPOSE)
        written += _put(folder, changed)
    return written


def _named(files: Mapping[str, tuple[bytes, str | None]], office: str) -> list[str]:
    return [name for name, (_, whose) in files.items() if whose == office and name.startswith("kabkota/")]


def named_file(week: str, name: str) -> str:
    """'kabkota/3602-kabupaten-lebak.xlsx' -> '3602-kabupaten-lebak-2026-W47.xlsx': weeks lie side by side there."""
    path = PurePosixPath(name)
    return f"{path.stem}-{week}{path.suffix}"


def _part(config: Config, week: str, office: str, files: Mapping[str, tuple[bytes, str | None]]) -> dict[str, bytes]:
    """File name in the outbox -> content. The review sheet lies there already, or the office has taken it."""
    part = {named_file(week, name): files[name][0] for name in _named(files, office)}
    for name, (body, whose) in files.items():
        is_bulletin = name.startswith(("buletin-", "sekilas-", "pesan-"))
        is_workbook = office == config.region.code and name == f"kehadiran-{week}.xlsx"
        if whose is None and (is_bulletin or is_workbook):
            part[name] = body
    return part


def _settle(folder: Path, names: Iterable[str]) -> None:
    """What a killed run moved aside comes back where nothing took its place, and goes where something did."""
    for name in names:
        before = folder / f".{name}.before"
        with suppress(OSError):  # then `_put` says what is wrong with the folder
            if before.exists() and not (folder / name).exists():
                before.rename(folder / name)
            before.unlink(missing_ok=True)
            (folder / f".{name}.part").unlink(missing_ok=True)


def _put(folder: Path, changed: Mapping[str, bytes]) -> list[Path]:
    """All files or none: each is written aside first, then they are moved over the old ones."""
    asides = {name: folder / f".{name}.part" for name in changed}
    kept: dict[str, Path] = {}
    moved: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, body in changed.items():
            _write(asides[name], body)
        for name in changed:
            if (folder / name).exists():
                kept[name] = (folder / name).rename(folder / f".{name}.before")
            moved.append(asides[name].rename(folder / name))
    except OSError as error:
        for path in [*moved, *asides.values()]:
            path.unlink(missing_ok=True)
        for name, path in kept.items():
            path.replace(folder / name)
        raise StoreError(
            f"The folder {folder} cannot be written: {error.strerror or error}; the report is in place, this office "
            "has its files of before. Mend that, then run 'report' again."
        ) from None
    for path in kept.values():
        path.unlink(missing_ok=True)
    return [folder / name for name in changed]


def _same(path: Path, body: bytes) -> bool:
    try:
        return path.is_file() and path.read_bytes() == body
    except OSError:
        return False


def _write(path: Path, body: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
