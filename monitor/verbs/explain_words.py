"""What `explain` says in words: what each figure measures, why one is missing, and what would make it available."""

from collections.abc import Mapping

FIGURES: Mapping[str, str] = {
    "E1": "groups present on a covered marketplace",
    "E2": "share of registered groups present",
    "E3": "groups present on one marketplace",
    "E4_1": "share of the detected groups that are on one marketplace",
    "E4_2": "share of the detected groups that are on two marketplaces",
    "E4_3": "share of the detected groups that are on three or more marketplaces",
    "E6_1": "change since last week, inside the fixed query panel",
    "E6_4": "change since four weeks ago, inside the fixed query panel",
    "E7_IN": "groups that began to sell in the week, by dates of their shops (at least)",
    "E7_OUT": "groups whose last open shop closed or is gone",
    "E8": "groups with a pair confirmed by a person whose shop is live",
    "E9": "coverage: share of the known-present businesses that were detected",
    "D": "groups with a link decided by the system, unchecked",
    "E1_ACTIVE": "groups with a shop that shows trade within 90 days",
    "E2_ACTIVE": "share of registered groups with a shop that shows trade within 90 days",
    "E1_BEFORE": "E1 without the marketplaces that joined it in the last eight weeks, beside the new series",
    "E1_DEP": "band of E1 for odds ratios 0.67 to 2 between crawl and probe",
    "E1_AMB": "band of E1 with every 'tidak tahu' as no and as yes",
    "E2_ALIVE": "share present per business that is alive, by the yearly audit",
    "ELSEWHERE": "share of the known-present businesses that only have shops on marketplaces not covered",
    "COHORT_DIFF": "share of a cohort less that of comparable businesses; a difference, never an effect",
    "FOUND": "groups found for the first time in the week whose shops are not known to be new",
}

# reason -> why it is missing, what would make it available
REASONS: Mapping[str, tuple[str, str]] = {
    "no_probe": (
        "no known-present business counts in this week, so nobody knows how much the system misses",
        "import known-present businesses of this domain ('monitor probe import') and check their shops every week",
    ),
    "too_few_probes": (
        "fewer than 10 known-present businesses count in this domain",
        "import more of them ('monitor probe import'); about 200 in the province are advised",
    ),
    "too_few_detected": (
        "fewer than 10 of the known-present businesses were detected",
        "import more of them, or read more marketplaces: below 10 the coverage is a guess",
    ),
    "no_judgements": (
        "too few groups were judged by the sample and flow draws to stand for those nobody looked at",
        "have the review sheets answered ('monitor review export', then 'import'); 100 judged groups are needed",
    ),
    "low_agreement": (
        "two people who judged the same pairs agreed too little (Cohen's kappa below 0.70)",
        "train the reviewers and settle the pairs they disagree on; the next answers count",
    ),
    "inconsistent": (
        "the value lies outside its own interval, so one of the assumptions does not hold",
        "look at the strata and the probes below: one of them has too few cases",
    ),
    "too_wide": (
        "the interval is wider than half the figure on each side",
        "more judgements narrow T, more known-present businesses narrow the coverage; a larger domain may be shown",
    ),
    "too_few_present": (
        "fewer than 20 present groups are expected",
        "nothing but a larger domain: a figure this small would say more about single businesses than about the domain",
    ),
    "office_silent": (
        "the office of this area answered nothing, and too few of its tasks were judged in its place",
        "the office's review sheet, or a third of its open tasks judged by the province",
    ),
    "no_marketplace": ("no covered marketplace was read", "a crawl or feed of the week, or one not older than 4 weeks"),
    "no_activity": (
        "no covered marketplace shows signs of trade that can be compared over 90 days",
        "time: sales and ratings of thirteen weeks, or a marketplace that prints the last activity",
    ),
    "no_audit": ("no audit of the register lies within a year", "an audit of 400 rows ('monitor audit import')"),
    "one_marketplace": ("only one marketplace is covered", "a second covered marketplace"),
    "no_dates": (
        "no covered marketplace prints when a shop opened",
        "a marketplace that prints dates of shops or listings",
    ),
    "no_panel": (
        "no query of the fixed panel was read to its end in both weeks",
        "the same queries, done and not capped, in both weeks",
    ),
    "model_changed": (
        "links of the two weeks were made by different models",
        "link both weeks with one model ('monitor link --week W'), then measure again",
    ),
    "first_week": ("everything is new in the first week", "the next week"),
    "no_earlier_week": ("the week before was not measured", "measure the week before first"),
    "no_businesses": ("the registry has no business in this domain", "nothing: there is nobody to measure"),
    "no_comparable": ("no business outside the cohort is like its members", "nothing: there is nobody to compare with"),
    "refused": ("the marketplace refused to be read", "a feed from the marketplace, or a crawl that is allowed"),
    "failed": ("the crawl failed its health check", "a healthy crawl; 'monitor doctor' says what is wrong"),
    "not_crawled": ("the marketplace was not crawled", "a crawl or feed of the week"),
    "not_open": ("the marketplace shows no list of shops", "a feed ('monitor feed')"),
    "closed": ("the marketplace has closed", "nothing: it has closed"),
}


def why_missing(reason: str | None) -> tuple[str, str]:
    """Why a figure is missing, and what would make it available."""
    return REASONS.get(reason or "", (f"reason '{reason}'", "measure the week again"))
