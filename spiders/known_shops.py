"""Asking for a page that may be gone: it answers, or the site itself says that there is none, or nothing is known."""

from collections.abc import Callable

from scrapy import Request

from monitor.errors import InputError
from monitor.reading import Answer, Page
from spiders.base import MarketplaceSpider, UnansweredError


class KnownShopSpider(MarketplaceSpider):
    """Base of spiders whose marketplace says by itself that a shop is not there."""

    async def ask_unless_missing(
        self, request: Request, kind: str, is_not_found: Callable[[Answer], bool]
    ) -> Page | None:
        """The page of that kind, None where the site itself says that there is none.

        Raises UnansweredError for all else: a page that is not the page asked for never makes a shop missing.
        """
        for is_last in (False, True):
            answer = await self.fetch(request)
            if is_not_found(answer):
                return None
            try:
                return self._checked(self.read_answer(answer), answer, kind, probe=False)
            except InputError as error:
                if is_last:
                    raise UnansweredError("cut", f"Cut short: {error}.") from None
                # A body that was cut short is asked for once more.
        raise AssertionError
