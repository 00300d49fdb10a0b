"""Facts of the situations of the wording: first week, normal week, two marketplaces refused. All figures invented."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from exports.facts import Facts, Figure, MarketplaceState, PastWeek
from monitor.config import Config, Office, load_config
from monitor.regions import areas
from monitor.sectors import SECTOR_NAMES
from monitor.weeks import shift_week, week_days

REGISTERED = 798_412
OFFICE = Office(
    name="Dinas Koperasi, Usaha Kecil, dan Menengah Provinsi Banten",
    contact="umkm@bantenprov.example",
    signatory="Kepala Bidang Usaha Kecil",
)
READ = (
    ("tokopedia", "Tokopedia", "general"),
    ("blibli", "Blibli", "general"),
    ("plaza_banten", "Plaza Banten", "government"),
    ("rumah_sikum", "Rumah Sikum", "government"),
    ("inaproc", "Katalog Elektronik", "government"),
    ("gofood", "GoFood", "food"),
    ("grabfood", "GrabFood", "food"),
    ("jakmall", "JakMall", "general"),
    ("etsy", "Etsy", "export"),
)
MORE = (("own_shop", "Toko sendiri", "general"),)
REFUSING = (("shopee", "Shopee", "general"), ("lazada", "Lazada", "general"))
NEVER_OPEN = (
    ("tiktok_shop", "TikTok Shop", "social"),
    ("facebook", "Facebook", "social"),
    ("instagram", "Instagram", "social"),
    ("whatsapp", "WhatsApp", "social"),
)
AREA_SHARES = (0.12, 0.09, 0.24, 0.08, 0.21, 0.06, 0.05, 0.15)
SECTOR_SHARES = (0.34, 0.17, 0.12, 0.1, 0.08, 0.07, 0.05, 0.04)


def config_of(folder: Path) -> Config:
    return replace(load_config({"MONITOR_DATA_DIR": str(folder)}), office=OFFICE)


def place(entry: tuple[str, str, str], state: str, **more: Any) -> MarketplaceState:
    slug, title, kind = entry
    used = state in ("measured", "fed", "partial", "carried")
    given: dict[str, Any] = {
        "cause": None, "note": None, "source_week": None, "source_on": None, "covered": used,
        "shop_count": 5 * (len(title) ** 2 + 11 * len(slug)) if used else None, "before": None,
    }  # fmt: skip
    return MarketplaceState(slug=slug, title=title, kind=kind, state=state, **{**given, **more})


def published(value: float, low: float | None = None, high: float | None = None, grade: str | None = None) -> Figure:
    return Figure("published", value, low, high, grade)


def first_week(config: Config) -> Facts:
    """Wording 4.1: no test list yet, review just begun."""
    week = "2026-W47"
    places = (
        *(place(entry, "measured", source_week=week, source_on=week_days(week)[1]) for entry in READ),
        *(place(entry, "refused", cause="refused") for entry in REFUSING),
        *(place(entry, "not_open") for entry in NEVER_OPEN),
    )
    province: dict[str, Figure] = {
        name: Figure("not_available", None, reason="too_few_probes") for name in ("E1", "E2")
    }
    province |= {"E8": published(38), "D": published(1940)}
    figures = {(name, "province", "36"): figure for name, figure in province.items()}
    figures |= _shared("D", 1940) | _hidden("E8")
    counts = dict(zip((entry[0] for entry in READ), (1210, 240, 310, 60, 90, 350, 280, 45, 15), strict=True))
    figures |= {("D", "marketplace", slug): published(count) for slug, count in counts.items()}
    figures |= {("E8", "marketplace", slug): Figure("suppressed", None) for slug in counts}
    reviews = {"ya": 38, "tidak": 17, "tidak tahu": 5, "open": 14}
    return _facts(config, week, 1, week, places, figures, judged=60, probes=6, reviews=reviews)


def normal_week(config: Config) -> Facts:
    """Wording 4.2: no change that is sure; twelve marketplaces read, Shopee and Lazada by handed-over files."""
    week = "2027-W12"
    made = {"source_week": week, "source_on": week_days(week)[1]}
    places = (
        *(place(entry, "measured", before="measured", **made) for entry in (*READ, *MORE)),
        *(place(entry, "fed", before="fed", **made) for entry in REFUSING),
        *(place(entry, "not_open", before="not_open") for entry in NEVER_OPEN),
    )
    province = {
        "E1": published(6200, 5300, 7300, "B"),
        "E2": published(0.00777, 0.00664, 0.00914, "B"),
        "E6_1": published(20, -60, 100),
        "E6_4": published(90, -40, 220),
        "E7_IN": published(110, 60, 170),
        "E7_OUT": published(90, 50, 140),
        "FOUND": published(240),
        "E8": published(1312),
        "D": published(2105),
        "E9": published(0.58, 0.5, 0.66),
        "ELSEWHERE": published(0.1, 0.06, 0.16),
    }
    figures = {(name, "province", "36"): figure for name, figure in province.items()}
    figures |= _levels() | _shared("D", 2105) | _shared("E8", 1312) | _by_marketplace() | _programme()
    before, reviews = (date(2026, 11, 1), REGISTERED), {"ya": 1312, "tidak": 640, "open": 14}
    more = {"judged": 1480, "probes": 214, "reviews": reviews, "history": _history(week, 20), "before": before}
    return _facts(config, week, 12, "2026-W47", places, figures, **more)


def refused_week(config: Config) -> Facts:
    """Wording 4.3: Shopee and Lazada had figures until the week before."""
    normal, week = normal_week(config), "2027-W13"
    then = {"source_week": "2027-W12", "source_on": week_days("2027-W12")[1]}
    made = {"source_week": week, "source_on": week_days(week)[1]}
    places = tuple(
        replace(item, state="carried", cause="refused", before="fed", **then)
        if item.slug in ("shopee", "lazada")
        else replace(item, before=item.state, **(made if item.in_use else {}))
        for item in normal.marketplaces
    )
    province = {
        "E1": Figure("carried", 6200, 5200, 7500, "B"),
        "E2": Figure("carried", 0.00777, 0.00651, 0.00939, "B"),
        "E6_1": published(-10, -90, 70),
        "E6_4": Figure("not_available", None, reason="no_panel"),
    }
    figures = {**normal.figures, **{(name, "province", "36"): figure for name, figure in province.items()}}
    figures |= {
        (name, "marketplace", slug): replace(normal.figure(name, "marketplace", slug), status="carried")
        for name in ("E3", "E8", "D")
        for slug in ("shopee", "lazada")
    }
    kept = ("E1", "E2", "E6_1", "E6_4")
    before = PastWeek("2027-W12", {name: normal.province(name) for name in kept}, 12)
    return replace(normal, week=week, issue=13, marketplaces=places, figures=figures, history=(*normal.history, before))


def never_measured(config: Config) -> Facts:
    """The same two were never read: nothing can be carried."""
    normal = normal_week(config)
    places = tuple(
        replace(item, state="refused", cause="refused", before="refused", covered=False, shop_count=None)
        if item.slug in ("shopee", "lazada")
        else item
        for item in normal.marketplaces
    )
    gone = Figure("not_available", None, reason="refused")
    figures = {**normal.figures, ("ELSEWHERE", "province", "36"): published(0.46, 0.36, 0.56)}
    figures |= {(name, "marketplace", slug): gone for name in ("E3", "E8", "D") for slug in ("shopee", "lazada")}
    return replace(normal, marketplaces=places, figures=figures)


SITUATIONS = {"pertama": first_week, "biasa": normal_week, "ditolak": refused_week}


# --- parts ----------------------------------------------------------------------------------------------------------


def _facts(
    config: Config, week: str, issue: int, first: str, places: tuple[MarketplaceState, ...], figures: Any, **more: Any
) -> Facts:
    codes = {area.code: area.name for area in areas()}
    counts = _split(REGISTERED, AREA_SHARES, list(codes)) | {"?": 0}
    registry = {("province", "36"): REGISTERED} | {("area", code): count for code, count in counts.items()}
    shares = [*SECTOR_SHARES, *[0.0] * (len(SECTOR_NAMES) - len(SECTOR_SHARES))]
    registry |= {("sector", code): n for code, n in _split(REGISTERED, shares, list(SECTOR_NAMES)).items()}
    return Facts(
        config=config, week=week, practice=False, first_week=first, issue=issue, snapshot_id="s1",
        registry_as_of=date(2026, 11, 1), registry_total=REGISTERED, business_rows=REGISTERED + 1204,
        model_version="evidence-2", method_version="2", judged=more["judged"], probes=more["probes"], digest="d",
        areas=codes, sectors=dict(SECTOR_NAMES), figures=figures, registry=registry, marketplaces=places, crawls=(),
        reviews=more["reviews"], parts=(), history=more.get("history", ()), registry_before=more.get("before"),
    )  # fmt: skip


def _split(total: int, shares: Any, codes: list[str]) -> dict[str, int]:
    """Whole numbers that add up, the last code takes what is left."""
    found = {code: round(total * share) for code, share in zip(codes, shares, strict=True)}
    last = max(found, key=lambda code: found[code])
    found[last] += total - sum(found.values())
    return found


def _shared(estimand: str, total: int) -> dict[tuple[str, str, str], Figure]:
    """Counts of areas and sectors that add up to the province."""
    found = {}
    shares = [*SECTOR_SHARES, *[0.0] * (len(SECTOR_NAMES) - len(SECTOR_SHARES))]
    for kind, codes, parts in (
        ("area", [area.code for area in areas()], AREA_SHARES),
        ("sector", list(SECTOR_NAMES), shares),
    ):
        found |= {(estimand, kind, code): published(count) for code, count in _split(total, parts, codes).items()}
    return found


def _hidden(estimand: str) -> dict[tuple[str, str, str], Figure]:
    return {
        (estimand, kind, code): Figure("suppressed", None)
        for kind, codes in (("area", [area.code for area in areas()]), ("sector", list(SECTOR_NAMES)))
        for code in codes
    }


def _levels() -> dict[tuple[str, str, str], Figure]:
    """Estimates of areas and sectors; two areas have one only together, one sector has none."""
    found: dict[tuple[str, str, str], Figure] = {}
    rows = {
        "3601": (520, 380, 700, "C"), "3602": (530, 410, 690, "C"), "3603": (1550, 1270, 1890, "B"),
        "3604": (480, 350, 660, "C"), "3671": (1360, 1120, 1650, "B"), "3672": None, "3673": None,
        "3674": (990, 800, 1230, "B"), "3672+3673": (640, 500, 820, "B"),
    }  # fmt: skip
    for code, row in rows.items():
        missing = Figure("not_available", None, reason="too_few_probes")
        found["E1", "area", code] = published(*row) if row else missing
        found["E2", "area", code] = published(*(end / 96_000 for end in row[:3]), row[3]) if row else missing
    for at, (code, share) in enumerate(zip(SECTOR_NAMES, SECTOR_SHARES, strict=False)):
        value = 6200 * share
        figure = published(round(value, -1), round(value * 0.76, -1), round(value * 1.31, -1), "B" if at < 4 else "C")
        found["E1", "sector", code] = figure
    return found


def _by_marketplace() -> dict[tuple[str, str, str], Figure]:
    levels = {
        "tokopedia": (3900, 3300, 4600, "B"), "shopee": (2400, 1900, 3100, "B"), "lazada": (890, 650, 1220, "C"),
        "blibli": (640, 470, 880, "C"), "plaza_banten": (760, 690, 850, "A"), "gofood": (1200, 930, 1550, "B"),
        "grabfood": (910, 680, 1210, "C"), "inaproc": (310, 230, 420, "C"),
    }  # fmt: skip
    counts = {"tokopedia": (780, 1240), "shopee": (410, 760), "lazada": (120, 260), "blibli": (95, 180)}
    counts |= {"plaza_banten": (365, 240), "rumah_sikum": (25, 40), "inaproc": (70, 105), "gofood": (180, 395)}
    counts |= {"grabfood": (130, 300), "jakmall": (15, 30), "etsy": (5, 10), "own_shop": (20, 45)}
    missing = Figure("not_available", None, reason="too_few_detected")
    found = {("E3", "marketplace", slug): missing for slug in counts}
    found |= {("E3", "marketplace", slug): published(*row) for slug, row in levels.items()}
    for slug, (sure, linked) in counts.items():
        found |= {("E8", "marketplace", slug): published(sure), ("D", "marketplace", slug): published(linked)}
    return found


def _programme() -> dict[tuple[str, str, str], Figure]:
    name = "Pelatihan PKK 2026"
    return {
        ("E1", "cohort", name): published(31, 22, 41, "B"),
        ("E2", "cohort", name): published(31 / 84, 22 / 84, 41 / 84, "B"),
        ("COHORT_DIFF", "cohort", name): published(31 / 84 - 0.12, 0.14, 0.36),
        ("E8", "cohort", name): published(20),
        ("D", "cohort", name): published(10),
    }


def _history(week: str, many: int) -> tuple[PastWeek, ...]:
    """Twenty weeks: none at first, then rough, then as now."""
    found = []
    for back in range(many - 3, 0, -1):
        then = shift_week(week, -back)
        level = 6200 - 14 * back + 90 * ((back * 7) % 5 - 2)
        width = 1000 + 55 * max(0, back - 4)
        figure = published(level, level - 0.85 * width, level + 1.1 * width, "B" if back < 12 else "C")
        share = published(
            level / REGISTERED, (level - 0.85 * width) / REGISTERED, (level + 1.1 * width) / REGISTERED, "B"
        )
        found.append(PastWeek(then, {"E1": figure, "E2": share} if back != 9 else {}, 12))
    return tuple(found)
