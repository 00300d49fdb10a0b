"""Files that lie in `data/inbox/<office>/`: taken in by `week`, answered in Indonesian in `data/outbox/<office>/`.

What a file is, its name says:
registri-2026-11-01.xlsx              a registry part of this office, as of that date (no date: the file's own)
tokopedia-2026-11-20-lengkap.csv      a complete feed of a marketplace, observed on that date (or -sebagian: partial)
periksa-....xlsx                      answered review sheets
uji-....xlsx                          businesses known to sell (probe)
peserta-<program>-2026-10-14.xlsx     participants of a training held that day; daftar-<name>-...: any other list
audit-....xlsx                        the answered sheet of the registry audit
Files stay where they are, since an office's file sharing owns the folder; the same content is taken once. Registry
parts are taken first, since the small lists are read against them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from exports.wording import day, number
from monitor import regions
from monitor.config import Config
from monitor.database import transaction
from monitor.database_errors import sentence_of
from monitor.errors import MonitorError, StoreError
from monitor.feed.handover import hand_over
from monitor.marketplaces import catalogue
from monitor.registry.importing import RejectedPartError, import_part
from monitor.registry.report import ImportReport
from monitor.registry.report import receipt as registry_receipt
from monitor.registry.snapshots import current_snapshot
from monitor.run_log import chain_of, note
from monitor.runs import recorded
from monitor.text import safe_terminal
from monitor.verbs.answers import Answer, forget_begun, is_known, sha256_of, unsent
from monitor.verbs.lists import receipt_text
from monitor.verbs.review import receipt_text as sheet_text
from monitor.weeks import utc_now
from pipelines.audit_import import import_audit
from pipelines.cohort_import import import_cohort
from pipelines.handed_lists import ListReceipt
from pipelines.judge import Receipt as SheetReceipt
from pipelines.judge import import_sheet
from pipelines.probe_import import import_probes
from pipelines.rematch import rematch

_DATE = r"(?P<date>\d{4}-\d{2}-\d{2})"
_FEED = re.compile(rf"(?P<slug>[a-z][a-z0-9_]*)-{_DATE}-(?P<coverage>lengkap|sebagian)\.\w+")
_REGISTRY = re.compile(rf"registri(?:-{_DATE})?.*\.(?:csv|tsv|txt|xlsx|parquet)", re.IGNORECASE)
_REVIEW = re.compile(r"periksa.*\.(?:xlsx|csv)", re.IGNORECASE)
_PROBE = re.compile(r"(?:daftar[-_ ])?uji(?![a-z]).*\.(?:csv|tsv|txt|xlsx|parquet)", re.IGNORECASE)
_AUDIT = re.compile(r"audit(?![a-z]).*\.(?:csv|xlsx)", re.IGNORECASE)
_COHORT = re.compile(
    rf"(?P<kind>peserta|daftar)[-_ ](?P<name>.+?)[-_ ]{_DATE}(?:[ _(].*)?\.(?:csv|tsv|txt|xlsx|parquet)", re.IGNORECASE
)
_COHORT_KINDS = {"peserta": "training", "daftar": "list"}
NOT_RECOGNISED = (
    "Berkas ini belum dikenali. Beri nama 'registri-TTTT-BB-HH.xlsx' untuk daftar UMKM, "
    "'<lokapasar>-TTTT-BB-HH-lengkap.csv' atau '-sebagian.csv' untuk data serahan, "
    "'peserta-<program>-TTTT-BB-HH.xlsx' untuk peserta pelatihan, 'daftar-<nama>-TTTT-BB-HH.xlsx' untuk daftar lain "
    "(pemegang sertifikat, penyedia), 'uji-<kantor>.xlsx' untuk daftar uji, dan biarkan nama lembar periksa dan lembar "
    "audit seperti ketika dikirim."
)
Keep = Callable[[Connection, str], None]  # keeps the receipt, in the transaction that keeps what it tells of
Work = Callable[[Keep], str]
WAITS = "Registri UMKM belum ada, sehingga berkas ini belum dapat dicocokkan. Berkas disimpan dan akan dibaca kembali."


@dataclass(frozen=True)
class Taken:
    """One file of an inbox and what became of it."""

    office: str
    file: str
    kind: str
    outcome: str  # accepted, returned, or waits (for a registry; read again by the next run)


class _WaitsError(MonitorError):
    """The file can only be read once there is a registry."""


def take_in(engine: Engine, config: Config) -> list[Taken]:
    """Imports every new file of every office; a file that cannot be used is answered and does not stop the others."""
    late = list(unsent(engine, config))
    found = list(_new_files(engine, config))
    lists = [_take(engine, config, *one) for one in found if _REGISTRY.fullmatch(one[1].name)]
    lists += [(Taken(one.office, safe_terminal(one.answer.name), one.kind, one.outcome), one.answer) for one in late]
    if any((one.kind, one.outcome) == ("registry", "accepted") for one, _ in lists):
        rematch(engine)  # rows of earlier lists may be in this registry
    for _, answer in lists:
        answer.send()
    others = []
    for one in found:
        if not _REGISTRY.fullmatch(one[1].name):
            taken, answer = _take(engine, config, *one)
            answer.send()
            others.append(taken)
    forget_begun(config)
    return [*(taken for taken, _ in lists), *others]


def _new_files(engine: Engine, config: Config) -> Iterator[tuple[str, Path]]:
    for office, folder in _folders(config):
        if office not in _offices(config):
            continue
        for path in sorted(folder.iterdir()):
            # A link can lead to what other offices were sent, and to keys.
            ready = path.is_file() and not path.is_symlink() and not path.name.startswith((".", "~$"))
            if ready and not is_known(engine, office, path):
                yield office, path


def unknown_folders(config: Config) -> list[str]:
    """Folders of the inbox that belong to no office."""
    return [safe_terminal(folder.name) for office, folder in _folders(config) if office not in _offices(config)]


def _folders(config: Config) -> list[tuple[str, Path]]:
    """Office kode (without dots) and folder; hidden folders are the file sharing's own."""
    if not config.inbox_dir.is_dir():
        return []
    found = sorted(path for path in config.inbox_dir.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [(path.name.replace(".", ""), path) for path in found]


def _offices(config: Config) -> set[str]:
    return {config.region.code, *(area.code for area in regions.areas())}


def _take(engine: Engine, config: Config, office: str, path: Path) -> tuple[Taken, Answer]:
    """What became of the file, and its receipt, which lies aside."""
    answer = Answer(config.outbox_dir / office, path.name)
    kind, work = _recognise(engine, config, office, path)
    row = {"file_sha256": sha256_of(office, path), "kind": kind, "office": office, "outcome": "accepted"}

    def keep(connection: Connection, receipt: str) -> None:
        answer.keep(connection, row | {"receipt": receipt})

    try:
        receipt = work(keep)
        row["outcome"] = "accepted" if kind != "unknown" else "returned"
    except StoreError:
        raise  # nothing is wrong with the file; the next run takes it
    except _WaitsError:
        answer.write(WAITS)
        return Taken(office, safe_terminal(path.name), kind, "waits"), answer
    except MonitorError as error:
        receipt, row["outcome"] = _returned(error, _now(config)), "returned"
    except Exception as error:
        if sentence_of(error):
            raise  # of the disk or the database
        note("unexpected", errors=chain_of(error))
        raise StoreError(  # whoever is to go on without the file has to know which it is
            f"{office}/{safe_terminal(path.name)} in the inbox met an unexpected {type(error).__name__}; move it out "
            "of the inbox and report it, then run the same command again."
        ) from error
    if not is_known(engine, office, path):
        with transaction(engine) as connection:
            keep(connection, receipt)
    return Taken(office, safe_terminal(path.name), kind, row["outcome"]), answer


def _recognise(engine: Engine, config: Config, office: str, path: Path) -> tuple[str, Work]:
    if found := _FEED.fullmatch(path.name):
        if found["slug"] in catalogue():
            told = (found["slug"], found["date"], found["coverage"] == "lengkap")
            return "feed", partial(_feed, config, path, *told, Answer(config.outbox_dir / office, path.name))
    elif _REVIEW.fullmatch(path.name):
        return "review", partial(_review, engine, config, path)
    elif _PROBE.fullmatch(path.name):
        return "probe", partial(_list, engine, config, office, "probe", partial(import_probes, path=path))
    elif _AUDIT.fullmatch(path.name):
        return "audit", partial(_list, engine, config, office, "audit", partial(import_audit, path=path))
    elif found := _COHORT.fullmatch(path.name):
        name, kind = found["name"].replace("_", " ").replace("-", " "), _COHORT_KINDS[found["kind"].lower()]
        work = partial(import_cohort, path=path, name=name, held_on=found["date"], kind=kind)
        return "cohort", partial(_list, engine, config, office, "cohort", work)
    elif found := _REGISTRY.fullmatch(path.name):
        as_of = found["date"] or datetime.fromtimestamp(path.stat().st_mtime, config.region.zone).date().isoformat()
        return "registry", partial(_registry, engine, config, path, as_of, office)
    return "unknown", lambda _: NOT_RECOGNISED


def _registry(engine: Engine, config: Config, path: Path, as_of: str, office: str, keep: Keep) -> str:
    def also(connection: Connection, report: ImportReport) -> None:
        keep(connection, registry_receipt(report, _now(config)))

    with recorded(engine, "registry", subject=office):
        report = import_part(engine, config, path, as_of, office, also=also)
    return registry_receipt(report, _now(config))


def _list(engine: Engine, config: Config, office: str, kind: str, work: Callable[..., ListReceipt], keep: Keep) -> str:
    """Takes in one of the small lists, which are read against the registry; its receipt."""
    with engine.connect() as connection:
        if current_snapshot(connection) is None:
            raise _WaitsError

    def also(connection: Connection, receipt: ListReceipt) -> None:
        keep(connection, receipt_text(config, receipt))

    with recorded(engine, f"{kind} import", subject=office):
        return receipt_text(config, work(engine=engine, config=config, office=office, also=also))


def _review(engine: Engine, config: Config, path: Path, keep: Keep) -> str:
    def also(connection: Connection, receipt: SheetReceipt) -> None:
        keep(connection, sheet_text(config, receipt))

    return sheet_text(config, import_sheet(engine, path, also=also))


def _returned(error: MonitorError, at: datetime) -> str:
    """The Indonesian answer to a file of which nothing was taken."""
    if isinstance(error, RejectedPartError):
        return f"Berkas belum dapat diterima; tidak ada baris yang disimpan. {registry_receipt(error.report, at)}"
    said = getattr(error, "pesan", None)
    if said is None:
        said = f"Isinya belum dapat dibaca; mohon periksa kembali lalu kirim ulang. Keterangan untuk operator: {error}"
    return f"Berkas belum dapat diterima. {said}"


def _feed(config: Config, path: Path, slug: str, observed_on: str, complete: bool, answer: Answer, _: Keep) -> str:
    """A feed is kept as a directory; its counts are read there again when a run before this one was killed after it."""
    was_begun = answer.begin()
    report = hand_over(config, path, slug, observed_on, complete)
    returned = f", {number(report.returned)} baris dikembalikan" if report.returned else ""
    counts = (
        f"{number(report.row_count)} baris, {number(report.shop_count)} toko, {number(report.listing_count)} produk "
        f"tayang{returned}"
    )
    if not report.is_new and not was_begun:
        return f"Isi berkas ini sudah pernah diterima ({counts}); tidak ada yang berubah. Terima kasih."
    at = _now(config)
    return f"Diterima {day(at.date())} pukul {at:%H.%M} {at:%Z}: {counts}. Terima kasih."


def _now(config: Config) -> datetime:
    return utc_now().astimezone(config.region.zone)
