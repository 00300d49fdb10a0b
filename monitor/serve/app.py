"""The pages and which address shows which. Every page reads anew; nothing is kept between requests but for seconds."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from monitor.config import Config
from monitor.covered import LONGEST
from monitor.database import translate_errors
from monitor.errors import MonitorError
from monitor.marketplaces import catalogue
from monitor.practice import is_practice
from monitor.scheduler.forecast import Planned
from monitor.scheduler.standing import Line, Standing
from monitor.serve import crawls, reports
from monitor.serve.charts import Point, chart
from monitor.serve.guard import REPORT_POLICY, Guard
from monitor.weeks import week_days

T = TypeVar("T")
FRESH_S, PLAN_FRESH_S = 3.0, 60.0  # several people who look at once cost one look


@dataclass(frozen=True)
class Sources:
    """Where pages get what they show; the roof gives it. store: opened for reading only, on each call."""

    config: Config
    store: Callable[[], Engine]
    standing: Callable[[Engine], Standing]
    barred: Callable[[], Sequence[Line]]
    plan: Callable[[Engine], Sequence[Planned]]


class Fresh:
    """What a function said, for some seconds; one caller at a time asks it."""

    def __init__(self, make: Callable[[], T], seconds: float) -> None:
        self.make, self.seconds = make, seconds
        self._lock = threading.Lock()
        self._found: tuple[float, Any] | None = None

    def __call__(self) -> Any:
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > self.seconds:
                self._found = (time.monotonic(), self.make())
            return self._found[1]


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader("monitor.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["thousands"] = lambda number: f"{number:,}"
    found.filters["ribuan"] = lambda number: f"{number:,}".replace(",", ".")
    return found


class Pages:
    """One method per page; each returns an answer or raises MonitorError or HTTPException, which become pages."""

    def __init__(self, sources: Sources) -> None:
        self.sources, self.config = sources, sources.config
        self.standing = Fresh(self._standing, FRESH_S)
        self.planned = Fresh(self._planned, PLAN_FRESH_S)

    def _standing(self) -> Standing:
        return self.sources.standing(self.sources.store())

    def _planned(self) -> Sequence[Planned]:
        return self.sources.plan(self.sources.store())

    def _page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        zone = self.config.region.zone
        shared = {
            "region": self.config.region.name,
            "practice": is_practice(self.config),
            "zone": zone.key,
            "local": lambda at: at.astimezone(zone),
            "path": name.partition(".")[0],
        }
        return HTMLResponse(_templates().get_template(name).render(shared | values), status_code=status)

    # --- how things stand

    def status(self, request: Request) -> Response:
        found: Standing = self.standing()
        sites = [(site, site.age(found.at)) for site in found.sites]
        return self._page("status.html.j2", found=found, sites=sites, barred=self.sources.barred())

    def plan(self, request: Request) -> Response:
        rows = [planned for planned in self.planned() if planned.item.verb != "backup"]
        return self._page("plan.html.j2", rows=rows)

    # --- crawls

    def marketplaces(self, request: Request) -> Response:
        slugs = crawls.with_crawls(self.config.crawls_dir)
        with translate_errors(), self.sources.store().connect() as connection:
            rows = [(catalogue()[slug], crawls.history(connection, self.config.crawls_dir, slug)) for slug in slugs]
        return self._page("marketplaces.html.j2", rows=[row for row in rows if row[1]])

    def marketplace(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        if slug not in catalogue():
            raise HTTPException(404)
        with translate_errors(), self.sources.store().connect() as connection:
            found = crawls.history(connection, self.config.crawls_dir, slug)
        zone = self.config.region.zone
        points = [Point(one.started_at.astimezone(zone), one.shops, one.health == "healthy") for one in found]
        title = f"Shops per crawl of {catalogue()[slug].title}; the table below says the same"
        drawing = chart([point for point, one in zip(points, found, strict=True) if one.kind == "crawl"], title)
        return self._page("marketplace.html.j2", entry=catalogue()[slug], rows=found, drawing=drawing)

    def crawl(self, request: Request) -> Response:
        return self._page("crawl.html.j2", found=self._detail(request))

    def evidence(self, request: Request) -> Response:
        found = self._detail(request)
        shown = crawls.evidence(self.config.crawls_dir, found, request.path_params["number"])
        if shown is None:
            raise HTTPException(404)
        return self._page("evidence.html.j2", found=found, kept=shown[0], text=shown[1], limit=LONGEST)

    def _detail(self, request: Request) -> crawls.Detail:
        found = crawls.detail(self.config.crawls_dir, request.path_params["slug"], request.path_params["folder"])
        if found is None:
            raise HTTPException(404)
        return found

    # --- reports

    def reports(self, request: Request) -> Response:
        rows = [(one, week_days(one.week)) for one in reports.reports(self.config.reports_dir)]
        return self._page("reports.html.j2", rows=rows)

    def report(self, request: Request) -> Response:
        found = reports.read(self.config.reports_dir, request.path_params["week"], request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        file, body = found
        kept = "inline" if file.is_shown else "attachment"
        headers = {"content-disposition": f'{kept}; filename="{file.name.rpartition("/")[2]}"'}
        if file.type.startswith("text/html"):
            headers["content-security-policy"] = REPORT_POLICY
        return Response(body, media_type=file.type, headers=headers)

    def style(self, request: Request) -> Response:
        return Response(_shipped("style.css"), media_type="text/css; charset=utf-8")

    def icon(self, request: Request) -> Response:
        return Response(_shipped("icon.svg"), media_type="image/svg+xml")

    # --- what went wrong

    def problem(self, status: int, title: str, sentence: str) -> Response:
        return self._page("problem.html.j2", status, title=title, sentence=sentence)

    def missing(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return self.problem(status, "Not here", "There is no such page, or it is not for showing.")


@cache
def _shipped(name: str) -> bytes:
    return (files("monitor.serve") / "templates" / name).read_bytes()


def application(sources: Sources, known_as: Collection[str] = (), any_address: bool = False) -> Guard:
    """The ASGI application: guarded (see `Guard`), and without an answer that is not one of its pages."""
    pages = Pages(sources)

    def safe(page: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            try:
                return page(request)
            except MonitorError as error:
                return pages.problem(503, "Cannot be shown now", str(error))
            except HTTPException:
                raise
            except Exception as error:  # its text can hold values of rows
                kind = type(error).__name__
                return pages.problem(500, "Cannot be shown", f"Unexpected {kind}; 'monitor status' may say more.")

        return answer

    at = "/marketplaces/{slug}/{folder}"
    routes = [
        Route("/", safe(pages.status)),
        Route("/plan", safe(pages.plan)),
        Route("/marketplaces", safe(pages.marketplaces)),
        Route("/marketplaces/{slug}", safe(pages.marketplace)),
        Route(at, safe(pages.crawl)),
        Route(at + "/evidence/{number:int}", safe(pages.evidence)),
        Route("/laporan", safe(pages.reports)),
        Route("/laporan/{week}/{name:path}", safe(pages.report)),
        Route("/style.css", safe(pages.style)),
        Route("/icon.svg", safe(pages.icon)),
    ]
    app = Starlette(routes=routes, exception_handlers={404: pages.missing, 405: pages.missing})
    app.router.redirect_slashes = False  # a redirect would repeat a name that the request gave
    return Guard(app, known_as, any_address)
