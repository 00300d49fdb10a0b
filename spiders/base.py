"""What every spider shares: units of work one after the other, one lane, an honest end at the first refusal.

A subclass says which units there are (`units`), how one is read (`read_unit`) and what an answer holds (`read`, a pure
function that `parse` and the tests call too).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from scrapy import Request
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings

from monitor.errors import InputError
from monitor.items import Issue
from monitor.marketplaces import Marketplace, marketplace
from monitor.middlewares import BudgetError, RobotsForbiddenError, RobotsUnreachableError, guest_settings
from monitor.network_errors import is_offline, network_cause, others
from monitor.reading import Answer, Page
from monitor.refusal import Refusal, refusal
from monitor.units import QUERY_UNITS, Tally, Unit, unit_name
from spiders.queries import panel
from spiders.running import UnansweredError, UnitRunner

__all__ = ("MarketplaceSpider", "UnansweredError", "answer_of", "unit_name")

# Each of these requests was already retried twice: a site that resets or hangs this often does so on purpose.
MAX_CONNECTION_FAILURES = 3


class MarketplaceSpider(UnitRunner):
    """Base of all spiders."""

    json_only: ClassVar[bool] = True  # an HTML page in place of an answer is a refusal

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection_failures = 0

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        guest_settings(settings, marketplace(cls.name))

    @property
    def entry(self) -> Marketplace:
        return marketplace(self.name)

    @property
    def queries(self) -> tuple[str, ...]:
        """What searches ask for: the fixed panel, then what the plan adds; in rehearsals only the first so many."""
        asked = (self.course.queries if self.course is not None else ()) or panel()
        limit = self.settings.getint("MONITOR_QUERIES")
        return asked[:limit] if limit and self.settings.get("MONITOR_SANDBOX") else asked

    def searches(self, said: str) -> Iterator[Unit]:
        """A unit for each query. said: what is asked for, as people read it; `{}` stands for the query."""
        assert self.record is not None
        self.record.plan(len(self.queries))
        for query in self.queries:
            yield Unit(f"{QUERY_UNITS}{unit_name(query)}", said.format(query), {"query": query})

    # --- for subclasses ---

    @classmethod
    def read(cls, answer: Answer) -> Page:
        """What the answer holds. An answer of no known kind gives `unknown(answer)`."""
        raise NotImplementedError

    @classmethod
    def page(cls, kind: str, answer: Answer) -> Page:
        return Page(marketplace=cls.name, kind=kind, url=answer.url)

    @classmethod
    def unknown(
        cls, answer: Answer, message: str = "The answer is of no known kind; nothing was read from it."
    ) -> Page:
        page = cls.page("unknown", answer)
        page.issue("unknown_answer", message)
        return page

    # --- reading ---

    @classmethod
    def read_answer(cls, answer: Answer) -> Page:
        """Refusal, or what the answer holds. Raises InputError where a body is no whole document."""
        found = refusal(answer, wants_json=cls.json_only)
        if found is None:
            page = cls.read(answer)
            if page.refused:
                page.kind = "refused"
                page.issue("refused", f"The marketplace refused: {page.sign or page.refused}.")
            return page
        page = cls.page("refused", answer)
        page.refused, page.sign = found.cause, found.sign
        page.issue("refused", f"The marketplace refused: {found.sign}.")
        return page

    async def fetch(self, request: Request) -> Answer:
        """The answer to one request, after delays and retries. Raises UnansweredError; CloseSpider ends the crawl."""
        assert self.crawler.engine is not None
        self._requests += 1
        self._sent += 1
        try:
            response = await self.crawler.engine.download_async(request)
        except BudgetError:
            raise CloseSpider("budget") from None
        except RobotsUnreachableError:
            raise CloseSpider("robots_unreachable") from None
        except RobotsForbiddenError:
            raise UnansweredError("robots", "robots.txt does not allow this address.") from None
        except IgnoreRequest as error:
            raise UnansweredError(network_cause(error), str(error)) from None
        except Exception as error:  # whatever the network does; twisted has dozens of kinds
            cause = network_cause(error)
            if cause != "too_large":  # it answered
                await self._no_connection(cause, type(error).__name__)
            raise UnansweredError(cause, f"No answer: {type(error).__name__}.") from error
        self._connection_failures = 0
        return answer_of(response)

    async def _no_connection(self, cause: str, what: str) -> None:
        self._connection_failures += 1
        if self._connection_failures >= MAX_CONNECTION_FAILURES:
            if cause != "tls" and await self.is_offline():
                raise CloseSpider("network")  # nobody answers: it goes on when somebody does
            self.silent(Refusal(cause, f"{self._connection_failures} requests in a row ended with {what}"))

    async def is_offline(self) -> bool:
        """Whether nobody else answers either, so that it is this machine's network that is gone."""
        folder = self.settings.get("MONITOR_SANDBOX")
        return await asyncio.to_thread(is_offline, others(self.name, Path(folder) if folder else None))

    def silent(self, found: Refusal) -> None:
        """One request after the other got no answer, while others are answered."""
        self.refuse(found, None)

    def refuse(self, found: Refusal, answer: Answer | None) -> None:
        """End the crawl here and keep the evidence; always raises CloseSpider."""
        assert self.record is not None
        self.record.refused(found, answer)
        raise CloseSpider("refused")

    async def ask(self, request: Request, kind: str, *, probe: bool = False) -> Page:
        """The answer as a page of that kind. probe: what would be a refusal only says that this cannot be read."""
        for is_last in (False, True):
            answer = await self.fetch(request)
            try:
                page = self.read_answer(answer)
            except InputError as error:
                if is_last or answer.status >= 300:
                    raise UnansweredError(*_status_problem(answer, f"Cut short: {error}.")) from None
                continue  # a body that was cut short; asked once more
            return self._checked(page, answer, kind, probe)
        raise AssertionError

    def _checked(self, page: Page, answer: Answer, kind: str, probe: bool) -> Page:
        assert self.record is not None
        if page.refused == "html_instead_of_data" and answer.status >= 500:  # the site is down and says so in a page
            raise UnansweredError(*_status_problem(answer, "Unexpected status."))
        self.record.count(f"responses/{page.kind}")
        if page.refused:
            if probe:
                raise UnansweredError("refused", f"This kind of answer is refused: {page.sign or page.refused}.")
            self.refuse(Refusal(page.refused, page.sign or page.refused), answer)
        if not 200 <= answer.status < 300:
            raise UnansweredError(*_status_problem(answer, "Unexpected status."))
        if page.kind != kind:
            if self.record.evidence(f"{page.kind}-instead-of-{kind}", answer.body) is not None:
                self.record.count("evidence")
            problem = next((item.message for item in page.items if isinstance(item, Issue)), "")
            raise UnansweredError("unknown_answer", problem or f"An answer of kind '{page.kind}', not '{kind}'.")
        return page

    # --- shapes ---

    async def numbered_pages(
        self, request_for: Callable[[int], Request], kind: str, tally: Tally, *, page_size: int, max_pages: int
    ) -> AsyncIterator[Page]:
        """Pages 1, 2, ... of a list that states its total, or ends with a short page.

        Ends at the declared total, at an empty page, or at a page shorter than `page_size` where no total is declared.
        tally.capped is set when `max_pages` ends it.
        """
        for number in range(1, max_pages + 1):
            page = await self.ask(request_for(number), kind)
            tally.fetched += page.entry_count
            if page.declared_total is not None:
                tally.declared_total = max(tally.declared_total or 0, page.declared_total)
            if page.entry_count == 0 and tally.fetched < (tally.declared_total or 0):
                page.issue("unclear_end", "The list ended without showing all that it had declared.")
            yield page
            if self._is_last(page, number, page_size, tally.declared_total):
                return
        tally.capped = True

    @staticmethod
    def _is_last(page: Page, number: int, page_size: int, declared: int | None) -> bool:
        if "is_last" in page.next:
            return bool(page.next["is_last"])
        if page.entry_count == 0:
            return True
        return number * page_size >= declared if declared is not None else page.entry_count < page_size


def _status_problem(answer: Answer, otherwise: str) -> tuple[str, str]:
    if 200 <= answer.status < 300:
        return "cut", otherwise
    return f"http_{answer.status}", f"Status {answer.status} after retries."


def answer_of(response: Response) -> Answer:
    headers: Mapping[str, str] = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1", "replace")
        for name, values in response.headers.items()
    }
    return Answer(body=response.body, url=response.url, status=response.status, headers=headers)
