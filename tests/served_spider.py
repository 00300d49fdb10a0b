"""A spider without Scrapy: its requests go to a sandbox, or to a function, and its crawl keeps nothing."""

import asyncio
import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request

from monitor.reading import Answer
from monitor.sandbox.server import Server
from monitor.units import Tally, Unit
from spiders.base import MarketplaceSpider


class Record:
    """A crawl of which nothing is kept."""

    def count(self, name: str, by: int = 1) -> None: ...

    def plan(self, units: int) -> None: ...

    def missing_place(self, name: str) -> None: ...

    def evidence(self, name: str, body: bytes) -> None: ...

    def refused(self, refusal: object, answer: object) -> None: ...


def at_sandbox(server: Server, **headers: str) -> Callable[[Request], Answer]:
    """headers: sent with every request, `_` for `-`."""

    def answer(request: Request) -> Answer:
        parts = urlsplit(request.url)
        host, path = parts.hostname or "", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection = http.client.HTTPConnection("127.0.0.1", server.hosts[host], timeout=20)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(request.method, path, request.body or None, {"Host": host, **sent})
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.read(), request.url, reply.status, found)
        finally:
            connection.close()

    return answer


def served(spider_class: type[MarketplaceSpider], answer: Callable[[Request], Answer]) -> Any:
    """An instance whose `fetch` asks `answer`; `asked` holds the requests."""
    spider: Any = spider_class()
    spider.record, spider.asked = Record(), []

    async def fetch(request: Request) -> Answer:
        spider.asked.append(request)
        return answer(request)

    spider.fetch = fetch
    return spider


def rows(spider: Any, unit: Unit | None, tally: Tally | None = None) -> list[Any]:
    """The items of one unit."""

    async def collected() -> list[Any]:
        return [row.item async for row in spider.read_unit(unit, tally if tally is not None else Tally())]

    return asyncio.run(collected())
