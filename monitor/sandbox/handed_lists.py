"""What offices of the practice world hand in besides sheets: who they know to sell, and who took part in a training.

Drawn from the truth, never from a crawl, and written as people would: the registry's own spelling, a link where a
marketplace's address shows the seller's name, else the id. The files go into the inbox and come in by the same door as
those of real offices.
"""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from monitor.errors import StoreError
from monitor.handed_rows import title_of
from monitor.marketplaces import marketplace
from monitor.regions import area_codes
from monitor.sandbox.draws import Draws
from monitor.sandbox.world import REGISTRY_FILE, SHOPS_FILE, read_settings, read_truth
from monitor.weeks import week_days, week_of_date

KNOWN_TO_SELL = 90  # businesses in the lists of all offices together; of the usual world about four in ten that sell
MORE_A_WEEK, MOST_MORE = 6, 60  # that offices come to know in every week after the one in which the world begins
PARTICIPANTS, OF_THEM_SELLING = 70, 45
TRAINING = "pelatihan berjualan daring"
OWN_FORM = 0.25  # of participants in those lists, whose link came by the training's own form
HAS_NIB = 0.5  # rows on which the office also writes the NIB
ADDRESSES = {"tokopedia": "https://www.tokopedia.com/{}", "shopee": "https://shopee.co.id/{}"}
_SOURCES = ("kunjungan", "formulir izin", "pameran")
_WRITTEN = {
    "business_name": "NAMA USAHA",
    "owner_name": "NAMA PEMILIK",
    "district": "KECAMATAN",
    "area": "KAB/KOTA",
}
Row = dict[str, str]


def hand_in(folder: Path, inbox: Path, week: str, province: str) -> list[Path]:
    """Writes the offices' lists for `week` below `inbox`, one folder an office; the same world gives the same bytes.

    Every week the same businesses are asked again, so that practice weeks compare, and a few more that offices have
    come to know since the world began. folder: of the world. Raises InputError where there is none, StoreError where it
    cannot be written.
    """
    settings = read_settings(folder)
    seed = int(settings["seed"])
    registry, sellers = _registry(folder), _sellers(folder)
    taking_part = _participants(Draws(seed, "participants"), registry, sellers)
    number = KNOWN_TO_SELL + _more(date.fromisoformat(settings["today"]), week)
    lists = _known_to_sell(Draws(seed, "known to sell"), registry, sellers, taking_part, number, week, province)
    held_on = (date.fromisoformat(settings["today"]) - timedelta(days=30)).isoformat()
    written = [_write(inbox / office / f"uji-latihan-{week}.csv", "probe", rows) for office, rows in lists.items()]
    name = f"peserta-{TRAINING.replace(' ', '_')}-{held_on}.csv"
    people = [_person(registry, source) for source in taking_part]
    return [*written, _write(inbox / province / name, "cohort", people)]


def _more(begun: date, week: str) -> int:
    """How many businesses more than in the first week offices know by now."""
    weeks = (week_days(week)[0] - week_days(week_of_date(begun))[0]).days // 7
    return min(max(weeks, 0) * MORE_A_WEEK, MOST_MORE)


def _registry(folder: Path) -> dict[str, Row]:
    frame = pd.read_csv(folder / REGISTRY_FILE, dtype=str, keep_default_na=False)
    rows: list[Row] = frame.to_dict("records")
    return {row["ID"]: row for row in rows}


def _sellers(folder: Path) -> dict[str, list[Row]]:
    """source_id -> its shops, marketplace, shop_id and username each; ordered, whether or not any site shows them."""
    keys = ["marketplace", "shop_id"]
    names = pd.read_parquet(folder / SHOPS_FILE, columns=[*keys, "username"])
    shops: DataFrame = read_truth(folder).merge(names, on=keys)
    found: dict[str, list[Row]] = {}
    for row in shops[shops["source_id"] != ""].sort_values(["source_id", *keys]).to_dict("records"):
        found.setdefault(row["source_id"], []).append(row)
    return found


def _participants(draws: Draws, registry: Mapping[str, Row], sellers: Mapping[str, object]) -> list[str]:
    """Businesses that took part, more of them sellers than anywhere else."""
    selling, others = sorted(sellers), sorted(set(registry) - set(sellers))
    draws.shuffle(selling)
    draws.shuffle(others)
    chosen = selling[:OF_THEM_SELLING] + others[: PARTICIPANTS - OF_THEM_SELLING]
    draws.shuffle(chosen)
    return chosen


def _known_to_sell(
    draws: Draws,
    registry: Mapping[str, Row],
    sellers: Mapping[str, Sequence[Row]],
    taking_part: Sequence[str],
    number: int,
    week: str,
    province: str,
) -> dict[str, list[Row]]:
    """Office -> rows of its list, dated in the week before, so that they count without a check."""
    chosen = sorted(sellers)
    draws.shuffle(chosen)
    monday = week_days(week)[0]
    lists: dict[str, list[Row]] = {}
    for source in chosen[:number]:
        by_form = source in taking_part and draws.chance(OWN_FORM)
        own = registry[source]
        row = _person(registry, source) | _shop(draws.pick(sellers[source]))
        row |= {"nib": own["NIB"] if draws.chance(HAS_NIB) else "", "cohort": TRAINING if by_form else ""}
        row["source"] = "formulir pelatihan" if by_form else draws.pick(_SOURCES)
        row["collected_on"] = (monday - timedelta(days=draws.between(1, 7))).isoformat()
        areas = area_codes(own["KAB/KOTA"])
        lists.setdefault(areas[0] if len(areas) == 1 else province, []).append(row)
    return {office: lists[office] for office in sorted(lists)}


def _person(registry: Mapping[str, Row], source: str) -> Row:
    return {name: registry[source][column] for name, column in _WRITTEN.items()}


def _shop(shop: Row) -> Row:
    """The shop as an office would write it."""
    address = ADDRESSES.get(shop["marketplace"])
    by_id = {"marketplace": marketplace(shop["marketplace"]).title, "shop_id": "" if address else shop["shop_id"]}
    return by_id | {"shop_url": address.format(shop["username"]) if address else ""}


def _write(path: Path, kind: str, rows: Sequence[Row]) -> Path:
    fields = list(rows[0])
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file, delimiter=";", lineterminator="\r\n")
            table.writerow(title_of(kind, field) for field in fields)
            table.writerows([row[field] for field in fields] for row in rows)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path
