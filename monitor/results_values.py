"""Closed lists of the results database, and the bands into which releases put exact values: code -> meaning."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

DOMAIN_KINDS = {
    "province": "the whole province",
    "area": "kabupaten or kota by kode wilayah; joined by + where small neighbours are merged",
    "district": "kecamatan by kode wilayah",
    "marketplace": "marketplace by slug",
    "sector": "reporting sector by key",
    "size": "size class of the business",
    "cohort": "participants of a programme or members of a list, by its name",
    "area_sector": "kabupaten or kota crossed with sector, like 3602/kriya",
}
ESTIMANDS = {
    "D": "groups with a live shop that the system linked and nobody has checked",
    "E1": "groups present on any covered marketplace",
    "E1_ACTIVE": "groups present with a shop that showed a sign of trade within 90 days",
    "E1_BEFORE": "E1 without the marketplaces that joined in the last eight weeks: the old series beside the new one",
    "E1_DEP": "band of E1 when being crawled and being on the list of known-present businesses depend on one another",
    "E1_AMB": "band of E1 with every answer 'tidak tahu' taken as no and as yes",
    "E2": "share of registered groups present",
    "E2_ACTIVE": "share of registered groups present with a shop that showed a sign of trade within 90 days",
    "E2_ALIVE": "share present of the groups that the yearly audit found alive",
    "E3": "groups present on one marketplace; never to be added up",
    "E4_1": "share of detected groups with shops on one marketplace",
    "E4_2": "share of detected groups with shops on two marketplaces",
    "E4_3": "share of detected groups with shops on three or more marketplaces",
    "E6_1": "change of groups present since the week before",
    "E6_4": "change of groups present since four weeks before",
    "E7_IN": "groups that began to sell in the week: their first shops are dated in it",
    "E7_OUT": "groups whose last open shop closed or is gone in the week",
    "E8": "groups with a live shop that a person confirmed; grows with reviewing, never a trend",
    "E9": "coverage: share of truly present groups that crawl and linkage detect",
    "COHORT_DIFF": "share present of a cohort less that of comparable businesses; a difference, not an effect",
    "ELSEWHERE": "share of the known-present businesses whose shops are all on marketplaces that are not covered",
    "FOUND": "groups found for the first time whose shops are not new; discovery, not adoption",
}
VINTAGES = {
    "flash": "first figure, on the Tuesday after the week",
    "final": "five weeks later, when the answers are in",
    "benchmark": "computed again every quarter with a new registry and probe list",
}
STATUSES = {
    "published": "may be quoted",
    "carried": "rests partly on a marketplace's data of an earlier week",
    "suppressed": "withheld: so few businesses that they could be recognised",
    "not_available": "a condition for computing it is not met; see reason",
}
GRADES = {
    "A": "high precision: half-width up to 15 percent",
    "B": "medium precision: half-width up to 30 percent",
    "C": "low precision: half-width up to 50 percent; quote the interval only",
    "-": "not precise enough to be shown",
}
REASONS = {
    "no_probe": "no known-present business is on the list",
    "too_few_probes": "too few known-present businesses",
    "too_few_detected": "too few known-present businesses were detected",
    "no_judgements": "too few answers",
    "low_agreement": "reviewers agree too little",
    "office_silent": "the office has not sent its sheet back",
    "too_wide": "the interval is too wide",
    "no_dates": "the marketplaces show no opening dates",
    "no_panel": "the fixed queries did not run in both weeks",
    "model_changed": "the linkage model changed in between",
    "too_few_present": "too few to be estimated",
    "inconsistent": "the parts contradict each other",
    "no_marketplace": "no marketplace is covered",
    "not_open": "the marketplace cannot be read from outside",
    "refused": "the marketplace refused to be read",
    "failed": "reading the marketplace failed",
    "not_crawled": "the marketplace was not read in the week",
    "closed": "the marketplace has closed",
    "no_audit": "there is no yearly audit of the registry",
    "one_marketplace": "fewer than two marketplaces are covered",
    "first_week": "first measured week",
    "no_earlier_week": "the week before was not measured",
    "no_businesses": "no registered business is in the domain",
    "no_comparable": "too few comparable businesses",
    "no_activity": "the marketplaces show no sign of trade",
    "not_computed": "not computed for this domain",
    "disclosure": "so few businesses that they could be recognised",
    "few_detected": "a weekly change of fewer than 50 detected groups is not shown",
}
MARKETPLACE_STATES = {
    "measured": "read to its end",
    "fed": "data were handed over",
    "partial": "read in part",
    "carried": "data of an earlier week are in use",
    "refused": "it refused to be read",
    "failed": "reading failed",
    "not_crawled": "not read in the week",
    "not_open": "cannot be read from outside",
    "closed": "the marketplace has closed",
}
MARKETPLACE_KINDS = {
    "general": "sells goods of all kinds",
    "fashion": "clothes and accessories",
    "groceries": "daily needs",
    "food": "meals, delivered",
    "b2b": "between businesses",
    "government": "run by or for the government",
    "social": "social medium or messenger",
    "classifieds": "advertisements",
    "export": "buyers abroad",
}
SUPPORTS = {
    "crawled": "public lists are read",
    "until_refused": "read until it refuses",
    "link_check": "only known shops are looked up",
    "handed_over": "only data that are handed over",
    "closed": "the marketplace has closed",
}
AREA_KINDS = {"province": "provinsi", "kabupaten": "kabupaten", "kota": "kota"}
CRAWL_KINDS = {"crawl": "read by the system", "feed": "a file that was handed over"}
COVERAGES = {
    "complete": "it would have shown every shop; absence means something",
    "partial": "absence from it means nothing",
}
HEALTHS = {"healthy": "passed every check", "failed": "kept, not used", "unfinished": "did not end"}
PURPOSES = {
    "sample": "random sample of groups with a candidate",
    "flow": "random sample of groups that came, moved or left",
    "clerical": "pairs that the linkage could not decide",
    "seed": "pairs whose answer was known beforehand",
    "probe": "pairs of known-present businesses",
}
JUDGED_PURPOSES = {name: PURPOSES[name] for name in ("sample", "flow", "clerical", "seed")}
ANSWERS = {
    "ya": "yes, the business runs the shop",
    "tidak": "no",
    "usaha lain": "another business runs it",
    "tidak tahu": "do not know",
}
REVIEW_ANSWERS = ANSWERS | {"open": "not answered yet"}
CODERS = {
    "first": "office of the business's own area",
    "second": "office of another area, not told why",
    "third": "settles what the first two disagree about",
    "check": "the same pair again, to see whether answers are steady",
}
SUPPRESSION_REASONS = {
    "few": "1 to 4 groups detected, or fewer than 10 registered",
    "secondary": "hidden so that a hidden cell cannot be worked out from totals",
    "frozen": "hidden in one of the 13 weeks before",
}
BREAK_KINDS = {
    "marketplaces": "a marketplace joined or left the headline",
    "registry": "an office's registry list was renewed",
    "model": "the linkage model changed",
    "panel": "the fixed queries changed",
    "definition": "the method changed",
    "crawl_level": "crawls see a different share of shops than before",
}
SIZES = {"mikro": "micro", "kecil": "small", "menengah": "medium"}
COHORT_KINDS = {
    "training": "participants of a programme",
    "list": "certificate holders, suppliers, curated businesses and the like",
}
PRESENCE_STATES = {
    "present": "at least one linked shop was live",
    "closed": "the marketplace says that the shop is closed",
    "gone": "looked for twice on different days and not found",
    "not_observable": "the shop could not be looked for, or was missed once: not known, not absent",
}
SHOP_STATES = {
    "live": "seen open when last looked for",
    "closed": "the marketplace says that it is closed",
    "gone": "looked for twice on different days and not found",
    "not_observable": "could not be looked for, or was missed once: not known, not absent",
}
EVIDENCE_GRADES = {
    "confirmed": "a person confirmed that the shop belongs to the group",
    "likely": "linked by the system, not checked by a person",
}
LINK_DECISIONS = {"link": "decided by the system", "confirmed": "decided by a person"}
RELEASE_CLASSES = {
    "public": "aggregates that passed disclosure control",
    "research": "pseudonymous rows, under agreement",
}
CHANGES = {
    "added": "rows that the release before did not have",
    "changed": "rows with the same key and another meaning",
    "removed": "rows that are no longer there",
}

# --- bands: name -> (low, high), low included, high not --------------------------------------------------------------

Band = tuple[float, float]
_INF = float("inf")
YEAR_BANDS: dict[str, Band] = {
    "before 2000": (-_INF, 2000),
    "2000-2009": (2000, 2010),
    "2010-2014": (2010, 2015),
    "2015-2019": (2015, 2020),
    "2020-2022": (2020, 2023),
    "2023 or later": (2023, _INF),
}
LISTING_COUNT_BANDS: dict[str, Band] = {
    "0": (0, 1),
    "1-4": (1, 5),
    "5-19": (5, 20),
    "20-99": (20, 100),
    "100 or more": (100, _INF),
}
PROBABILITY_BANDS: dict[str, Band] = {
    "below 0.50": (0, 0.5),
    "0.50-0.70": (0.5, 0.7),
    "0.70-0.90": (0.7, 0.9),
    "0.90-0.95": (0.9, 0.95),
    "0.95-0.99": (0.95, 0.99),
    "0.99-1.00": (0.99, _INF),
}


def banded(values: pd.Series, bands: Mapping[str, Band]) -> pd.Series:
    """Name of the band of each number, as objects; None where the value is missing or lies in no band."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    lows = np.array([low for low, _ in bands.values()])
    highs = np.array([high for _, high in bands.values()])
    at = np.searchsorted(lows, numbers, side="right") - 1  # NaN sorts last, and is taken out below
    inside = ~np.isnan(numbers) & (at >= 0) & (numbers < highs[at])
    names: Sequence[str] = list(bands)
    found = np.array(names, dtype=object)[at]
    return pd.Series(np.where(inside, found, None), index=values.index, dtype=object)


def described(bands: Mapping[str, Band]) -> dict[str, str]:
    """The closed list of a column of bands: code -> meaning."""
    return {name: _ends(*ends) for name, ends in bands.items()}


def _ends(low: float, high: float) -> str:
    if low == -_INF:
        return f"below {high:g}"
    return f"{low:g} or more" if high == _INF else f"from {low:g} to below {high:g}"
