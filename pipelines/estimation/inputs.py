"""Everything the figures of one week are made of, as frames: what the database side reads and a simulation can make.

The unit is the group (`group_id`): duplicates of one business count once. UNKNOWN stands for an area, sector or size
that the registry does not say. Frames may be empty but have their columns (`blank`); the order of rows means nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from pipelines.estimation.arrays import Floats

UNKNOWN = "?"

# column -> pandas dtype of an empty frame; "object" columns may hold None.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "registry": {"area": "object", "sector": "object", "size": "object", "has_certificate": "bool", "groups": "int64"},
    "groups": {
        "group_id": "int64",
        "area": "object",
        "sector": "object",
        "size": "object",
        "has_certificate": "bool",
    },
    "pairs": {
        "group_id": "int64",
        "business_id": "int64",
        "marketplace": "object",
        "shop_id": "object",
        "score": "float64",
        "state": "object",
        "carried_weeks": "int64",
        "joined_on": "object",
        "is_active": "object",
        "first_seen_week": "object",
    },
    "links": {"group_id": "int64", "marketplace": "object", "confirmed": "bool", "confirmed_here": "bool"},
    "marketplaces": {
        "marketplace": "object",
        "state": "object",
        "covered": "bool",
        "carried_weeks": "int64",
        "survival": "float64",
    },
    "answers": {
        "group_id": "int64",
        "d": "bool",
        "is_known": "bool",
        "weight": "float64",
        "is_ambiguous": "bool",
        "d_if_no": "bool",
        "d_if_yes": "bool",
        "n_coders": "int64",
    },
    "shop_answers": {"group_id": "int64", "marketplace": "object", "shop_id": "object", "answer": "object"},
    "probes": {
        "probe_id": "int64",
        "group_id": "int64",
        "marketplace": "object",
        "shop_id": "object",
        "source": "object",
        "cohort": "object",
        "age_weeks": "int64",
    },
    "panel": {
        "lag": "int64",
        "side": "object",
        "group_id": "int64",
        "score": "float64",
        "d": "object",
        "is_known": "bool",
        "weight": "float64",
    },
    "panel_shown": {"lag": "int64", "group_id": "int64", "marketplace": "object", "shop_id": "object"},
    "panel_states": {"lag": "int64", "reason": "object", "marketplaces": "object", "queries": "int64"},
    "leavers": {
        "group_id": "int64",
        "score": "float64",
        "d": "object",
        "is_known": "bool",
        "weight": "float64",
    },
    "cohorts": {"cohort": "object", "kind": "object", "group_id": "int64"},
    "audits": {"group_id": "int64", "area": "object", "outcome": "object", "inclusion_prob": "float64"},
    "coding": {"group_id": "int64", "office": "object", "first": "object", "second": "object", "weight": "float64"},
    "seeded": {"office": "object", "known": "object", "answer": "object"},
    "offices": {"office": "object", "asked": "int64", "answered": "int64", "follow_up": "float64"},
    "earlier": {
        "week": "object",
        "estimand": "object",
        "flash_value": "float64",
        "flash_low": "float64",
        "flash_high": "float64",
        "final_value": "float64",
    },
}


def blank(name: str) -> pd.DataFrame:
    """An empty frame of the name with its columns and their types."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in COLUMNS[name].items()})


@dataclass(frozen=True)
class WeekInputs:
    """What `week.estimate_week` needs. All frames are of the week unless it says otherwise.

    week: reference week, like 2026-W47. province, areas, sectors, sizes: codes of the domains, in the order of tables;
        UNKNOWN is added where something falls into it. No other domain is estimated.
    seed: parts that go before estimand and domain into every random generator; the same parts give the same bytes.
    draws: Monte Carlo draws of every figure.
    model_version: of the links and scores; None without links. It is printed, not used.

    registry: the denominator. One row per cell that is not empty: area, sector, size (each a code or UNKNOWN),
        has_certificate (P-IRT or halal; not stated counts as no), groups (how many groups).
    groups: one row per group that occurs in any other frame: group_id; area, sector, size, has_certificate as in
        `registry` (where the rows of a group differ, as in it).
    pairs: one row per candidate above the floor whose shop is open, on a covered marketplace: group_id, business_id,
        marketplace, shop_id; score: probability 0 to 1 that the shop is the group's, out of fold where calibrated;
        state: "live", or "carried" where the marketplace could not be read and older data stand; carried_weeks: age of
        those data, 0 where live; joined_on: ISO date on which the shop opened or showed its first product, None where
        the marketplace prints none; is_active: True or False where the marketplace shows signs of trade within the
        last 90 days, None where it shows none; first_seen_week: ISO week in which the shop was first read.
    links: one row per linked group and marketplace in use: confirmed (by a person on any marketplace), confirmed_here
        (on this one). For E8 and D only.
    marketplaces: one row per marketplace of the catalogue: state as in marketplace_weeks; covered: does E1 cover it;
        carried_weeks: age of the data in use, 0 when read this week; survival: chance that a shop that was open then
        still is, S(carried_weeks) of `survival.kaplan_meier`, 1 when read this week.

    answers: one row per group with a valid judgement (`answers.judged_groups`): d: does a shop of the week truly belong
        to it; is_known: represents itself only (clerical, seed, probe, or older than the window); weight: 1 / chance of
        having been drawn, 1 where known; is_ambiguous: "tidak tahu" decides; d_if_no, d_if_yes: d with those as no and
        as yes; n_coders: people who answered.
    shop_answers: one row per judged group and shop: answer: "ya", "tidak", "usaha lain" or "tidak tahu", as resolved
        between coders. Also for shops that are no candidate of the group any more.
    probes: businesses known to be present, only rows that count in the week (collected at most 13 weeks ago and seen
        live, or at most 2 weeks ago), on whatever marketplace: group_id, marketplace, shop_id (exact), source, cohort
        (whose own form brought the row, or None), age_weeks. A group may have several rows.

    panel: groups that the fixed query panel showed in only one of two weeks: one row per lag (1 or 4 weeks) and group:
        side: "arrived" (now, not then) or "left" (then, not now); score; d: judged true or false on the candidates of
        that side, None where nobody judged; is_known, weight: as in answers. Only queries done and not capped in both
        weeks, only marketplaces healthy in both.
    panel_shown: candidates that these queries show now, for the panel's own coverage: lag, group_id, marketplace,
        shop_id.
    panel_states: one row per lag: reason: None where the two weeks compare, else no_panel or model_changed;
        marketplaces: their slugs, blank-separated; queries: how many were compared.
    leavers: groups whose only open shops of the week before are now called closed by the marketplace, or were searched
        for twice and not found: score, d, is_known, weight as in panel, on the candidates of the week before.
    joined: marketplaces covered now that were not in some week of the last eight: the old definition is shown beside.
    probes_then: n and m of the province in the week before; None where it was not measured.
    cohorts: one row per member that is in the registry: cohort, kind (training or list), group_id.
    audits: newest yearly check of the registry: group_id, area, outcome (alive, closed, moved_out, not_umkm, duplicate,
        not_reached), inclusion_prob.
    coding: pairs that were given to two people and answered by both: first, second: their answers; office of the first;
        weight: 1 / share of its kind that was coded twice.
    seeded: answers to pairs with a known answer.
    offices: sample and flow tasks of the window by office (area code, or that of the province): asked, answered;
        follow_up: chance with which open tasks were passed on to the provincial coder, 0 where none were.
    earlier: figures of the province (E1, E2) in earlier weeks that have both vintages: the flash as computed, before
        any widening, and the final value.
    neighbours: kab/kota -> the others, nearest first, for merging upward; none: areas are not merged.
    vintage: flash, final or benchmark; a flash is widened where flashes did not hold (9).
    """

    week: str
    province: str
    areas: tuple[str, ...]
    sectors: tuple[str, ...]
    sizes: tuple[str, ...] = ("mikro", "kecil", "menengah")
    seed: tuple[str, ...] = ()
    draws: int = 4000
    model_version: str | None = None
    vintage: str = "flash"
    neighbours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joined: tuple[str, ...] = ()
    probes_then: tuple[int, int] | None = None
    registry: pd.DataFrame = field(default_factory=partial(blank, "registry"))
    groups: pd.DataFrame = field(default_factory=partial(blank, "groups"))
    pairs: pd.DataFrame = field(default_factory=partial(blank, "pairs"))
    links: pd.DataFrame = field(default_factory=partial(blank, "links"))
    marketplaces: pd.DataFrame = field(default_factory=partial(blank, "marketplaces"))
    answers: pd.DataFrame = field(default_factory=partial(blank, "answers"))
    shop_answers: pd.DataFrame = field(default_factory=partial(blank, "shop_answers"))
    probes: pd.DataFrame = field(default_factory=partial(blank, "probes"))
    panel: pd.DataFrame = field(default_factory=partial(blank, "panel"))
    panel_shown: pd.DataFrame = field(default_factory=partial(blank, "panel_shown"))
    panel_states: pd.DataFrame = field(default_factory=partial(blank, "panel_states"))
    leavers: pd.DataFrame = field(default_factory=partial(blank, "leavers"))
    cohorts: pd.DataFrame = field(default_factory=partial(blank, "cohorts"))
    audits: pd.DataFrame = field(default_factory=partial(blank, "audits"))
    coding: pd.DataFrame = field(default_factory=partial(blank, "coding"))
    seeded: pd.DataFrame = field(default_factory=partial(blank, "seeded"))
    offices: pd.DataFrame = field(default_factory=partial(blank, "offices"))
    earlier: pd.DataFrame = field(default_factory=partial(blank, "earlier"))


# What tells the rows of a frame apart, where that is less than all of its columns.
KEYS: Mapping[str, tuple[str, ...]] = {
    "groups": ("group_id",),
    "pairs": ("group_id", "marketplace", "shop_id", "business_id"),
    "answers": ("group_id",),
    "shop_answers": ("group_id", "marketplace", "shop_id"),
    "links": ("group_id", "marketplace"),
}


def ordered(inputs: WeekInputs) -> WeekInputs:
    """The same with the rows of every frame in one order, so that sums come out alike to the last bit."""
    frames = {name: getattr(inputs, name) for name in COLUMNS}
    unique = {name: frame.reset_index(drop=True) for name, frame in frames.items()}
    return replace(inputs, **{name: _sorted(frame, KEYS.get(name, COLUMNS[name])) for name, frame in unique.items()})


def _sorted(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    # Columns of objects may hold None, which compares with nothing: they are sorted by their texts.
    keys = {name: frame[name].astype(str) if frame[name].dtype == object else frame[name] for name in columns}
    order = pd.DataFrame(keys).sort_values(list(keys), kind="stable").index if len(frame) else frame.index
    return frame.loc[order].reset_index(drop=True)


@dataclass(frozen=True)
class Estimated:
    """The figures of a week.

    rows: one row per figure, ordered by estimand, domain_kind, domain_code, with the columns of `FIGURE_COLUMNS`:
        status is published, carried (published, with older data of a marketplace) or not_available; value, low, high
        and kappa are floats or None; details holds counts only and can be written as JSON.
    draws: those of E1 of the province, groups; its low and high are their 2.5 and 97.5 percent points. Empty where it
        is not published.
    """

    rows: pd.DataFrame
    draws: Floats

    def figure(self, estimand: str, kind: str = "province", code: str | None = None) -> Mapping[str, object]:
        """One row as a mapping; the only one of the kind when no code is given. Raises KeyError when there is none."""
        found = self.rows[(self.rows["estimand"] == estimand) & (self.rows["domain_kind"] == kind)]
        found = found if code is None else found[found["domain_code"] == code]
        if len(found) != 1:
            raise KeyError((estimand, kind, code))
        return {str(key): value for key, value in found.iloc[0].to_dict().items()}


FIGURE_COLUMNS = (
    "estimand", "domain_kind", "domain_code", "status", "reason", "value", "low", "high", "grade", "n_judged",
    "n_probes", "kappa", "details",
)  # fmt: skip
