"""Named causes: why a marketplace was not, or not wholly, read, and what a person does about it.

The one table of them. Health, the outcome of a crawl and the run book name causes as `name` or `name:detail`; the words
before the colon are the name, except that a refusal is `refused:<how it was told>`.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """title: a few words; action: one sentence for ops. is_refusal: the marketplace does not want to be read."""

    title: str
    action: str
    is_refusal: bool = False


_ASK = "Do not try again this week; ask the operator for its data and hand it in with: monitor feed."
_FORMAT = "Run monitor doctor for it, compare the evidence page with the recorded cases, and update its reader."
_AGAIN = "Run the same crawl command again; it goes on where it stopped."
_LATER = "Run the crawl again later this week; if it fails twice, open the site in a browser to see whether it is up."
_PROGRAM = "Send crawl.log and the evidence to whoever maintains the program; running it again changes nothing."

CAUSES: dict[str, Cause] = {
    # the way there
    "dns": Cause(
        "name not found", "Check this machine's network and DNS; if other sites answer, see whether the host has moved."
    ),
    "connection_refused": Cause("connection refused", _LATER),
    "connection_lost": Cause("connection ended by the site, again and again", _ASK, is_refusal=True),
    "timeout": Cause("no answer in time, again and again", _ASK, is_refusal=True),
    "tls": Cause(
        "certificate not valid",
        "Do not go on without it: check the clock of this machine and whether a proxy stands in between.",
    ),
    "too_large": Cause("an answer longer than allowed", _FORMAT),
    "redirected": Cause(
        "sent to another address", "Open the site: if it has moved, change hosts and home_url in the catalogue."
    ),
    "robots": Cause(
        "robots.txt forbids it", "Respect it: ask the operator for its data, and set the entry to handed_over."
    ),
    "robots_unreachable": Cause("robots.txt could not be read", _LATER),
    # answers
    "http_4xx": Cause("status 4xx", "Open the address in a browser; if pages have moved, its reader must be updated."),
    "http_5xx": Cause("status 5xx", _LATER),
    "forbidden": Cause("refused by status", _ASK, is_refusal=True),
    "marker": Cause("refused by a marker in the answer", _ASK, is_refusal=True),
    "challenge": Cause("challenge page", _ASK, is_refusal=True),
    "html_instead_of_data": Cause("a page in place of data", _ASK, is_refusal=True),
    "other_page": Cause(
        "login page of a network",
        "This machine's network asks for a login: open any page in a browser here, log in, and run the crawl again.",
    ),
    "not_the_page": Cause("not the page asked for", _FORMAT),
    "cut": Cause("answers cut short", _LATER),
    "unclear_end": Cause(
        "lists that end without saying so",
        "Wait for next week's crawl; twice in a row means that the site now ends its lists early.",
    ),
    "repeated_pages": Cause("pages that repeat", _FORMAT),
    "format_changed": Cause("format changed", _FORMAT),
    "platform_unknown": Cause("platform not known", "Look at the kept home page and see which platform it is now."),
    # what was read
    "partial": Cause("only a part was read", _LATER),
    "incomplete": Cause("fewer entries than announced", _LATER),
    "place_unresolved": Cause(
        "a kab/kota could not be searched", "Run monitor doctor for it; the site's place filter has changed."
    ),
    "nothing_planned": Cause("nothing to read", _PROGRAM),
    "not_plannable": Cause("what has to be known first could not be read", _FORMAT),
    "sentinels": Cause(
        "known shops not found",
        "Open three of the lost shops in a browser: if they are there, the crawl misses shops.",
    ),
    "count": Cause(
        "number of shops out of its bounds",
        "Check the crawl; if the number is right, widen expected_shops in the catalogue.",
    ),
    "count_changed": Cause(
        "number of shops changed at once",
        "Look for what changed on the site; if the new level is real, say so with: monitor crawl accept.",
    ),
    "errors": Cause("error in the program", _PROGRAM),
    # our own doing
    "budget": Cause("budget spent", _AGAIN),
    "time_limit": Cause("time limit met", _AGAIN),
    "shutdown": Cause("stopped by a person or the system", _AGAIN),
    "cancelled": Cause("cancelled", _AGAIN),
    "network": Cause(
        "this machine's network is gone",
        "Check its cable, proxy and DNS, then run the same crawl command again; it goes on where it stopped.",
    ),
    "unfinished": Cause("interrupted", _AGAIN),
    "crashed": Cause("ended without a word", "Read the named log; then run the same crawl command again."),
    "store_error": Cause(
        "the disk or folder could not be written", "Free space or rights, then run the command again."
    ),
    "not_started": Cause("could not be started", "Do what the message says, then run the command again."),
    "nothing_known": Cause(
        "no shop of it is known yet",
        "Nothing is wrong: hand in links with monitor feed or own_shop.txt.",
    ),
    "no_key": Cause("no key of the official interface", "Set the key in the environment, as the message says."),
    "not_permitted": Cause("not allowed to be asked", "Have somebody read the terms first, as the message says."),
    "not_possible": Cause("somebody else is at it", "Wait for the other command to end, then run this one again."),
}
# Names that code of spiders and refusals uses, to the name of the table.
ALIASES = {
    "connection": "connection_lost",
    "error": "errors",
    "error_90309999": "marker",
    "verification": "marker",
    "graphql_error": "marker",
    "refused": "marker",
    "access_denied": "forbidden",
    "unknown_answer": "not_the_page",
    "unknown": "not_the_page",
    "shop_mismatch": "not_the_page",
    "filter_mismatch": "not_the_page",
    "place_mismatch": "place_unresolved",
    "no_places": "place_unresolved",
    "no_sitemap": "not_plannable",
    "no_list": "not_plannable",
    "shape": "format_changed",
    "fill": "format_changed",
    "unreadable": "partial",
    "units_failed": "partial",
    "not_sent": "redirected",
    "repeated_page": "repeated_pages",
    "closespider_timeout": "time_limit",
    "start_error": "not_started",
}
_STATUS = re.compile(r"http_([345])\d\d")
_STATUS_NAMES = {"3": "redirected", "4": "http_4xx", "5": "http_5xx"}
_REFUSING = ("http_401", "http_403", "http_405", "http_418", "http_429", "http_451", "http_503")

_TOLD_APART = ("marker", "forbidden")  # the sign itself says more than the name


def name_of(raw: str) -> str:
    """The table's name for what code calls it: `http_502` -> `http_5xx`, `shape` -> `format_changed`."""
    if raw in CAUSES:
        return raw
    if match := _STATUS.fullmatch(raw):
        return _STATUS_NAMES[match[1]]
    return ALIASES.get(raw, raw)


def cause_of(raw: str) -> str:
    """Full cause of a failure: the table's name, with what code calls it after a colon where that says more."""
    name = name_of(raw)
    return f"{name}:{raw.removeprefix('http_')}" if raw.startswith("http_") and raw != name else name


def refusal_cause(raw: str) -> str:
    """Full cause of a crawl that ended at a refusal of that kind: `refused:challenge`, but `dns` or `other_page`."""
    if raw in _REFUSING:
        return f"refused:{raw}"
    name = name_of(raw)
    if not CAUSES.get(name, CAUSES["marker"]).is_refusal:
        return cause_of(raw)
    return f"refused:{raw if name in _TOLD_APART else name}"


def explain(cause: str) -> Cause | None:
    """The entry of a full cause; None for a word that nobody has explained (a test holds that there is none)."""
    head, _, detail = cause.partition(":")
    if head == "refused" and detail:
        found = CAUSES["forbidden"] if detail in _REFUSING else CAUSES.get(name_of(detail))
        return found if found and found.is_refusal else CAUSES["marker"]
    return CAUSES.get(name_of(head))


def action_for(cause: str | None) -> str | None:
    """One sentence for ops; None where nothing is to be done."""
    entry = explain(cause) if cause else None
    return entry.action if entry else None
