"""Tables of the results database: what exports and researchers read. Free of direct identifiers by construction.

No column holds a name, an address, a phone, a permit number or a marketplace's own id; businesses and shops appear
under pseudonyms only (`results_rows`). These are the base tables, not under disclosure control; researchers read the
views of `results_views`. Every column describes itself (`results_columns.about`). `results_build` fills the tables from
the private store; change them only together with a migration in `monitor/migrations/results`.
"""

from sqlalchemy import Float, Index, Integer, Text

from monitor.results_columns import (
    ANY_NUMBER,
    ANY_TEXT,
    AREA,
    COUNT,
    DATE,
    DRAW,
    HEX,
    RELEASE,
    SHARE,
    TIME,
    WEEK,
    between,
    flag,
    key,
    listed,
    marketplace,
    marketplace_key,
    matching,
    may,
    metadata,
    need,
    table,
    week_key,
)
from monitor.results_rows import ROW_TABLES, businesses, judgements, link_history, presence, shops
from monitor.results_values import (
    AREA_KINDS,
    BREAK_KINDS,
    CHANGES,
    COVERAGES,
    CRAWL_KINDS,
    DOMAIN_KINDS,
    ESTIMANDS,
    GRADES,
    HEALTHS,
    MARKETPLACE_KINDS,
    MARKETPLACE_STATES,
    PURPOSES,
    REASONS,
    RELEASE_CLASSES,
    REVIEW_ANSWERS,
    STATUSES,
    SUPPORTS,
    SUPPRESSION_REASONS,
    VINTAGES,
)

__all__ = ["ROW_TABLES", "businesses", "judgements", "link_history", "metadata", "presence", "shops"]

KEMENDAGRI = "Kemendagri, kode wilayah"
KBLI = "KBLI 2020, grouped for reporting"
CATALOGUE = "catalogue of marketplaces"
SEEN = "crawl or feed"
POSITION = "order in tables; never a rank"
FEW = "withheld: so few businesses that they could be recognised"
CAUSE = matching(r"[a-z][a-z0-9_]*(:[a-z0-9_./-]+)?", "name of a cause, with a detail after a colon")
MODELS = matching(r"[a-z]+-[a-z0-9.+-]+(, [a-z]+-[a-z0-9.+-]+)*", "names with number and hash, separated by commas")
CODE = matching(r"\?|[^/]+(/[^/]+)?", "code within the kind; ? where the registry does not say")
LABEL = matching(r"(?=.*[a-z])[a-z0-9-]+", "small letters, digits, -")
METHOD = matching(r"\d{1,4}", "whole number, counting up")
REGISTRY_KINDS = {name: DOMAIN_KINDS[name] for name in ("province", "area", "sector")}
PROBE_KINDS = {name: DOMAIN_KINDS[name] for name in ("province", "area", "marketplace", "sector", "size", "cohort")}
HEADLINES = {"E1": ESTIMANDS["E1"]}

# --- what the codes mean --------------------------------------------------------------------------------------------

areas = table(
    "areas",
    key("area_code", Text(), "kode wilayah without dots", "none", AREA, KEMENDAGRI),
    need("name", Text(), "official name", "none", ANY_TEXT, KEMENDAGRI),
    need("kind", Text(), "kind of area", "none", listed(AREA_KINDS), KEMENDAGRI),
    need("position", Integer(), "order in tables, by code; never a rank", "none", COUNT, KEMENDAGRI),
    comment="The province and its kabupaten and kota.",
)

sectors = table(
    "sectors",
    key("sector", Text(), "key of the reporting sector", "none", matching(r"[a-z_]+", "small letters"), KBLI),
    need("name", Text(), "Indonesian name", "none", ANY_TEXT, KBLI),
    need("position", Integer(), POSITION, "none", COUNT, KBLI),
    comment="Reporting sectors (lapangan usaha).",
)

marketplaces = table(
    "marketplaces",
    marketplace_key(),
    need("title", Text(), "name as people know it", "none", ANY_TEXT, CATALOGUE),
    may("operator", Text(), "company that runs it", "none", ANY_TEXT, "not stated", CATALOGUE),
    may("home_url", Text(), "address of the marketplace itself", "none", matching(r"https?://.+", "web address"),
        "it has none", CATALOGUE),
    need("kind", Text(), "what it is for", "none", listed(MARKETPLACE_KINDS), CATALOGUE),
    need("support", Text(), "how it can be read", "none", listed(SUPPORTS), CATALOGUE),
    may("ended_on", Text(), "day it ended", "ISO date", DATE, "it has not ended", CATALOGUE),
    may("note", Text(), "why it is not read, in Indonesian", "none", ANY_TEXT, "nothing to say", CATALOGUE),
    need("position", Integer(), POSITION, "none", COUNT, CATALOGUE),
    comment="Every marketplace the monitor knows, read or not.",
)  # fmt: skip

# --- the denominator ------------------------------------------------------------------------------------------------

snapshots = table(
    "snapshots",
    key("snapshot_id", Text(), "hash of the registry parts it consists of", "none", HEX, "registry import"),
    need("as_of", Text(), "day of its newest part", "ISO date", DATE, "offices that handed the parts in"),
    need("business_count", Integer(), "registry rows kept", "businesses", COUNT, "registry import"),
    need("group_count", Integer(), "duplicates counted once: the denominator N", "groups", COUNT, "registry import"),
    comment="Frozen copies of the registry that figures refer to.",
)

snapshot_parts = table(
    "snapshot_parts",
    key("snapshot_id", Text(), "snapshot", "none", HEX, "registry import"),
    key("office", Text(), "kode of the office that handed the part in", "none", AREA, "registry import"),
    need("as_of", Text(), "day the part describes", "ISO date", DATE, "office"),
    need("read_count", Integer(), "data rows read", "rows", COUNT, "registry import"),
    need("kept_count", Integer(), "rows kept", "rows", COUNT, "registry import"),
    need("reject_count", Integer(), "rows given back with a reason", "rows", COUNT, "registry import"),
    comment="The part of every office that a snapshot consists of.",
)

registry_counts = table(
    "registry_counts",
    key("snapshot_id", Text(), "snapshot", "none", HEX, "registry import"),
    key("domain_kind", Text(), "kind of domain", "none", listed(REGISTRY_KINDS), "registry import"),
    key("domain_code", Text(), "kode wilayah or sector", "none", CODE, "registry import"),
    need("business_count", Integer(), "registry rows", "businesses", COUNT, "registry import"),
    need("group_count", Integer(), "duplicates counted once", "groups", COUNT, "registry import"),
    comment="The registry's own counts, the only denominators in use.",
)

# --- the week -------------------------------------------------------------------------------------------------------

weeks = table(
    "weeks",
    week_key(),
    need("week_number", Integer(), "weeks since Monday 1 January of the year 1, so that differences count weeks",
         "weeks", COUNT, "calendar"),
    need("starts_on", Text(), "Monday", "ISO date", DATE, "calendar"),
    need("ends_on", Text(), "Sunday", "ISO date", DATE, "calendar"),
    may("snapshot_id", Text(), "registry snapshot of the week's figures", "none", HEX, "no registry", "measure"),
    may("model_version", Text(), "linkage model of the week's links", "none", MODELS, "no links", "link"),
    need("method_version", Text(), "version of the method of measurement", "none", METHOD, "measure"),
    need("judged_group_count", Integer(), "groups with at least one answer by a person so far", "groups", COUNT,
         "review"),
    need("probe_count", Integer(), "usable known-present businesses so far", "businesses", COUNT, "probe import"),
    need("digest", Text(), "hash over everything that is held of the week; equal where nothing has changed", "none",
         HEX, "build of the results"),
    comment="Weeks that were measured, and what their figures rest on.",
)  # fmt: skip

estimates = table(
    "estimates",
    key("estimand", Text(), "what is measured", "none", listed(ESTIMANDS), "measure"),
    key("domain_kind", Text(), "kind of domain", "none", listed(DOMAIN_KINDS), "measure"),
    key("domain_code", Text(), "domain; codes of crossed kinds are joined by a slash", "none", CODE, "measure"),
    week_key(),
    key("vintage", Text(), "release state", "none", listed(VINTAGES), "measure"),
    key("revision", Integer(), "0, 1, ..; new inputs write the next one", "none", COUNT, "measure"),
    need("status", Text(), "may it be quoted", "none", listed(STATUSES), "measure"),
    may("value", Float(), "the figure",
        "groups; share 0 to 1 for E2, E2_ACTIVE, E2_ALIVE, E4_1 to E4_3, E9, ELSEWHERE; difference of two shares for "
        "COHORT_DIFF", ANY_NUMBER, "not available or withheld; a band has ends only", "measure"),
    may("low", Float(), "2.5 percent point, or lower end of a band", "as value", ANY_NUMBER,
        "no interval, not available or withheld", "measure"),
    may("high", Float(), "97.5 percent point, or upper end of a band", "as value", ANY_NUMBER,
        "no interval, not available or withheld", "measure"),
    may("grade", Text(), "precision of the figure, never a verdict on an area", "none", listed(GRADES),
        "not graded or withheld", "measure"),
    may("n_judged", Integer(), "judged groups behind it", "groups", COUNT, "none needed, or withheld", "measure"),
    may("n_probes", Integer(), "known-present businesses behind it", "businesses", COUNT, "none needed, or withheld",
        "measure"),
    may("kappa", Float(), "coverage used", "share 0 to 1", SHARE, "none used, or withheld", "measure"),
    may("reason", Text(), "why it is not available or withheld", "none", listed(REASONS), "it is there", "measure"),
    need("method_version", Text(), "version of the method", "none", METHOD, "measure"),
    may("registry_snapshot", Text(), "registry snapshot; see snapshots", "none", HEX, "no registry", "measure"),
    need("input_digest", Text(), "hash over everything the figure was made from", "none", HEX, "measure"),
    may("released_on", Text(), "day from which the revision is frozen", "ISO date", DATE, "not released", "release"),
    Index("ix_estimates_week", "week", "estimand"),
    comment="Every figure with its interval, as often as it was computed.",
)  # fmt: skip

draws = table(
    "draws",
    key("estimand", Text(), "what is measured; of the whole province", "none", listed(HEADLINES), "measure"),
    week_key(),
    key("vintage", Text(), "release state", "none", listed(VINTAGES), "measure"),
    key("revision", Integer(), "as in estimates", "none", COUNT, "measure"),
    key("draw", Integer(), "number of the draw, counting from 0", "none", COUNT, "measure"),
    need("value", Float(), "the headline in this draw of the simulation", "groups", COUNT, "measure"),
    comment="Monte Carlo draws of the headline: for intervals of differences, ratios and other functions of it.",
)

marketplace_weeks = table(
    "marketplace_weeks",
    marketplace_key(),
    week_key(),
    need("state", Text(), "how it was read", "none", listed(MARKETPLACE_STATES), "measure"),
    may("cause", Text(), "named cause why it was not measured", "none", CAUSE, "it was measured, or no cause is known",
        "health check"),
    may("source_week", Text(), "week of the data in use", "ISO week", WEEK, "no data", SEEN),
    may("source_on", Text(), "day of the data in use", "ISO date", DATE, "no data", SEEN),
    flag("covered", "does the headline figure cover it in this week", "measure"),
    may("shop_count", Integer(), "shops known live, in the region or of unknown place", "shops", COUNT, FEW, SEEN),
    comment="State of every marketplace in every measured week; not measured is a state, never a zero.",
)  # fmt: skip

crawls = table(
    "crawls",
    key("crawl_id", Text(), "crawl", "none", matching(r"[a-z0-9_]+/[0-9TZ-]+", "slug and start time"), SEEN),
    marketplace(SEEN),
    need("week", Text(), "week it belongs to", "ISO week", WEEK, SEEN),
    need("kind", Text(), "how the data came", "none", listed(CRAWL_KINDS), SEEN),
    need("coverage", Text(), "what absence from it means", "none", listed(COVERAGES), SEEN),
    need("started_at", Text(), "start", "UTC time", TIME, SEEN),
    may("finished_at", Text(), "end", "UTC time", TIME, "never finished", SEEN),
    need("health", Text(), "may it be used", "none", listed(HEALTHS), "health check"),
    may("cause", Text(), "named cause why it is not healthy", "none", CAUSE, "healthy", "health check"),
    may("shop_count", Integer(), "distinct shops read", "shops", COUNT, FEW, SEEN),
    may("listing_count", Integer(), "distinct listings read", "listings", COUNT, FEW, SEEN),
    flag("loaded", "did its shops enter the store", "load"),
    Index("ix_crawls_week", "week", "marketplace"),
    comment="Health of every crawl and feed that was looked at.",
)

review_counts = table(
    "review_counts",
    week_key(),
    key("purpose", Text(), "why the pairs were asked", "none", listed(PURPOSES), "review"),
    key("answer", Text(), "newest answer", "none", listed(REVIEW_ANSWERS), "review"),
    need("task_count", Integer(), "pairs, up to and including the week", "pairs", COUNT, "review"),
    comment="Progress of the review, without who answered what.",
)

suppressions = table(
    "suppressions",
    week_key(),
    key("table_id", Text(), "public table: estimand and the kinds of domain it crosses; D decides about E1 to E3 too",
        "none", matching(r"(D|E8):[a-z_]+", "D or E8, a colon, kind of domain"), "measure"),
    key("cell", Text(), "domain code of the cell, crossed ones joined by a slash", "none",
        matching(r"(\?|\*|[^/]+)(/(\?|\*|[^/]+))?", "code within the kind; * for a total"), "measure"),
    need("reason", Text(), "why it is hidden", "none", listed(SUPPRESSION_REASONS), "measure"),
    need("pattern_id", Text(), "pattern it belongs to, frozen for 13 weeks", "none", ANY_TEXT, "measure"),
    comment="Cells of public tables that are not shown.",
)  # fmt: skip

series_breaks = table(
    "series_breaks",
    key("week", Text(), "first week after the break", "ISO week", WEEK, "measure"),
    key("kind", Text(), "what kind of change", "none", listed(BREAK_KINDS), "measure"),
    key("subject", Text(), "what changed: slug, kode of an office, version", "none", ANY_TEXT, "measure"),
    need("note", Text(), "why, in Indonesian", "none", ANY_TEXT, "measure"),
    comment="Weeks from which figures do not compare with earlier ones.",
)

review_draws = table(
    "review_draws",
    key("draw_id", Text(), "draw", "none", DRAW,
        "review export"),
    key("stratum", Text(), "score stratum", "none", matching(r"\d", "0 (lowest) to 6 (highest)"), "review export"),
    need("week", Text(), "week of the draw", "ISO week", WEEK, "review export"),
    need("purpose", Text(), "why the groups were asked", "none", listed(PURPOSES), "review export"),
    need("base", Integer(), "groups that could be drawn", "groups", COUNT, "review export"),
    need("drawn", Integer(), "groups drawn", "groups", COUNT, "review export"),
    comment="How many were drawn from how many, per stratum.",
)  # fmt: skip

probe_summary = table(
    "probe_summary",
    week_key(),
    key("domain_kind", Text(), "kind of domain", "none", listed(PROBE_KINDS), "probe import"),
    key("domain_code", Text(), "code within the kind", "none", CODE, "probe import"),
    may("usable_count", Integer(), "known-present businesses that could be used", "businesses", COUNT, FEW,
        "probe import"),
    may("detected_count", Integer(), "of them, detected by the system", "businesses", COUNT,
        "not evaluated, or withheld", "measure"),
    comment="Size of the list of known-present businesses; its members stay in the private store.",
)  # fmt: skip

# --- releases -------------------------------------------------------------------------------------------------------

releases = table(
    "releases",
    key("release_id", Text(), "dated name", "none", RELEASE, "release"),
    need("week", Text(), "newest week it holds", "ISO week", WEEK, "release"),
    need("class", Text(), "what it may hold", "none", listed(RELEASE_CLASSES), "release"),
    may("recipient", Text(), "label of who it is for", "none", LABEL,
        "everybody: a public release", "release"),
    may("key_id", Text(), "name of the pseudonym key: releases with the same one can be joined", "none", HEX,
        "no pseudonyms: a public release", "release"),
    flag("is_practice", "made from the practice world, not from real data", "release"),
    may("manifest_sha256", Text(), "hash of its manifest", "none", HEX,
        "the release at hand, whose manifest holds the hash of this file", "release"),
    need("released_on", Text(), "day from which it is frozen", "ISO date", DATE, "release"),
    may("expires_on", Text(), "day by which it must be deleted", "ISO date", DATE, "never: a public release",
        "release"),
    comment="Frozen releases.",
)  # fmt: skip

changes = table(
    "changes",
    key("release_id", Text(), "release", "none", RELEASE, "release"),
    key("table_name", Text(), "table", "none", matching(r"[a-z_]+", "name of a table"), "release"),
    key("change", Text(), "compared with the release before of the same class and recipient", "none", listed(CHANGES),
        "release"),
    need("row_count", Integer(), "rows, compared by a hash over their meaning", "rows", COUNT, "release"),
    may("share", Float(), "row_count over the rows of the release before", "share", between(0),
        "the release before had no rows", "release"),
    flag("is_alarm", "more than is usual; see note", "release"),
    may("note", Text(), "what happened, in words", "none", ANY_TEXT, "routine", "release"),
    comment="What changed from release to release.",
)  # fmt: skip
