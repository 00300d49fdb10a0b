"""Two years of a research release in its shape: 800,000 registered groups, twelve marketplaces, intervals of weeks.

Nothing here is estimated or linked: the rows are drawn so that there are as many, and as many different, as a real
history would have. One group in ten was ever seen; every marketplace is refused in one week of twelve, and each time
what is known of a group there turns from present to not observable and back.
"""

from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitor import marketplaces as catalogue
from monitor.regions import areas
from monitor.results_values import LISTING_COUNT_BANDS, PROBABILITY_BANDS, YEAR_BANDS
from monitor.sectors import SECTOR_NAMES
from monitor.weeks import shift_week, week_days

LAST_WEEK = "2026-W46"
COVERED = (
    "tokopedia", "shopee", "lazada", "blibli", "plaza_banten", "inaproc", "rumah_sikum", "gofood", "grabfood",
    "jakmall", "etsy", "tiktok_shop",
)  # fmt: skip
EVER_SEEN, REFUSED = 0.1, 1 / 12
ON_MORE = (0.62, 0.22, 0.1, 0.06)  # of groups ever seen, on 1 to 4 marketplaces
ENDS, FINAL_AFTER, DRAWS = 0.008, 5, 4_000  # chance a week that a shop ends; weeks until a final figure; draws
SNAPSHOT_WEEKS, REGISTRY_WEEKS = 13, 13
JUDGED_A_WEEK, DOUBLE = 100, 0.7
HEX = "0123456789abcdef"
Frames = Iterator[tuple[str, pd.DataFrame]]


@dataclass(frozen=True)
class Size:
    weeks: int = 104
    businesses: int = 800_000
    marketplaces: int = 12
    seed: int = 1

    @property
    def names(self) -> list[str]:
        return [shift_week(LAST_WEEK, at - self.weeks + 1) for at in range(self.weeks)]

    @property
    def slugs(self) -> tuple[str, ...]:
        return COVERED[: self.marketplaces]


def frames(size: Size) -> Frames:
    """Every table of the history with its name, big ones in parts."""
    rng = np.random.default_rng(size.seed)
    yield from _codes()
    yield from _calendar(size)
    yield from _figures(size, rng)
    yield from _draws(size, rng)
    yield from _rows(size, rng)
    yield from _review(size, rng)


def pseudonyms(rng: np.random.Generator, count: int) -> np.ndarray:
    """26 characters of a to z and 2 to 7, as a release writes them."""
    whole = b32encode(rng.bytes(20 * count)).decode().lower()
    return np.array([whole[32 * at : 32 * at + 26] for at in range(count)], dtype=object)


def _codes() -> Frames:
    rows = [("36", "Provinsi Banten", "province")] + [(area.code, area.name, area.kind) for area in areas()]
    frame = pd.DataFrame(rows, columns=["area_code", "name", "kind"])
    yield "areas", frame.assign(position=range(len(frame)))
    names = pd.DataFrame(SECTOR_NAMES.items(), columns=["sector", "name"])
    yield "sectors", names.assign(position=range(len(names)))
    entries = [(slug, entry.title, entry.kind, entry.support) for slug, entry in catalogue.catalogue().items()]
    known = pd.DataFrame(entries, columns=["marketplace", "title", "kind", "support"])
    yield (
        "marketplaces",
        known.assign(operator=None, home_url=None, ended_on=None, note=None, position=range(len(known))),
    )


def _snapshot(at: int) -> str:
    return f"{at // SNAPSHOT_WEEKS:08x}"


def refused(size: Size, slug: str) -> np.ndarray:
    """Weeks (0, 1, ..) in which the marketplace could not be read; never the first or the last."""
    rng = np.random.default_rng([size.seed, *slug.encode()])
    weeks = np.flatnonzero(rng.random(size.weeks) < REFUSED)
    return weeks[(weeks > 0) & (weeks < size.weeks - 1)]


def _calendar(size: Size) -> Frames:
    names = size.names
    days = [week_days(week) for week in names]
    snapshots = sorted({_snapshot(at) for at in range(size.weeks)})
    counts = {"business_count": size.businesses * 21 // 20, "group_count": size.businesses}
    yield "snapshots", pd.DataFrame({"snapshot_id": snapshots, "as_of": days[0][0].isoformat(), **counts})
    yield (
        "weeks",
        pd.DataFrame(
            {
                "week": names,
                "week_number": [(monday.toordinal() - 1) // 7 for monday, _ in days],
                "starts_on": [monday.isoformat() for monday, _ in days],
                "ends_on": [sunday.isoformat() for _, sunday in days],
                "snapshot_id": [_snapshot(at) for at in range(size.weeks)],
                "model_version": "evidence-2-0000aaaa",
                "method_version": "2",
                "judged_group_count": [JUDGED_A_WEEK * (at + 1) for at in range(size.weeks)],
                "probe_count": 200,
                "digest": "0" * 64,
            }
        ),
    )
    yield "marketplace_weeks", pd.concat([_states(size, slug) for slug in catalogue.catalogue()])
    breaks = [
        (names[at], "registry", "36", "daftar diperbarui") for at in range(SNAPSHOT_WEEKS, size.weeks, REGISTRY_WEEKS)
    ]
    breaks += [(names[at], "model", f"evidence-2-{at}", "model berubah") for at in range(1, size.weeks, 4)]
    yield "series_breaks", pd.DataFrame(breaks, columns=["week", "kind", "subject", "note"])


def _states(size: Size, slug: str) -> pd.DataFrame:
    is_read = slug in size.slugs
    state = np.full(size.weeks, "fed" if is_read else "not_crawled", dtype=object)
    if is_read:
        state[refused(size, slug)] = "carried"
    return pd.DataFrame(
        {
            "marketplace": slug,
            "week": size.names,
            "state": state,
            "cause": None,
            "source_week": None,
            "source_on": None,
            "covered": is_read,
            "shop_count": 1_000 if is_read else 0,
        }
    )


# --- figures --------------------------------------------------------------------------------------------------------


def _domains(size: Size) -> pd.DataFrame:
    codes = [area.code for area in areas()]
    sectors = list(SECTOR_NAMES)
    both = [f"{area}/{sector}" for area in codes for sector in sectors]
    province = ("E1", "E2", "E1_DEP", "E1_AMB", "E8", "D", "E9", "E4_1", "E4_2", "E4_3", "E6_1", "E6_4", "E7_IN",
                "E7_OUT", "FOUND", "E1_ACTIVE", "E2_ACTIVE", "ELSEWHERE")  # fmt: skip
    rows = [(name, "province", "36") for name in province]
    for kind, members, names in (
        ("area", codes, ("E1", "E2", "E8", "D", "E9")),
        ("sector", sectors, ("E1", "E2", "E8", "D")),
        ("size", ["mikro", "kecil", "menengah"], ("E1", "E2", "E8", "D")),
        ("area_sector", both, ("E1", "E2")),
        ("cohort", ["pelatihan A", "pelatihan B"], ("E1", "E2", "E8", "D", "COHORT_DIFF")),
        ("marketplace", list(catalogue.catalogue()), ("E3", "E8", "D", "E9")),
    ):
        rows += [(name, kind, code) for code in members for name in names]
    return pd.DataFrame(rows, columns=["estimand", "domain_kind", "domain_code"])


def _figures(size: Size, rng: np.random.Generator) -> Frames:
    """A flash of every figure in every week, and a final of the older ones; one cell in seven is hidden."""
    domains = _domains(size)
    for at, week in enumerate(size.names):
        for vintage in ("flash", "final") if at < size.weeks - FINAL_AFTER else ("flash",):
            value = 100 + 0.05 * size.businesses * rng.random(len(domains))
            yield "estimates", domains.assign(
                week=week, vintage=vintage, revision=0, status="published", value=value, low=0.85 * value,
                high=1.2 * value, grade="B", n_judged=480, n_probes=200, kappa=0.7, reason=None, method_version="2",
                registry_snapshot=_snapshot(at), input_digest="0" * 64, released_on=None,
            )  # fmt: skip
        hidden = domains[domains["domain_kind"] == "area_sector"].drop_duplicates("domain_code").iloc[::7]
        cells = {"week": week, "table_id": "D:area_sector", "cell": hidden["domain_code"], "reason": "few"}
        yield "suppressions", pd.DataFrame(cells).assign(pattern_id=f"D:area_sector:{at // 13}")


def _draws(size: Size, rng: np.random.Generator) -> Frames:
    for at, week in enumerate(size.names):
        for vintage in ("flash", "final") if at < size.weeks - FINAL_AFTER else ("flash",):
            value = rng.integers(size.businesses // 12, size.businesses // 8, DRAWS).astype(float)
            told = {"estimand": "E1", "week": week, "vintage": vintage, "revision": 0, "draw": range(DRAWS)}
            yield "draws", pd.DataFrame({**told, "value": value})


# --- pseudonymous rows ----------------------------------------------------------------------------------------------


def _rows(size: Size, rng: np.random.Generator) -> Frames:
    groups, names = pseudonyms(rng, size.businesses), np.array([*size.names, None], dtype=object)
    yield "businesses", _businesses(size, rng, groups)
    seen = rng.choice(groups, round(EVER_SEEN * size.businesses), replace=False)
    per = rng.choice(np.arange(1, len(ON_MORE) + 1), len(seen), p=ON_MORE)
    owner = np.repeat(seen, per)
    first = (rng.integers(0, size.marketplaces, len(seen)).repeat(per) + _within(per)) % size.marketplaces
    begins = np.where(rng.random(len(owner)) < 0.4, 0, rng.integers(0, size.weeks, len(owner)))
    ends = np.minimum(begins + rng.geometric(ENDS, len(owner)), size.weeks)
    for number, slug in enumerate(size.slugs):
        mine = first == number
        yield "presence", _presence(size, rng, slug, names, (owner[mine], begins[mine], ends[mine]))
    shops = pseudonyms(rng, len(owner))
    slugs = np.array(size.slugs, dtype=object)[first]
    yield "shops", _shops(size, rng, names, shops, slugs, begins, ends)
    yield "link_history", _links(rng, names, (owner, shops, slugs, begins, ends))


def _within(per: np.ndarray) -> np.ndarray:
    """0, 1, .. within each group."""
    return np.arange(per.sum()) - np.repeat(np.cumsum(per) - per, per)


def _businesses(size: Size, rng: np.random.Generator, groups: np.ndarray) -> pd.DataFrame:
    count = len(groups)
    codes = [area.code for area in areas()]
    trained = rng.random(count) < 0.02
    return pd.DataFrame(
        {
            "group_pseudonym": groups,
            "area_code": rng.choice(np.array(codes, dtype=object), count),
            "sector": rng.choice(np.array(list(SECTOR_NAMES), dtype=object), count),
            "kbli2": rng.choice(np.array(["10", "13", "47", "56"], dtype=object), count),
            "size": rng.choice(np.array(["mikro", "kecil", "menengah"], dtype=object), count, p=[0.95, 0.04, 0.01]),
            "year_band": rng.choice(np.array(list(YEAR_BANDS), dtype=object), count),
            "has_pirt": rng.random(count) < 0.05,
            "has_halal": rng.random(count) < 0.08,
            "cohort": np.where(trained, "pelatihan A", None),
            "cohort_kind": np.where(trained, "training", None),
            "cohort_quarter": np.where(trained, "2025-Q1", None),
            "valid_from_week": size.names[0],
            "valid_to_week": None,
            "withheld": np.where(rng.random(count) < 0.05, "kbli2", ""),
        }
    )


def _presence(
    size: Size, rng: np.random.Generator, slug: str, names: np.ndarray, life: tuple[np.ndarray, ...]
) -> pd.DataFrame:
    """From begin to end present, but not observable where the site refused; then closed or gone for good."""
    owner, begins, ends = life
    out = refused(size, slug)
    edges = np.unique(np.concatenate([[0], out, out + 1, [size.weeks]]))
    state = np.where(np.isin(edges[:-1], out), "not_observable", "present").astype(object)
    start = np.maximum(begins[:, None], edges[None, :-1])
    stop = np.minimum(ends[:, None], edges[None, 1:])
    row, at = np.nonzero(start < stop)
    over = np.flatnonzero(ends < size.weeks)
    last = rng.choice(np.array(["closed", "gone"], dtype=object), len(over))
    sure = rng.choice(np.array(["confirmed", "likely"], dtype=object), len(owner))
    band = rng.choice(np.array(list(PROBABILITY_BANDS), dtype=object), len(owner))
    who = np.concatenate([row, over])
    return pd.DataFrame(
        {
            "group_pseudonym": owner[who],
            "marketplace": slug,
            "valid_from_week": names[np.concatenate([start[row, at], ends[over]])],
            "valid_to_week": names[np.concatenate([stop[row, at], np.full(len(over), size.weeks)])],
            "state": np.concatenate([state[at], last]),
            "evidence_grade": sure[who],
            "probability_band": band[who],
        }
    )


def _shops(
    size: Size, rng: np.random.Generator, names: np.ndarray, shops: np.ndarray, slugs: np.ndarray,
    begins: np.ndarray, ends: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    count = len(shops)
    codes = np.array([area.code for area in areas()], dtype=object)
    ended = ends < size.weeks
    return pd.DataFrame(
        {
            "shop_pseudonym": shops,
            "marketplace": slugs,
            "area_code": rng.choice(codes, count),
            "listing_count_band": rng.choice(np.array(list(LISTING_COUNT_BANDS), dtype=object), count),
            "joined_quarter": "2024-Q4",
            "is_active": rng.random(count) < 0.6,
            "state": np.where(ended, "closed", "live"),
            "first_seen_week": names[begins],
            "last_seen_week": names[ends - 1],
            "ended_week": names[ends],
            "withheld": "",
        }
    )


def _links(rng: np.random.Generator, names: np.ndarray, links: tuple[np.ndarray, ...]) -> pd.DataFrame:
    """Every link as it was first known, and half of them a second time since a person confirmed them."""
    owner, shops, slugs, begins, ends = links
    known = np.minimum(begins + rng.integers(0, 12, len(owner)), len(names) - 2)
    later = np.flatnonzero((rng.random(len(owner)) < 0.5) & (known < len(names) - 2))
    confirmed = np.full(len(owner), len(names) - 1)
    confirmed[later] = known[later] + 1
    which = np.concatenate([np.arange(len(owner)), later])
    is_second = np.arange(len(which)) >= len(owner)
    return pd.DataFrame(
        {
            "group_pseudonym": owner[which],
            "shop_pseudonym": shops[which],
            "valid_from_week": names[begins[which]],
            "known_from_week": names[np.where(is_second, confirmed[which], known[which])],
            "valid_to_week": names[ends[which]],
            "known_to_week": names[np.where(is_second, len(names) - 1, confirmed[which])],
            "marketplace": slugs[which],
            "decision": np.where(is_second, "confirmed", "link").astype(object),
            "model_version": "evidence-2-0000aaaa",
        }
    )


# --- review ---------------------------------------------------------------------------------------------------------


def _review(size: Size, rng: np.random.Generator) -> Frames:
    for week in size.names:
        yield "judgements", _judgements(rng, week)
        strata = [str(stratum) for stratum in range(7)]
        told = {"draw_id": f"sample-{week}", "stratum": strata, "week": week, "purpose": "sample"}
        yield "review_draws", pd.DataFrame({**told, "base": 10_000, "drawn": 9})


def _judgements(rng: np.random.Generator, week: str) -> pd.DataFrame:
    pairs = rng.integers(1, 4, JUDGED_A_WEEK)
    group = np.repeat(pseudonyms(rng, JUDGED_A_WEEK), pairs)
    stratum = np.repeat(rng.integers(0, 7, JUDGED_A_WEEK).astype(str).astype(object), pairs)
    asked = pd.DataFrame({"group_pseudonym": group, "stratum_at_draw": stratum})
    asked["shop_pseudonym"] = pseudonyms(rng, len(asked))
    asked["coder"] = "first"
    again = asked[rng.random(len(asked)) < DOUBLE].assign(coder="second")
    both = pd.concat([asked, again], ignore_index=True)
    return both.assign(
        judgement_pseudonym=pseudonyms(rng, len(both)), marketplace="tokopedia", draw_id=f"sample-{week}",
        purpose="sample", inclusion_prob=0.02, follow_up_prob=None, score_at_draw=0.5,
        model_version="evidence-2-0000aaaa", answer=rng.choice(np.array(["ya", "tidak"], dtype=object), len(both)),
        is_undone=False, week=week,
    )  # fmt: skip
