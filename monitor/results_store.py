"""Tables of the results database: what exports and researchers read. Free of direct identifiers by construction.

No column holds a name, an address, a phone, a permit number or a marketplace's own id; businesses and shops appear
under pseudonyms only. Every comment says meaning, unit and source. `results_build` fills the tables from the private
store; change them only together with a migration in `monitor/migrations/results`.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def _comment(meaning: str, unit: str, source: str) -> str:
    return f"{meaning}. Unit: {unit}. Source: {source}."


def _key(name: str, kind: TypeEngine[Any], meaning: str, unit: str, source: str) -> Column[object]:
    comment = _comment(meaning, unit, source)
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False, comment=comment)


def _need(name: str, kind: TypeEngine[Any], meaning: str, unit: str, source: str) -> Column[object]:
    return Column(name, kind, nullable=False, comment=_comment(meaning, unit, source))


def _may(name: str, kind: TypeEngine[Any], meaning: str, unit: str, source: str) -> Column[object]:
    return Column(name, kind, nullable=True, comment=_comment(meaning, unit, source))


def _week() -> Column[object]:
    return _key("week", Text(), "reference week, like 2026-W47", "ISO week of the region's zone", "measure")


def _marketplace(source: str = "catalogue of marketplaces") -> Column[object]:
    return _key("marketplace", Text(), "slug of the marketplace", "none", source)


def _pseudonym(name: str, what: str) -> Column[object]:
    return _key(
        name, Text(), f"pseudonym of the {what}, different for every recipient", "none", "keyed hash at release"
    )


def _from_week() -> Column[object]:
    return _key("valid_from_week", Text(), "first week in which the row holds", "ISO week", "private store")


def _to_week() -> Column[object]:
    meaning = "first week in which the row no longer holds; NULL: it still holds"
    return _may("valid_to_week", Text(), meaning, "ISO week", "private store")


# --- what the codes mean --------------------------------------------------------------------------------------------

areas = Table(
    "areas",
    metadata,
    _key("area_code", Text(), "kode wilayah without dots", "none", "Kemendagri, kode wilayah"),
    _need("name", Text(), "official name", "none", "Kemendagri, kode wilayah"),
    _need("kind", Text(), "province, kabupaten or kota", "none", "Kemendagri, kode wilayah"),
    _need("position", Integer(), "order in tables, by code; never a rank", "none", "Kemendagri, kode wilayah"),
    comment="The province and its kabupaten and kota.",
)

sectors = Table(
    "sectors",
    metadata,
    _key("sector", Text(), "key of the reporting sector", "none", "KBLI 2020, grouped for reporting"),
    _need("name", Text(), "Indonesian name", "none", "KBLI 2020, grouped for reporting"),
    _need("position", Integer(), "order in tables; never a rank", "none", "KBLI 2020, grouped for reporting"),
    comment="Reporting sectors (lapangan usaha).",
)

marketplaces = Table(
    "marketplaces",
    metadata,
    _marketplace(),
    _need("title", Text(), "name as people know it", "none", "catalogue of marketplaces"),
    _may("operator", Text(), "company that runs it; NULL: not stated", "none", "catalogue of marketplaces"),
    _may("home_url", Text(), "address of the marketplace itself; NULL: none", "none", "catalogue of marketplaces"),
    _need(
        "kind", Text(), "general, fashion, groceries, food, b2b, government, ..", "none", "catalogue of marketplaces"
    ),
    _need(
        "support",
        Text(),
        "how it can be read: crawled, until_refused, link_check, handed_over, closed",
        "none",
        "catalogue of marketplaces",
    ),
    _may("ended_on", Text(), "day it ended; NULL: it has not", "ISO date", "catalogue of marketplaces"),
    _may("note", Text(), "Indonesian: why it is not read; NULL: nothing to say", "none", "catalogue of marketplaces"),
    _need("position", Integer(), "order in tables; never a rank", "none", "catalogue of marketplaces"),
    comment="Every marketplace the monitor knows, read or not.",
)

# --- the denominator ------------------------------------------------------------------------------------------------

snapshots = Table(
    "snapshots",
    metadata,
    _key("snapshot_id", Text(), "hash of the registry parts it consists of", "none", "registry import"),
    _need("as_of", Text(), "day of its newest part", "ISO date", "offices that handed the parts in"),
    _need("business_count", Integer(), "registry rows kept", "businesses", "registry import"),
    _need("group_count", Integer(), "duplicates counted once: the denominator N", "groups", "registry import"),
    comment="Frozen copies of the registry that figures refer to.",
)

snapshot_parts = Table(
    "snapshot_parts",
    metadata,
    _key("snapshot_id", Text(), "snapshot", "none", "registry import"),
    _key("office", Text(), "kode of the office that handed the part in", "none", "registry import"),
    _need("as_of", Text(), "day the part describes", "ISO date", "office"),
    _need("read_count", Integer(), "data rows read", "rows", "registry import"),
    _need("kept_count", Integer(), "rows kept", "rows", "registry import"),
    _need("reject_count", Integer(), "rows given back with a reason", "rows", "registry import"),
    comment="The part of every office that a snapshot consists of.",
)

registry_counts = Table(
    "registry_counts",
    metadata,
    _key("snapshot_id", Text(), "snapshot", "none", "registry import"),
    _key("domain_kind", Text(), "province, area or sector", "none", "registry import"),
    _key("domain_code", Text(), "kode wilayah or sector; ? where the registry does not say", "none", "registry import"),
    _need("business_count", Integer(), "registry rows", "businesses", "registry import"),
    _need("group_count", Integer(), "duplicates counted once", "groups", "registry import"),
    comment="The registry's own counts, the only denominators in use.",
)

# --- the week -------------------------------------------------------------------------------------------------------

weeks = Table(
    "weeks",
    metadata,
    _week(),
    _need("starts_on", Text(), "Monday", "ISO date", "calendar"),
    _need("ends_on", Text(), "Sunday", "ISO date", "calendar"),
    _may("snapshot_id", Text(), "registry snapshot of the week's figures; NULL: none", "none", "measure"),
    _may("model_version", Text(), "linkage model of the week's links; NULL: no links", "none", "link"),
    _need("method_version", Text(), "version of the method of measurement", "none", "measure"),
    _need("judged_group_count", Integer(), "groups with at least one answer by a person so far", "groups", "review"),
    _need("probe_count", Integer(), "usable known-present businesses so far", "businesses", "probe import"),
    _need("digest", Text(), "hash over everything built for the week; the same digest writes nothing", "none", "build"),
    comment="Weeks that were measured, and what their figures rest on.",
)

estimates = Table(
    "estimates",
    metadata,
    _key("estimand", Text(), "E1 to E9, or D: groups with a link decided by the system", "none", "measure"),
    _key(
        "domain_kind",
        Text(),
        "province, area, district, marketplace, sector, size, cohort, area_sector",
        "none",
        "measure",
    ),
    _key("domain_code", Text(), "code within the kind; ? where it is not known", "none", "measure"),
    _week(),
    _key("vintage", Text(), "flash, final or benchmark", "none", "measure"),
    _key("revision", Integer(), "0, 1, ..; new inputs write the next one", "none", "measure"),
    _need("status", Text(), "published, carried, suppressed, not_available", "none", "measure"),
    _may("value", Float(), "the figure; NULL: not available", "groups; share 0 to 1 for E2 and E9", "measure"),
    _may("low", Float(), "2.5 percent point; NULL: no interval", "as value", "measure"),
    _may("high", Float(), "97.5 percent point; NULL: no interval", "as value", "measure"),
    _may("grade", Text(), "precision of the figure: A, B, C or -; NULL: not graded", "none", "measure"),
    _may("n_judged", Integer(), "judgements behind it; NULL: none needed", "judgements", "measure"),
    _may("n_probes", Integer(), "known-present businesses behind it; NULL: none needed", "businesses", "measure"),
    _may("kappa", Float(), "coverage used; NULL: none used", "share 0 to 1", "measure"),
    _may("reason", Text(), "key of the reason why it is not available; NULL: it is", "none", "measure"),
    _need("method_version", Text(), "version of the method", "none", "measure"),
    _may("registry_snapshot", Text(), "registry snapshot; NULL: none", "none", "measure"),
    _need("input_digest", Text(), "hash over everything the figure was made from", "none", "measure"),
    _may("released_on", Text(), "day from which the revision is frozen; NULL: not released", "ISO date", "release"),
    Index("ix_estimates_week", "week", "estimand"),
    comment="Every figure with its interval, as often as it was computed. Not yet under disclosure control.",
)

marketplace_weeks = Table(
    "marketplace_weeks",
    metadata,
    _marketplace(),
    _week(),
    _need(
        "state",
        Text(),
        "measured, fed, partial, carried, refused, failed, not_crawled, not_open, closed",
        "none",
        "measure",
    ),
    _may("cause", Text(), "named cause where it was not measured; NULL: measured", "none", "health check"),
    _may("source_week", Text(), "week of the data in use; NULL: no data", "ISO week", "crawl or feed"),
    _may("source_on", Text(), "day of the data in use; NULL: no data", "ISO date", "crawl or feed"),
    _need("covered", Boolean(), "does the headline figure cover it in this week", "yes or no", "measure"),
    _need("shop_count", Integer(), "shops known live, in the region or of unknown place", "shops", "crawl or feed"),
    comment="State of every marketplace in every measured week; not measured is a state, never a zero.",
)

crawls = Table(
    "crawls",
    metadata,
    _key("crawl_id", Text(), "slug and start time of the crawl", "none", "crawl or feed"),
    _need("marketplace", Text(), "slug of the marketplace", "none", "crawl or feed"),
    _need("week", Text(), "week it belongs to", "ISO week", "crawl or feed"),
    _need("kind", Text(), "crawl or feed", "none", "crawl or feed"),
    _need("coverage", Text(), "complete or partial; absence from a partial one means nothing", "none", "crawl or feed"),
    _need("started_at", Text(), "start", "UTC time", "crawl or feed"),
    _may("finished_at", Text(), "end; NULL: never finished", "UTC time", "crawl or feed"),
    _need("health", Text(), "healthy, failed or unfinished", "none", "health check"),
    _may("cause", Text(), "named cause when not healthy; NULL: healthy", "none", "health check"),
    _need("shop_count", Integer(), "distinct shops read", "shops", "crawl or feed"),
    _need("listing_count", Integer(), "distinct listings read", "listings", "crawl or feed"),
    _need("loaded", Boolean(), "did its shops enter the store", "yes or no", "load"),
    Index("ix_crawls_week", "week", "marketplace"),
    comment="Health of every crawl and feed that was looked at.",
)

review_counts = Table(
    "review_counts",
    metadata,
    _week(),
    _key("purpose", Text(), "why the pairs were asked: sample, flow, clerical, seed, probe", "none", "review"),
    _key("answer", Text(), "ya, tidak, usaha lain, tidak tahu; open: not answered yet", "none", "review"),
    _need("task_count", Integer(), "pairs, up to and including the week", "pairs", "review"),
    comment="Progress of the review, without who answered what.",
)

suppressions = Table(
    "suppressions",
    metadata,
    _week(),
    _key("table_id", Text(), "public table: its estimand and the kinds of domain it crosses", "none", "measure"),
    _key("cell", Text(), "domain code of the cell, codes of crossed domains joined by a slash", "none", "measure"),
    _need("reason", Text(), "few (primary), secondary or frozen", "none", "measure"),
    _need("pattern_id", Text(), "pattern it belongs to, frozen for 13 weeks", "none", "measure"),
    comment="Cells of public tables that are not shown.",
)

series_breaks = Table(
    "series_breaks",
    metadata,
    _key("week", Text(), "first week after the break", "ISO week", "measure"),
    _key("kind", Text(), "marketplaces, registry, model, panel, definition, crawl_level", "none", "measure"),
    _key("subject", Text(), "what changed", "none", "measure"),
    _need("note", Text(), "why", "none", "measure"),
    comment="Weeks from which figures do not compare with earlier ones.",
)

draws = Table(
    "draws",
    metadata,
    _key("draw_id", Text(), "draw", "none", "review export"),
    _key("stratum", Text(), "score stratum", "none", "review export"),
    _need("week", Text(), "week of the draw", "ISO week", "review export"),
    _need("purpose", Text(), "sample, flow, clerical, seed or probe", "none", "review export"),
    _need("base", Integer(), "groups that could be drawn", "groups", "review export"),
    _need("drawn", Integer(), "groups drawn", "groups", "review export"),
    comment="How many were drawn from how many, per stratum.",
)

probe_summary = Table(
    "probe_summary",
    metadata,
    _week(),
    _key("domain_kind", Text(), "province, area or marketplace", "none", "probe import"),
    _key("domain_code", Text(), "code within the kind", "none", "probe import"),
    _need("usable_count", Integer(), "known-present businesses that could be used", "businesses", "probe import"),
    _may("detected_count", Integer(), "of them, detected by the system; NULL: not evaluated", "businesses", "measure"),
    comment="Size of the list of known-present businesses; its members stay in the private store.",
)

# --- pseudonymous rows, filled by a research release ----------------------------------------------------------------

businesses = Table(
    "businesses",
    metadata,
    _key("release_id", Text(), "release the row belongs to", "none", "release"),
    _pseudonym("group_pseudonym", "group"),
    _may("area_code", Text(), "kab/kota; NULL: unknown or withheld", "none", "registry"),
    _may("sector", Text(), "reporting sector; NULL: unknown or withheld", "none", "registry"),
    _may("size", Text(), "mikro, kecil or menengah; NULL: unknown or withheld", "none", "registry"),
    _may("year_band", Text(), "band of the year of start; NULL: unknown or withheld", "years", "registry"),
    _may("has_pirt", Boolean(), "holds a P-IRT permit; NULL: not stated", "yes or no", "registry"),
    _may("has_halal", Boolean(), "holds a halal certificate; NULL: not stated", "yes or no", "registry"),
    _may("cohort", Text(), "programme it took part in; NULL: none known", "none", "cohort import"),
    _may(
        "cohort_held_on", Text(), "quarter of the programme; NULL: none known", "quarter like 2026-Q4", "cohort import"
    ),
    comment="Pseudonymous groups of a research release, generalised so that nobody stands alone.",
)

shops = Table(
    "shops",
    metadata,
    _key("release_id", Text(), "release the row belongs to", "none", "release"),
    _pseudonym("shop_pseudonym", "shop"),
    _need("marketplace", Text(), "slug of the marketplace", "none", "crawl or feed"),
    _may("area_code", Text(), "kab/kota; NULL: unknown, ambiguous or withheld", "none", "crawl or feed"),
    _may("listing_count_band", Text(), "band of products offered; NULL: not known", "listings", "crawl or feed"),
    _may("joined_quarter", Text(), "quarter it joined; NULL: not printed", "quarter like 2026-Q4", "crawl or feed"),
    _may("is_active", Boolean(), "sign of trade within 90 days; NULL: not exposed", "yes or no", "crawl or feed"),
    _need("first_seen_week", Text(), "first week it was seen", "ISO week", "crawl or feed"),
    _need("last_seen_week", Text(), "last week it was seen", "ISO week", "crawl or feed"),
    comment="Pseudonymous shops of a research release.",
)

presence = Table(
    "presence",
    metadata,
    _key("release_id", Text(), "release the row belongs to", "none", "release"),
    _pseudonym("group_pseudonym", "group"),
    _marketplace("crawl or feed"),
    _from_week(),
    _to_week(),
    _need("state", Text(), "present, closed, gone or not_observable", "none", "load and link"),
    _need("evidence_grade", Text(), "confirmed (by a person) or likely (by the system)", "none", "link and review"),
    _may("probability_band", Text(), "band of the match probability; NULL: not calibrated", "share 0 to 1", "link"),
    comment="On which marketplace a pseudonymous group was present, as intervals of weeks.",
)

judgements = Table(
    "judgements",
    metadata,
    _key("release_id", Text(), "release the row belongs to", "none", "release"),
    _key("judgement_pseudonym", Text(), "pseudonym of the judgement", "none", "keyed hash at release"),
    _need("group_pseudonym", Text(), "pseudonym of the group asked about", "none", "keyed hash at release"),
    _need("shop_pseudonym", Text(), "pseudonym of the shop asked about", "none", "keyed hash at release"),
    _need("draw_id", Text(), "draw", "none", "review export"),
    _need("purpose", Text(), "sample, flow, clerical, seed or probe", "none", "review export"),
    _may("inclusion_prob", Float(), "probability of being drawn; NULL: not drawn at random", "0 to 1", "review export"),
    _may("stratum_at_draw", Text(), "score stratum at the draw; NULL: none", "none", "review export"),
    _may("score_at_draw", Float(), "score at the draw; NULL: none", "bits or probability", "review export"),
    _need("model_version", Text(), "linkage model at the draw", "none", "link"),
    _need("answer", Text(), "ya, tidak, usaha lain, tidak tahu", "none", "review import"),
    _need("week", Text(), "week of the answer", "ISO week", "review import"),
    comment="Answers with their design weights; never who answered.",
)

link_history = Table(
    "link_history",
    metadata,
    _key("release_id", Text(), "release in which the link was known so", "none", "release"),
    _pseudonym("group_pseudonym", "group"),
    _pseudonym("shop_pseudonym", "shop"),
    _from_week(),
    _to_week(),
    _need("marketplace", Text(), "slug of the marketplace", "none", "crawl or feed"),
    _need("decision", Text(), "link (by the system) or confirmed (by a person)", "none", "link and review"),
    _need("model_version", Text(), "linkage model that decided", "none", "link"),
    comment="Links as they were known at each release.",
)

releases = Table(
    "releases",
    metadata,
    _key("release_id", Text(), "dated name", "none", "release"),
    _need("week", Text(), "newest week it holds", "ISO week", "release"),
    _need("class", Text(), "public or research", "none", "release"),
    _need("manifest_sha256", Text(), "hash of its manifest", "none", "release"),
    _need("released_on", Text(), "day from which it is frozen", "ISO date", "release"),
    comment="Frozen releases.",
)

changes = Table(
    "changes",
    metadata,
    _key("release_id", Text(), "release", "none", "release"),
    _key("table_name", Text(), "table", "none", "release"),
    _key("change", Text(), "added, changed or removed since the release before", "none", "release"),
    _need("row_count", Integer(), "rows, compared by a hash over their meaning", "rows", "release"),
    _may("note", Text(), "what happened, in words; NULL: routine", "none", "release"),
    comment="What changed from release to release.",
)
