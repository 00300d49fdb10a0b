"""The people of a rehearsal: what offices put into their folders, and how they answer review sheets.

Everything is written from the truth and comes in by the inbox, as in a real week. Answers are wrong now and then, and
each week another office answers a week late.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from monitor.config import Config
from monitor.marketplaces import marketplace
from monitor.regions import area_codes, areas
from monitor.rehearsal.stage import Stage
from monitor.sandbox.handed_lists import ADDRESSES
from monitor.sandbox.history import TRAINING, write_list
from monitor.sandbox.review import answer_sheets
from monitor.sandbox.world import REGISTRY_FILE

SLIPS = 0.02  # of the answers are wrong, as people's are
KNOWN_AT_FIRST, KNOWN_LATER = 90, 12  # businesses known to sell that all offices together write down


def hand_in(stage: Stage, engine: Engine, number: int) -> int:
    """Monday of week 1, 2, ..: everything that people have for the service since the Monday before; number of files."""
    config, moving = stage.config, stage.moving
    own = config.inbox_dir / config.region.code
    written: list[Path] = []
    if number == 1:
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(stage.folder / REGISTRY_FILE, own / f"registri-{moving.as_of}.csv")
        name = f"peserta-{TRAINING.replace(' ', '_')}-{moving.held_on}.csv"
        written.append(write_list(own / name, "cohort", moving.participants()))
    if number <= moving.weeks:
        for office, rows in _by_office(config, _known(stage, number)).items():
            path = config.inbox_dir / office / f"uji-{moving.week(number)}.csv"
            written.append(write_list(path, "probe", rows))
    return len(written) + len(answer(stage, engine, number))


def _known(stage: Stage, number: int) -> list[dict[str, str]]:
    """Businesses known to sell, with a link where a marketplace's address shows the seller's name, else the id."""
    moving = stage.moving
    names: dict[tuple[str, str], str] = {}
    for shops in (moving.made.shops, moving.shown_in(number).shops):  # a seller knows a shop that is not shown yet
        keys = zip(shops["marketplace"], shops["shop_id"], strict=True)
        names |= dict(zip(keys, shops["username"], strict=True))
    slugs = {marketplace(slug).title: slug for slug in ADDRESSES}
    rows = moving.known_to_sell(number, KNOWN_AT_FIRST if number == 1 else KNOWN_LATER)
    for row in rows:
        slug = slugs.get(row["marketplace"], "")
        name = names.get((slug, row["shop_id"]))
        row["shop_url"] = ADDRESSES[slug].format(name) if name else ""
        row["shop_id"] = "" if name else row["shop_id"]
    return rows


def _by_office(config: Config, rows: Sequence[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Each office hands in the businesses of its own kab/kota; the province those whose place is not clear."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        codes = area_codes(row["area"])
        found.setdefault(codes[0] if len(codes) == 1 else config.region.code, []).append(row)
    return found


def answer(stage: Stage, engine: Engine, number: int) -> list[Path]:
    """Sheets that lie in the offices' folders and are not answered yet, answered and handed in."""
    config = stage.config
    offices = [*(area.code for area in areas()), config.region.code]
    late = offices[number % len(offices)]
    sheets = [sheet for office in offices if office != late for sheet in _waiting(config, office)]
    return _answered(stage, engine, sheets)


def _waiting(config: Config, office: str) -> list[Path]:
    inbox = config.inbox_dir / office
    return [path for path in sorted((config.outbox_dir / office).glob("periksa-*")) if not (inbox / path.name).exists()]


def _answered(stage: Stage, engine: Engine, sheets: Sequence[Path]) -> list[Path]:
    desk = stage.folder / "jawaban"
    desk.mkdir(exist_ok=True)
    copies = [Path(shutil.copy(sheet, desk / sheet.name)) for sheet in sheets]
    answer_sheets(stage.folder, engine, copies, SLIPS)
    done = []
    for sheet, copy in zip(sheets, copies, strict=True):
        inbox = stage.config.inbox_dir / sheet.parent.name
        inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        done.append(Path(shutil.copy(copy, inbox / sheet.name)))
    return done
