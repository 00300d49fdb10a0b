"""May this marketplace be asked live? Only when a person has read its terms and people can complain to us."""

from datetime import date, timedelta
from importlib.util import find_spec

from monitor.config import Config
from monitor.errors import UsageError
from monitor.keys import api_key, variable
from monitor.marketplaces import REQUESTED, Marketplace, catalogue
from monitor.weeks import utc_now

CRAWLABLE = REQUESTED


def terms_checked_on(entry: Marketplace, config: Config) -> str:
    """ISO date on which a person read robots.txt and terms; the configuration outranks the catalogue."""
    return config.crawl.terms_checked_on.get(entry.slug) or entry.terms_checked_on


def permission_problem(entry: Marketplace, config: Config) -> str | None:
    """Why a live crawl may not start, as one sentence; None when it may."""
    if entry.support not in CRAWLABLE:
        return f"{entry.title} is not crawled (support: {entry.support}); hand its data in with: monitor feed."
    checked = terms_checked_on(entry, config)
    if not checked:
        return (
            f"{entry.title} is not asked before a person has read its robots.txt and terms; then set "
            f"[crawl.terms_checked_on] {entry.slug} = <date> in monitor.toml."
        )
    try:
        day = date.fromisoformat(checked)
    except ValueError:
        return f"[crawl.terms_checked_on] {entry.slug} must be a date like 2026-11-21, not '{checked}'."
    if day > utc_now().date() + timedelta(days=1):
        return f"[crawl.terms_checked_on] {entry.slug} = {checked} lies in the future; nobody has read the terms then."
    if not config.crawl.user_agent_contact:
        return "A live crawl says who asks: set user_agent_contact in [crawl] of monitor.toml."
    if entry.needs_key and api_key(entry.slug) is None:
        return f"{entry.title} answers only with a key of its official interface: set {variable(entry.slug)}."
    return None


def require_permission(entry: Marketplace, config: Config) -> None:
    """Raises UsageError where a live crawl may not start."""
    problem = permission_problem(entry, config)
    if problem:
        raise UsageError(problem)


def spider_module(entry: Marketplace) -> str:
    """Marketplaces of which only links are checked share one module."""
    return f"spiders.{'link_check' if entry.support == 'link_check' else entry.slug}"


def with_spider() -> dict[str, Marketplace]:
    """Entries of the catalogue that have a spider; none of them is loaded."""
    return {slug: entry for slug, entry in catalogue().items() if find_spec(spider_module(entry)) is not None}


def allowed(config: Config) -> list[str]:
    """Marketplaces that have a spider and may be asked live."""
    return [slug for slug, entry in with_spider().items() if permission_problem(entry, config) is None]
