"""Pseudonymous tables of the results database: the rows of the newest research release of recipient `basisdata`.

A release replaces them in one transaction; older releases are files. Every recipient's pseudonyms are made with a key
of its own, so rows of two recipients cannot be joined. Whatever could tell one business from all others is generalised
or withheld by the release, which writes down where.
"""

from typing import Any

from sqlalchemy import Column, Float, Index, Text, text

from monitor.results_columns import (
    ANY_NUMBER,
    AREA,
    DRAW,
    PSEUDONYM,
    QUARTER,
    SHARE,
    SLUG,
    WEEK,
    flag,
    key,
    listed,
    marketplace,
    marketplace_key,
    matching,
    may,
    need,
    table,
)
from monitor.results_values import (
    ANSWERS,
    CODERS,
    COHORT_KINDS,
    EVIDENCE_GRADES,
    JUDGED_PURPOSES,
    LINK_DECISIONS,
    LISTING_COUNT_BANDS,
    PRESENCE_STATES,
    PROBABILITY_BANDS,
    SHOP_STATES,
    SIZES,
    YEAR_BANDS,
    described,
)

NOW = text("valid_to_week IS NULL")
CERTIFIED_NOW = text("valid_to_week IS NULL AND (has_pirt OR has_halal)")
UNKNOWN = "unknown, or withheld so that nobody stands alone"
PSEUDONYM_SOURCE = "keyed hash, made at release"
SEEN = "crawl or feed"
_COLUMNS = (
    "area_code", "sector", "kbli2", "size", "year_band", "has_pirt", "has_halal", "cohort", "cohort_kind",
    "cohort_quarter", "valid_from_week", "valid_to_week", "listing_count_band", "joined_quarter", "is_active", "weeks",
    "probability_band", "(presence|link)_[a-z]+",
)  # fmt: skip
MODEL = matching(r"[a-z]+-[a-z0-9.+-]+", "name, number, hash")
_NAME = f"({'|'.join(_COLUMNS)})"
NAMES = matching(f"({_NAME}( {_NAME})*)?", "names of columns, blank-separated; empty where nothing is withheld")


def _pseudonym(name: str, what: str) -> Column[Any]:
    return key(name, Text(), f"pseudonym of the {what}", "none", PSEUDONYM, PSEUDONYM_SOURCE)


def _from_week(meaning: str, source: str) -> Column[Any]:
    return key("valid_from_week", Text(), meaning, "ISO week", WEEK, source)


def _to_week(meaning: str, source: str) -> Column[Any]:
    return may("valid_to_week", Text(), meaning, "ISO week", WEEK, "it still holds", source)


def _withheld(meaning: str) -> Column[Any]:
    return need("withheld", Text(), meaning, "none", NAMES, "release")


businesses = table(
    "businesses",
    _pseudonym("group_pseudonym", "group (duplicates of one business count once)"),
    may("area_code", Text(), "kabupaten or kota", "none", AREA, UNKNOWN, "registry"),
    may("sector", Text(), "reporting sector", "none", matching(r"[a-z_]+", "key of the table sectors"), UNKNOWN,
        "registry"),
    may("kbli2", Text(), "first two digits of the KBLI 2020 code", "none", matching(r"\d{2}", "two digits"), UNKNOWN,
        "registry"),
    may("size", Text(), "size class", "none", listed(SIZES), UNKNOWN, "registry"),
    may("year_band", Text(), "band of the year of start", "years", listed(described(YEAR_BANDS)), UNKNOWN, "registry"),
    flag("has_pirt", "holds a P-IRT food permit", "registry", "not stated, or withheld"),
    flag("has_halal", "holds a halal certificate", "registry", "not stated, or withheld"),
    may("cohort", Text(), "programme it took part in, or list it is on; the latest where there are several", "none",
        matching(r".+", "name of the programme as the office gave it"), "none known, or withheld", "cohort import"),
    may("cohort_kind", Text(), "what the cohort is", "none", listed(COHORT_KINDS), "no cohort, or not said",
        "cohort import"),
    may("cohort_quarter", Text(), "quarter in which the programme was held", "quarter", QUARTER, "no cohort",
        "cohort import"),
    need("valid_from_week", Text(), "first week whose registry holds the group", "ISO week", WEEK, "registry"),
    _to_week("first week whose registry no longer holds the group", "registry"),
    _withheld("what was left out or made coarser so that nobody stands alone: columns of this row; presence_weeks "
              "(weeks of its presence and links are the first of their quarter), presence_years (of their year), "
              "presence_history (only its presence now), presence_elsewhere (one marketplace only), "
              "link_knowledge (only what is known of its links now), link_history (no links), probability_band"),
    Index("ix_businesses_certified", "area_code", "group_pseudonym", sqlite_where=CERTIFIED_NOW,
          postgresql_where=CERTIFIED_NOW),
    comment="Registered businesses (groups) under pseudonyms, present on a marketplace or not: the denominator.",
)  # fmt: skip

shops = table(
    "shops",
    _pseudonym("shop_pseudonym", "shop"),
    marketplace(SEEN),
    may("area_code", Text(), "kabupaten or kota that the shop prints", "none", AREA,
        "not printed, ambiguous, or withheld", SEEN),
    may("listing_count_band", Text(), "band of products offered", "listings", listed(described(LISTING_COUNT_BANDS)),
        "not known, or withheld", SEEN),
    may("joined_quarter", Text(), "quarter in which it joined the marketplace", "quarter", QUARTER,
        "not printed, or withheld", SEEN),
    flag("is_active", "showed a sign of trade within 90 days of the release's week", SEEN,
         "the marketplace does not show it"),
    need("state", Text(), "state in the release's week", "none", listed(SHOP_STATES), "load"),
    need("first_seen_week", Text(), "first week in which it was seen; not the week it opened", "ISO week", WEEK, SEEN),
    need("last_seen_week", Text(), "last week in which it was seen open", "ISO week", WEEK, SEEN),
    may("ended_week", Text(), "week from which it is closed or gone", "ISO week", WEEK, "it has not ended", "load"),
    _withheld("what was left out or made coarser so that nobody stands alone: columns of this row; weeks (they are the "
              "first of their quarter)"),
    comment="Linked shops under pseudonyms; from first_seen_week to ended_week, else censored at last_seen_week.",
)  # fmt: skip

presence = table(
    "presence",
    _pseudonym("group_pseudonym", "group"),
    marketplace_key(SEEN),
    _from_week("first week in which the row holds", "load and link"),
    _to_week("first week in which the row no longer holds", "load and link"),
    need("state", Text(), "state of the group's shops on the marketplace", "none", listed(PRESENCE_STATES), "load"),
    need("evidence_grade", Text(), "how sure it is that a shop is the group's", "none", listed(EVIDENCE_GRADES),
         "link and review"),
    may("probability_band", Text(), "band of the match probability of its best link", "share 0 to 1",
        listed(described(PROBABILITY_BANDS)), "not calibrated yet, or decided by a person", "link"),
    # Who is where now: a tenth of the rows, asked for most.
    Index("ix_presence_now", "state", "group_pseudonym", "marketplace", sqlite_where=NOW, postgresql_where=NOW),
    comment="On which marketplace a group was present, as intervals of weeks; no row: no linked shop is known.",
)  # fmt: skip

judgements = table(
    "judgements",
    _pseudonym("judgement_pseudonym", "judgement"),
    need("group_pseudonym", Text(), "pseudonym of the group asked about, within this table only: it does not join "
         "with businesses, which would tell judged businesses from all others", "none", PSEUDONYM, PSEUDONYM_SOURCE),
    need("shop_pseudonym", Text(), "pseudonym of the shop asked about, within this table only", "none", PSEUDONYM,
         PSEUDONYM_SOURCE),
    need("marketplace", Text(), "slug of the marketplace", "none", SLUG, SEEN),
    need("draw_id", Text(), "draw", "none", DRAW,
         "review export"),
    need("purpose", Text(), "why the pair was asked", "none", listed(JUDGED_PURPOSES), "review export"),
    need("coder", Text(), "which of the coders answered; never who", "none", listed(CODERS), "review export"),
    may("inclusion_prob", Float(), "probability of being drawn; its inverse is the design weight",
        "probability 0 to 1", SHARE, "not drawn at random", "review export"),
    may("follow_up_prob", Float(), "chance with which the task of a silent office was passed on; divides the weight",
        "probability 0 to 1", SHARE, "not passed on", "review export"),
    may("stratum_at_draw", Text(), "score stratum at the draw", "none", matching(r"\d", "0 (lowest) to 6 (highest)"),
        "not stratified", "review export"),
    may("score_at_draw", Float(), "score at the draw, rounded to half a bit or 0.05",
        "bits of match weight; probability once calibrated", ANY_NUMBER, "none was given", "review export"),
    need("model_version", Text(), "linkage model at the draw", "none", MODEL, "link"),
    need("answer", Text(), "does the business run the shop", "none", listed(ANSWERS), "review import"),
    flag("is_undone", "was the answer taken back later; then it is not used", "review undo"),
    need("week", Text(), "week from which the answer counts", "ISO week", WEEK, "review import"),
    Index("ix_judgements_week", "week", "purpose"),
    comment="Answers of reviewers with their design weights; never who answered.",
)  # fmt: skip

link_history = table(
    "link_history",
    _pseudonym("group_pseudonym", "group"),
    _pseudonym("shop_pseudonym", "shop"),
    _from_week("first week in which the link holds", "link"),
    key("known_from_week", Text(), "week of the first release in which the link was known so", "ISO week", WEEK,
        "release"),
    _to_week("first week in which the link no longer holds", "link"),
    may("known_to_week", Text(), "week of the first release in which it was no longer known so", "ISO week", WEEK,
        "known so in the newest release", "release"),
    marketplace(SEEN),
    need("decision", Text(), "who decided", "none", listed(LINK_DECISIONS), "link and review"),
    need("model_version", Text(), "linkage model that decided", "none", MODEL, "link"),
    Index("ix_link_history_shop_pseudonym", "shop_pseudonym"),
    comment="Which group runs which shop, as it was known at each release: what a study of an older release saw. Links "
    "that cannot be shown with their business stand here under pseudonyms that no other table has.",
)  # fmt: skip

ROW_TABLES = ("businesses", "shops", "presence", "judgements", "link_history")

__all__ = ["ROW_TABLES", "businesses", "judgements", "link_history", "presence", "shops"]
