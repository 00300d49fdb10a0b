"""Is this page of a list the page that was asked for? Sites that lose count show their first page again and again."""

from monitor.items import Listing
from monitor.reading import Page
from spiders.base import UnansweredError


def check_page_number(page: Page, number: int) -> None:
    """Raises where the answer says (`next["number"]`) that it is another page of the list."""
    said = page.next.get("number", number)
    if said != number and page.entry_count:
        raise UnansweredError("repeated_page", f"Page {number} was asked for, the answer is page {said}.")


def check_is_new(page: Page, before: set[str]) -> None:
    """Raises where a page that has no number holds nothing but what was on the pages before; `before` grows."""
    ids = {item.listing_id for item in page.items if isinstance(item, Listing)}
    if ids and ids <= before:
        raise UnansweredError("repeated_page", "A further page shows the same products again.")
    before |= ids
