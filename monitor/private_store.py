"""Tables of the private store: everything a run knows. Readable by its owner only; every column has its comment.

NIK and NPWP are never stored; phone numbers only as keyed hashes. Times are UTC text, weeks ISO weeks of the region's
zone, codes Kemendagri's without dots. History is kept as intervals: a row holds from `valid_from_*` until just before
`valid_to_*`, NULL meaning "still". Change tables only together with a migration in `monitor/migrations/private`.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import JSON, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# A missing JSON value is NULL, not the JSON text "null".
Json = JSON(none_as_null=True)

# SQLite only counts up by itself when the type is exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


def _key(name: str, kind: TypeEngine[Any], comment: str) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False, comment=comment)


def _need(name: str, kind: TypeEngine[Any], comment: str) -> Column[Any]:
    return Column(name, kind, nullable=False, comment=comment)


def _may(name: str, kind: TypeEngine[Any], comment: str) -> Column[Any]:
    return Column(name, kind, nullable=True, comment=comment)


def _marketplace() -> Column[Any]:
    return _key("marketplace", Text(), "slug of the marketplace in the catalogue")


def _shop() -> Column[Any]:
    return _key("shop_id", Text(), "the marketplace's own id of the shop, as text")


def _from_week() -> Column[Any]:
    return _key("valid_from_week", Text(), "first ISO week in which the row holds")


def _to_week() -> Column[Any]:
    return _may("valid_to_week", Text(), "first ISO week in which it no longer holds; NULL: still holds")


def _digest() -> Column[Any]:
    return _need("digest", Text(), "hash over the row's meaning; the same digest continues the interval")


# --- registry -------------------------------------------------------------------------------------------------------

registry_parts = Table(
    "registry_parts",
    metadata,
    Column("part_id", Id, primary_key=True, autoincrement=True, comment="one handed-in registry file of one office"),
    _need("office", Text(), "kode of the office that handed it in (36 province, 3601.. kab/kota)"),
    _need("as_of", Text(), "ISO date the list describes"),
    _need("file_sha256", Text(), "hash of the file as handed in"),
    _need("read_count", Integer(), "data rows read"),
    _need("kept_count", Integer(), "rows kept"),
    _need("reject_count", Integer(), "rows given back with a reason"),
    _need("columns", Json, "common field -> column name as written in the file"),
    _need("phone_key_id", Text(), "key that hashed the phones of this part"),
    _need("imported_at", Text(), "UTC time"),
    Index("ix_registry_parts_office", "office", "as_of"),
    comment="Every registry part that was imported; a part replaces only its own office.",
)

snapshots = Table(
    "snapshots",
    metadata,
    _key("snapshot_id", Text(), "hash of the parts it consists of"),
    _need("as_of", Text(), "ISO date of its newest part"),
    _need("business_count", Integer(), "businesses in it"),
    _need("group_count", Integer(), "groups in it: duplicates of one business count once; the denominator N"),
    _need("made_at", Text(), "UTC time"),
    comment="Frozen registry: the latest part of every office.",
)

snapshot_parts = Table(
    "snapshot_parts",
    metadata,
    Column("snapshot_id", Text(), ForeignKey("snapshots.snapshot_id"), primary_key=True, comment="snapshot"),
    Column("part_id", Id, ForeignKey("registry_parts.part_id"), primary_key=True, comment="part it contains"),
    comment="Which parts make a snapshot.",
)

businesses = Table(
    "businesses",
    metadata,
    _key("business_id", Id, "surrogate, assigned once, kept across snapshots"),
    _need("office", Text(), "office whose parts carry the business"),
    _need("first_part_id", Id, "part in which it first appeared"),
    _may("is_erased", Boolean(), "true: its person was erased, only what counts need is left; NULL: no"),
    comment="Identity of a registered business; its attributes are in business_versions.",
)

business_versions = Table(
    "business_versions",
    metadata,
    _key("business_id", Id, "business"),
    _key("valid_from_part", Id, "part from which this row holds"),
    _may("valid_to_part", Id, "part of the same office from which it no longer holds; NULL: still holds"),
    _digest(),
    _need("office", Text(), "office whose part it came from"),
    _need("group_id", Id, "duplicates of one business share it; the smallest business_id of the group"),
    _need("row_number", Integer(), "row of the handed-in file, 1 = first line"),
    _may("source_id", Text(), "id in the office's own list"),
    _may("nib", Text(), "NIB, 13 digits"),
    _may("business_name", Text(), "name as written"),
    _may("trade_name", Text(), "popular or commercial name as written"),
    _may("owner_name", Text(), "owner as written"),
    _may("address", Text(), "address as written"),
    _may("area_code", Text(), "kab/kota, 4 digits; NULL: unknown or ambiguous"),
    _may("district_code", Text(), "kecamatan, 6 digits; NULL: unknown or ambiguous"),
    _may("village_code", Text(), "desa/kelurahan, 10 digits; NULL: unknown or ambiguous"),
    _may("kbli", Text(), "KBLI 2020, 2 to 5 digits"),
    _may("sector", Text(), "reporting sector derived from KBLI or the category text"),
    _may("product", Text(), "main product or activity as written"),
    _may("phone_hashes", Text(), "keyed hashes of its phone numbers, blank-separated"),
    _may("pirt", Text(), "P-IRT numbers, blank-separated, digits only"),
    _may("halal", Text(), "halal certificate numbers, blank-separated"),
    _may("bpom", Text(), "BPOM numbers, blank-separated"),
    _may("has_pirt", Boolean(), "holds a P-IRT permit, with or without number; NULL: not stated"),
    _may("has_halal", Boolean(), "holds a halal certificate; NULL: not stated"),
    _may("size", Text(), "mikro, kecil or menengah"),
    _may("year", Integer(), "year of start"),
    _may("is_outside", Boolean(), "true: the list places it outside the province; kept, neither counted nor matched"),
    Index("ix_business_versions_part", "office", "valid_from_part", "valid_to_part"),
    Index("ix_business_versions_group_id", "group_id"),
    comment="What the registry says about a business, as intervals over the parts of its office.",
)

declared_accounts = Table(
    "declared_accounts",
    metadata,
    _key("business_id", Id, "business"),
    _key("marketplace", Text(), "slug, or 'unknown' where the text names no known marketplace"),
    _key("account", Text(), "account name or address as declared"),
    _key("valid_from_part", Id, "part from which it holds"),
    _may("valid_to_part", Id, "part from which it no longer holds"),
    _may("shop_id", Text(), "shop it resolves to, when the address says so"),
    comment="Marketplace accounts that a business declared (SIDT question 708): a lead, never an observation.",
)

identity_issues = Table(
    "identity_issues",
    metadata,
    _key("part_id", Id, "part in which it arose"),
    _key("business_id", Id, "business that was given a new id"),
    _need("reason", Text(), "why no earlier id was inherited"),
    _may("candidates", Json, "earlier business_ids that could have been meant"),
    comment="Rows of a later part that could not inherit an id with certainty.",
)

# --- marketplaces ---------------------------------------------------------------------------------------------------

crawls = Table(
    "crawls",
    metadata,
    _key("crawl_id", Text(), "<slug>/<start time>, also its directory"),
    _need("marketplace", Text(), "slug"),
    _need("week", Text(), "ISO week it belongs to"),
    _need("kind", Text(), "crawl or feed"),
    _need("coverage", Text(), "complete or partial; absence from a partial one means nothing"),
    _need("content_sha256", Text(), "hash over the rows that were read"),
    _need("observed_on", Text(), "ISO date its rows describe, in the region's zone"),
    _need("started_at", Text(), "UTC time"),
    _may("finished_at", Text(), "UTC time; NULL: never finished"),
    _may("finish_reason", Text(), "as the crawler gave it"),
    _need("health", Text(), "healthy, failed or unfinished"),
    _may("cause", Text(), "named cause when not healthy"),
    _may("problems", Json, "list of what the health check found"),
    _need("shop_count", Integer(), "distinct shops read"),
    _need("listing_count", Integer(), "distinct listings read"),
    _may("stats", Json, "figures the health check used"),
    _may("loaded_at", Text(), "UTC time of loading; NULL: kept, not loaded"),
    Index("ix_crawls_marketplace_week", "marketplace", "week"),
    comment="Every crawl directory that load has looked at.",
)

shops = Table(
    "shops",
    metadata,
    _marketplace(),
    _shop(),
    _may("account_id", Text(), "one seller on two marketplaces"),
    _need("first_seen_week", Text(), "ISO week"),
    _may("is_erased", Boolean(), "true: its seller was erased and shop_id is a made-up one; NULL: no"),
    comment="Identity of a shop.",
)

shop_aliases = Table(
    "shop_aliases",
    metadata,
    _marketplace(),
    _key("alias", Text(), "other id, slug or address of the shop"),
    _need("shop_id", Text(), "shop"),
    _need("first_seen_week", Text(), "ISO week"),
    comment="Renames and old ids of shops.",
)

observations = Table(
    "observations",
    metadata,
    _marketplace(),
    _shop(),
    _from_week(),
    _to_week(),
    _digest(),
    _need("state", Text(), "live, closed (the site says so), gone (not found twice), unknown"),
    _need("missed_count", Integer(), "complete healthy crawls in a row, on different days, without it"),
    _may("name", Text(), "as printed"),
    _may("username", Text(), "as printed"),
    _may("url", Text(), "address of the shop"),
    _may("city", Text(), "place as printed"),
    _may("district", Text(), "kecamatan as printed"),
    _may("province", Text(), "province as printed"),
    _may("area_codes", Text(), "every kab/kota the printed place can mean, blank-separated"),
    _may("district_code", Text(), "kecamatan code"),
    _may("latitude", Float(), "degrees north"),
    _may("longitude", Float(), "degrees east"),
    _may("description", Text(), "as printed, phone numbers masked"),
    _may("joined_on", Text(), "ISO date the marketplace prints"),
    _may("is_official", Boolean(), "brand or official store"),
    _may("is_collective", Boolean(), "sells the goods of many businesses"),
    _may("has_listings", Boolean(), "lists at least one product; NULL: not known"),
    _may("identifiers", Json, "what it prints about itself: list of kind, value or hash, key_id, where"),
    _may("observed_at", Text(), "UTC time it was last read"),
    Index("ix_observations_week", "marketplace", "valid_from_week", "valid_to_week"),
    comment="What a shop looked like and its state, as intervals of weeks.",
)

shop_metrics = Table(
    "shop_metrics",
    metadata,
    _marketplace(),
    _shop(),
    _from_week(),
    _to_week(),
    _digest(),
    _may("listing_count", Integer(), "products offered"),
    _may("sold_count", BigInteger(), "products sold, as the site rounds it"),
    _may("follower_count", BigInteger(), "followers"),
    _may("rating", Float(), "0 to 5"),
    _may("rating_count", BigInteger(), "ratings"),
    _may("last_active_at", Text(), "UTC time, where the site prints it"),
    comment="Figures of a shop that move every week.",
)

listings = Table(
    "listings",
    metadata,
    _marketplace(),
    _key("listing_id", Text(), "the marketplace's own id of the product, as text"),
    _from_week(),
    _to_week(),
    _digest(),
    _need("shop_id", Text(), "shop that offers it"),
    _may("title", Text(), "as printed"),
    _may("url", Text(), "address"),
    _may("category", Text(), "as printed"),
    _may("brand", Text(), "as printed"),
    _may("created_on", Text(), "ISO date"),
    _may("identifiers", Json, "as in observations"),
    Index("ix_listings_shop", "marketplace", "shop_id"),
    comment="Products offered, as intervals of weeks.",
)

listing_metrics = Table(
    "listing_metrics",
    metadata,
    _marketplace(),
    _key("listing_id", Text(), "listing"),
    _from_week(),
    _to_week(),
    _digest(),
    _may("price_idr", BigInteger(), "whole rupiah"),
    _may("sold_count", BigInteger(), "sold, as the site rounds it"),
    _may("rating", Float(), "0 to 5"),
    _may("rating_count", BigInteger(), "ratings"),
    _may("stock", BigInteger(), "pieces"),
    comment="Figures of a listing that move every week.",
)

marketplace_weeks = Table(
    "marketplace_weeks",
    metadata,
    _marketplace(),
    _key("week", Text(), "ISO week"),
    _need("state", Text(), "measured, fed, partial, carried, refused, failed, not_crawled, not_open, closed"),
    _may("cause", Text(), "named cause where not measured"),
    _may("source_week", Text(), "week of the data in use; earlier than week when carried"),
    _may("source_on", Text(), "ISO date of the data in use"),
    _may("crawl_id", Text(), "crawl in use"),
    _need("covered", Boolean(), "does E1 cover it this week"),
    _need("shop_count", Integer(), "shops known live in the week, in the region or of unknown place"),
    comment="State of every marketplace of the catalogue in every measured week.",
)

query_panel = Table(
    "query_panel",
    metadata,
    _marketplace(),
    _key("query", Text(), "query of the fixed panel"),
    _need("from_week", Text(), "first week of the query in the panel"),
    _may("to_week", Text(), "first week it is no longer in the panel"),
    comment="Queries that run every week unchanged, so that weeks compare.",
)

panel_runs = Table(
    "panel_runs",
    metadata,
    _marketplace(),
    _key("week", Text(), "ISO week"),
    _key("query", Text(), "query of the fixed panel"),
    _need("done", Boolean(), "was it read to its end"),
    _need("capped", Boolean(), "did the site cut it off before its end"),
    _may("declared", Integer(), "results the site said it has; NULL: it does not say"),
    _need("fetched", Integer(), "shops it showed"),
    comment="What became of each query of the fixed panel in a loaded week; two weeks compare where both were done.",
)

panel_shops = Table(
    "panel_shops",
    metadata,
    _marketplace(),
    _key("query", Text(), "query of the fixed panel"),
    _shop(),
    _from_week(),
    _to_week(),
    _digest(),
    Index("ix_panel_shops_week", "marketplace", "valid_from_week", "valid_to_week"),
    comment="Shops that a query of the fixed panel showed, as intervals of the weeks in which it was done.",
)

sentinels = Table(
    "sentinels",
    metadata,
    _marketplace(),
    _key("week", Text(), "ISO week"),
    _shop(),
    _may("found", Boolean(), "was it found in that week; NULL: not looked for"),
    comment="Shops drawn each week to see whether a crawl still finds what is there.",
)

# --- linkage --------------------------------------------------------------------------------------------------------

model_versions = Table(
    "model_versions",
    metadata,
    _key("model_version", Text(), "name and hash of the parameters"),
    _need("parameters", Json, "weights, thresholds, rules"),
    _need("first_used_at", Text(), "UTC time"),
    comment="Linkage models that made links.",
)

candidate_pairs = Table(
    "candidate_pairs",
    metadata,
    _marketplace(),
    _shop(),
    _key("business_id", Id, "candidate"),
    _from_week(),
    _to_week(),
    _digest(),
    _need("group_id", Id, "group of the candidate"),
    _need("rule", Text(), "blocking rule that found the pair first"),
    _need("weight", Float(), "match weight in bits, prior included"),
    _may("probability", Float(), "calibrated; NULL while there are fewer than 200 sample judgements"),
    _need("agreements", Integer(), "independent agreements"),
    _need("decision", Text(), "link, review or reject"),
    _need("evidence", Json, "bits per comparison"),
    Index("ix_candidate_pairs_group_id", "group_id"),
    comment="Every pair above the floor, not only winners.",
)

links = Table(
    "links",
    metadata,
    _marketplace(),
    _shop(),
    _key("listing_id", Text(), "'' where the whole shop is linked; a listing for collective shops"),
    _key("group_id", Id, "group that runs the shop"),
    _from_week(),
    _to_week(),
    _digest(),
    _need("business_id", Id, "registered business of the group with the most evidence"),
    _need("model_version", Text(), "model that decided"),
    _need("decision", Text(), "link (decided by the system) or confirmed (by a person)"),
    _need("weight", Float(), "match weight in bits"),
    _may("probability", Float(), "calibrated; NULL while not calibrated"),
    _need("evidence", Json, "bits per comparison, and the judgement that decided, if any"),
    Index("ix_links_group_id", "group_id"),
    comment="Which group runs which shop, as intervals of weeks.",
)

# --- review ---------------------------------------------------------------------------------------------------------

review_tasks = Table(
    "review_tasks",
    metadata,
    _key("task_id", Text(), "what the sheet carries"),
    _need("draw_id", Text(), "draw it belongs to"),
    _need("purpose", Text(), "sample, flow, clerical, seed or probe"),
    _need("week", Text(), "ISO week of the draw"),
    _need("office", Text(), "office that is asked"),
    _need("marketplace", Text(), "slug"),
    _need("shop_id", Text(), "shop"),
    _need("business_id", Id, "business asked about"),
    _need("group_id", Id, "its group at the draw"),
    _may("inclusion_prob", Float(), "probability of being drawn; NULL for clerical"),
    _may("stratum_at_draw", Text(), "score stratum"),
    _may("score_at_draw", Float(), "score of the pair at the draw, 0 to 1; NULL: seed tasks"),
    _need("model_version", Text(), "model at the draw"),
    _need("position", Integer(), "place in the sheet, random"),
    _may("coder", Text(), "first, second (drawn twice), check (against the score) or third (settles)"),
    _may("known_answer", Text(), "answer known beforehand, seed tasks only; never shown"),
    _may("follow_up_prob", Float(), "chance with which the task of a silent office was passed on; NULL: not passed on"),
    _need("drawn_at", Text(), "UTC time"),
    Index("ix_review_tasks_pair", "marketplace", "shop_id", "business_id"),
    comment="Pairs that a person was asked about, written when drawn; they cannot be rebuilt later.",
)

judgements = Table(
    "judgements",
    metadata,
    Column("judgement_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("task_id", Text(), "task"),
    _need("purpose", Text(), "sample, flow, clerical, seed or probe"),
    _need("draw_id", Text(), "draw"),
    _may("inclusion_prob", Float(), "probability of being drawn"),
    _may("stratum_at_draw", Text(), "score stratum"),
    _may("score_at_draw", Float(), "score of the pair at the draw, 0 to 1; NULL: seed tasks"),
    _need("model_version", Text(), "model at the draw"),
    _need("answer", Text(), "ya, tidak, usaha lain, tidak tahu"),
    _may("other_business", Text(), "business named with 'usaha lain', as written"),
    _may("note", Text(), "reviewer's note"),
    _may("reviewer", Text(), "who answered"),
    _need("office", Text(), "office that answered"),
    _need("week", Text(), "ISO week from which the answer counts: that of its task"),
    _need("at", Text(), "UTC time"),
    _need("source_sha256", Text(), "hash of the file it came in"),
    Index("ix_judgements_task_id", "task_id"),
    comment="Answers of reviewers; never deleted, the newest per task and reviewer holds, outranks any score.",
)

undone_judgements = Table(
    "undone_judgements",
    metadata,
    _key("judgement_id", Id, "judgement that no longer counts"),
    _need("at", Text(), "UTC time"),
    _need("who", Text(), "account that ran the command"),
    _need("reason", Text(), "why"),
    _may("effect", Json, "figure -> value before and after, province level"),
    comment="Judgements that were taken back; they stay in judgements and are no longer used.",
)

draws = Table(
    "draws",
    metadata,
    _key("draw_id", Text(), "draw"),
    _key("stratum", Text(), "score stratum"),
    _need("week", Text(), "ISO week"),
    _need("purpose", Text(), "sample, flow, clerical, seed or probe"),
    _need("base", Integer(), "groups that could be drawn"),
    _need("drawn", Integer(), "groups drawn"),
    comment="How many were drawn from how many, per stratum.",
)

draw_frames = Table(
    "draw_frames",
    metadata,
    _key("draw_id", Text(), "draw"),
    _key("group_id", Id, "group in the base"),
    _need("stratum", Text(), "its stratum in this draw"),
    comment="Stratum of every group that could be drawn.",
)

# --- measurement ----------------------------------------------------------------------------------------------------

probes = Table(
    "probes",
    metadata,
    Column("probe_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("source", Text(), "where it was collected"),
    _need("collected_on", Text(), "ISO date"),
    _need("marketplace", Text(), "slug"),
    _may("shop_id", Text(), "exact id; NULL: the address could not be resolved"),
    _may("shop_url", Text(), "as handed in"),
    _may("business_id", Id, "business, when identified"),
    _may("identified_by", Text(), "nib, or name and area confirmed by a reviewer"),
    _need("status", Text(), "usable, unresolved, unidentified, not_independent"),
    _may("cohort", Text(), "programme whose own form brought it; left out of that programme's coverage"),
    _may("office", Text(), "kode of the office that handed it in"),
    _may("business_name", Text(), "as written"),
    _may("owner_name", Text(), "as written"),
    _may("area_code", Text(), "kab/kota as written, 4 digits"),
    _may("district_code", Text(), "kecamatan as written, 6 digits"),
    _may("row_number", Integer(), "row of the file, 1 = first line"),
    _may("imported_at", Text(), "UTC time"),
    _need("source_sha256", Text(), "file it came in"),
    comment="Businesses known to be present, gathered without the crawl. Read by measure alone.",
)

probe_checks = Table(
    "probe_checks",
    metadata,
    _key("probe_id", Id, "probe"),
    _key("week", Text(), "ISO week"),
    _need("state", Text(), "live, closed, gone or unknown, by a separate fetch"),
    _need("checked_at", Text(), "UTC time"),
    comment="Is the shop of a probe alive, checked apart from the crawl.",
)

cohorts = Table(
    "cohorts",
    metadata,
    _key("cohort", Text(), "name of the programme"),
    _need("held_on", Text(), "ISO date"),
    _may("kind", Text(), "training (participants of a programme) or list (certificate holders, suppliers, curated)"),
    _need("source_sha256", Text(), "file it came in"),
    _need("imported_at", Text(), "UTC time"),
    comment="Programme participants, lists of certificate holders and the like.",
)

cohort_members = Table(
    "cohort_members",
    metadata,
    _key("cohort", Text(), "programme"),
    _key("row_number", Integer(), "row of the list"),
    _may("business_id", Id, "business; NULL: not in the registry"),
    _may("name", Text(), "as written"),
    _may("owner_name", Text(), "as written"),
    _may("district_code", Text(), "kecamatan"),
    comment="Members of a cohort; those that match no business are kept.",
)

audits = Table(
    "audits",
    metadata,
    _key("business_id", Id, "business"),
    _key("drawn_on", Text(), "ISO date"),
    _need("area_code", Text(), "kab/kota"),
    _need("inclusion_prob", Float(), "probability of being drawn"),
    _need("outcome", Text(), "alive, closed, moved_out, not_umkm, duplicate, not_reached"),
    _may("duplicate_of", Id, "business it duplicates"),
    _may("method", Text(), "phone or visit"),
    _may("checked_on", Text(), "ISO date"),
    comment="Yearly check of the register.",
)

estimates = Table(
    "estimates",
    metadata,
    _key("estimand", Text(), "E1 to E9, or D: groups with a decided link, unchecked"),
    _key("domain_kind", Text(), "province, area, district, marketplace, sector, size, cohort, area_sector"),
    _key("domain_code", Text(), "code, slug or name within the kind"),
    _key("week", Text(), "ISO week"),
    _key("vintage", Text(), "flash, final or benchmark"),
    _key("revision", Integer(), "0, 1, ..; a new input digest writes the next one"),
    _need("status", Text(), "published, carried, suppressed, not_available"),
    _may("value", Float(), "groups; share 0 to 1 for E2, E9 and E4 (E4: of the detected groups); NULL: not said"),
    _may("low", Float(), "2.5 % point"),
    _may("high", Float(), "97.5 % point"),
    _may("grade", Text(), "A, B, C or -"),
    _may("n_judged", Integer(), "judgements behind it"),
    _may("n_probes", Integer(), "probes behind it"),
    _may("kappa", Float(), "coverage used, 0 to 1"),
    _may("reason", Text(), "why it is not available, as a key of the wording"),
    _may("details", Json, "what it was made of: strata, judgements, probes, coverage, bands; counts only"),
    _need("method_version", Text(), "version of the method"),
    _may("registry_snapshot", Text(), "snapshot"),
    _need("input_digest", Text(), "hash over snapshot, observations, judgements, probes, model and method"),
    _need("made_at", Text(), "UTC time"),
    _may("released_on", Text(), "ISO date from which it is frozen"),
    comment="Every figure that was ever computed for publication; never overwritten.",
)

estimate_draws = Table(
    "estimate_draws",
    metadata,
    _key("estimand", Text(), "as in estimates; kept for E1 of the province"),
    _key("domain_kind", Text(), "as in estimates"),
    _key("domain_code", Text(), "as in estimates"),
    _key("week", Text(), "ISO week"),
    _key("vintage", Text(), "flash, final or benchmark"),
    _key("revision", Integer(), "revision of the figure that the draws belong to"),
    _need("values", LargeBinary(), "draws one after another, each 8 bytes: IEEE 754 double, little endian; groups"),
    comment="Draws behind the headline, so that others can carry its uncertainty on.",
)

suppressions = Table(
    "suppressions",
    metadata,
    _key("week", Text(), "ISO week"),
    _key("table_id", Text(), "public table: its estimand and the kinds of domain it crosses"),
    _key("cell", Text(), "domain code of the cell, codes of crossed domains joined by a slash"),
    _need("reason", Text(), "few (primary), secondary or frozen"),
    _need("pattern_id", Text(), "pattern it belongs to, frozen for 13 weeks"),
    comment="Cells of public tables that are not shown; the internal figures stay in estimates.",
)

series_breaks = Table(
    "series_breaks",
    metadata,
    _key("week", Text(), "first week after the break"),
    _key("kind", Text(), "marketplaces, registry, model, panel, definition, crawl_level"),
    _key("subject", Text(), "what changed"),
    _need("note", Text(), "why"),
    comment="Weeks from which figures do not compare with earlier ones.",
)

# --- operations -----------------------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    Column("run_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("verb", Text(), "verb of the command line"),
    _may("subject", Text(), "marketplace or file kind"),
    _may("week", Text(), "ISO week"),
    _need("holder", Text(), "host and process that holds the lease"),
    _need("started_at", Text(), "UTC time"),
    _need("heartbeat_at", Text(), "UTC time of the last sign of life"),
    _may("lease_until", Text(), "UTC time until which nobody else may run it; NULL: no lease"),
    _may("finished_at", Text(), "UTC time"),
    _need("outcome", Text(), "asked, begun, running, done, failed, abandoned"),
    _may("message", Text(), "one sentence"),
    _may("input_digest", Text(), "hash of what it worked on; equal digests need no second run"),
    Index("ix_runs_verb", "verb", "subject", "week"),
    Index("ix_runs_outcome", "outcome", "lease_until"),
    Index("ix_runs_started_at", "started_at"),
    comment="Every verb's run.",
)

pauses = Table(
    "pauses",
    metadata,
    _key("marketplace", Text(), "slug"),
    _need("until", Text(), "ISO date; first day on which it is crawled again"),
    _need("reason", Text(), "why, as the person wrote it"),
    _need("who", Text(), "account that ran the command"),
    _need("at", Text(), "UTC time"),
    comment="Marketplaces that are not crawled for a while.",
)

lanes = Table(
    "lanes",
    metadata,
    _key("site", Text(), "marketplace's slug, or domain of an own shop"),
    _need("next_at", Float(), "no request before it; seconds since 1970 by the database's clock"),
    _need("delay_s", Float(), "seconds between requests, the slowest that the crawl wants"),
    _may("holder", Text(), "process whose request is in flight"),
    _need("held_until", Float(), "when that process counts as dead, unless it renews"),
    _may("crawl_id", Text(), "crawl of the last request"),
    _need("has_waited", Boolean(), "whether that crawl waited as long as the site asked for"),
    _may("closed_in", Text(), "crawl that the site refused"),
    comment="Sites as workers of a cluster ask them: one request at a time.",
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("at", Text(), "UTC time"),
    _need("kind", Text(), "told (a cause), over (a cause that is gone) or daily"),
    _need("cause", Text(), "name of the cause; empty for daily"),
    _need("week", Text(), "ISO week in which it was said"),
    Index("ix_messages_at", "at"),
    comment="What ops were told, so that each cause is said once a week.",
)

handed_in = Table(
    "handed_in",
    metadata,
    _key("file_sha256", Text(), "hash over content, office and name of the file"),
    _key("kind", Text(), "registry, feed, review, probe, cohort, audit, unknown"),
    _need("office", Text(), "office that handed it in"),
    _need("received_at", Text(), "UTC time"),
    _need("outcome", Text(), "accepted or returned"),
    _need("receipt", Text(), "Indonesian receipt as sent"),
    comment="Files that people handed in, so that the same file twice is a no-op.",
)

recipients = Table(
    "recipients",
    metadata,
    _key("recipient", Text(), "label in release ids and file names; never a person's name"),
    _may("holder_hash", Text(), "keyed hash of the name in the agreement; NULL: the database itself"),
    _need("purpose", Text(), "what the agreement allows"),
    _need("key_id", Text(), "names the recipient's pseudonym key without giving it away"),
    _need("agreed_at", Text(), "UTC time"),
    _may("expires_on", Text(), "ISO date from which the data must be gone and the key is destroyed; NULL: no end"),
    _may("key_destroyed_on", Text(), "ISO date on which purge destroyed the key; NULL: it exists"),
    comment="Who gets research releases; the pseudonym keys lie in files of their own.",
)

releases = Table(
    "releases",
    metadata,
    _key("release_id", Text(), "dated name"),
    _need("week", Text(), "ISO week"),
    _need("class", Text(), "public or research"),
    _may("recipient", Text(), "recipient of a research release; NULL: public"),
    _may("key_id", Text(), "pseudonym key in use; NULL: public"),
    _may("expires_on", Text(), "ISO date from which a recipient may not keep it; NULL: no end"),
    _may("previous_id", Text(), "release it is compared with; NULL: the first of its kind"),
    _need("content_digest", Text(), "hash over the meaning of all rows; equal content writes no release; '': unknown"),
    _may("registry_snapshot", Text(), "snapshot of its figures"),
    _need("manifest_sha256", Text(), "hash of the manifest"),
    _need("released_at", Text(), "UTC time"),
    _may("withdrawn_at", Text(), "UTC time at which its row data were taken back; NULL: they stand"),
    comment="Frozen releases.",
)

release_links = Table(
    "release_links",
    metadata,
    _key("release_id", Text(), "research release"),
    _marketplace(),
    _shop(),
    _key("listing_id", Text(), "'' where the whole shop is linked"),
    _key("group_id", Id, "group that runs the shop"),
    _from_week(),
    _to_week(),
    _need("decision", Text(), "link (decided by the system) or confirmed (by a person)"),
    _need("model_version", Text(), "model that decided"),
    comment="Links as they were known at each research release.",
)

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("at", Text(), "UTC time"),
    _need("tables", Json, "table -> rows removed or emptied"),
    _may("reason", Text(), "request, objection, wrong or order"),
    _may("files", Json, "folder of the data folder -> files removed or rewritten"),
    _may("finished_at", Text(), "UTC time at which nothing was left to overwrite; NULL: run erase again"),
    comment="That an erasure happened, without saying whose.",
)

erased_identities = Table(
    "erased_identities",
    metadata,
    _key("kind", Text(), "what was hashed, like nib or shop"),
    _key("hash", Text(), "HMAC-SHA-256 under the key of erasures, 32 hex digits"),
    _need("key_id", Text(), "names the key without giving it away"),
    _need("erased_on", Text(), "ISO date"),
    comment="Keyed hashes by which an erased person is known when a list or a crawl brings them again.",
)

purges = Table(
    "purges",
    metadata,
    Column("purge_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("at", Text(), "UTC time"),
    _need("subject", Text(), "table or folder, as in the table of retention"),
    _need("before", Text(), "ISO date; what is older was removed"),
    _need("removed", Integer(), "rows or files removed"),
    comment="What was removed because its time was over.",
)

access_log = Table(
    "access_log",
    metadata,
    Column("access_id", Id, primary_key=True, autoincrement=True, comment="counts up"),
    _need("at", Text(), "UTC time"),
    _need("who", Text(), "account that ran the command"),
    _need("what", Text(), "file or table"),
    _may("area_code", Text(), "kab/kota"),
    _need("purpose", Text(), "why"),
    comment="Access to named exports; append-only: triggers refuse every change, and deletion before five years.",
)
