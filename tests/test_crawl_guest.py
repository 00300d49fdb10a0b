"""A guest's manners, seen from the site: robots.txt, redirects, hosts, delays, permission, Retry-After."""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from crawling import WEEK, little_site, only_crawl
from scrapy.http import Request, Response
from scrapy.settings import Settings

from monitor.config import Config, CrawlOptions, load_config
from monitor.crawl.process import run_crawl
from monitor.errors import UsageError
from monitor.marketplaces import catalogue, marketplace
from monitor.middlewares import (
    BudgetError,
    ForeignHostError,
    GuestMiddleware,
    check_delay,
    guest_settings,
    sandbox_hosts,
    seconds_to_wait,
    user_agent,
)
from monitor.permission import permission_problem
from monitor.practice import SANDBOX_FOLDER, WORLD_FILE
from monitor.verbs.crawl import crawl_all

HOSTS = ["plazabanten.com"]
HOME = b"<html><head><link href='/wp-content/plugins/dokan-lite/a.css'></head></html>"
STORES = [{"id": 1, "store_name": "Satu", "shop_url": "https://plazabanten.com/store/satu/", "address": []}]


def wordpress(path: str) -> tuple[int, dict[str, str], bytes]:
    if path == "/":
        return 200, {"Content-Type": "text/html"}, HOME
    if path.startswith("/wp-json/dokan/v1/stores?"):
        return 200, {"X-WP-Total": "1"}, json.dumps(STORES).encode()
    if "/products" in path:
        return 200, {"X-WP-Total": "0"}, b"[]"
    return 404, {}, b"not here"


def stats_of(config: Config) -> dict[str, object]:
    found: dict[str, object] = json.loads((only_crawl(config, "plaza_banten") / "stats.json").read_text())
    return found


def run(config: Config, folder: Path) -> tuple[str, str | None]:
    outcome = run_crawl(config, "plaza_banten", WEEK, sandbox=folder)
    return outcome.state, outcome.cause


def test_robots_that_forbids_is_obeyed(config: Config, tmp_path: Path) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        rules = b"User-agent: *\nAllow: /$\nDisallow: /wp-json/\n"
        return (200, {}, rules) if path == "/robots.txt" else wordpress(path)

    with little_site(tmp_path / "site", HOSTS, answer) as asked:
        assert run(config, tmp_path / "site") == ("failed", "robots")
    assert asked == ["/robots.txt", "/"]


def test_robots_that_cannot_be_read_allows_nothing(config: Config, tmp_path: Path) -> None:
    with little_site(tmp_path / "site", HOSTS, lambda path: (500, {}, b"")) as asked:
        assert run(config, tmp_path / "site") == ("failed", "robots_unreachable")
    assert set(asked) == {"/robots.txt"}


def test_no_robots_means_no_rules_and_redirects_stay_at_home(config: Config, tmp_path: Path) -> None:
    """A store's products are said to be elsewhere: on another host, on this machine. Nobody goes there."""

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        if "/products" in path:
            return 302, {"Location": "http://127.0.0.1:1/private"}, b""
        return wordpress(path)

    with little_site(tmp_path / "site", HOSTS, answer) as asked:
        assert run(config, tmp_path / "site") == ("failed", "redirected:302")
    assert asked[:2] == ["/robots.txt", "/"] and "/private" not in asked
    assert stats_of(config)["shop_count"] == 1


def test_an_unknown_platform_is_named_and_its_home_page_kept(config: Config, tmp_path: Path) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, b"<html><body>Plaza</body></html>") if path == "/" else (404, {}, b"")

    with little_site(tmp_path / "site", HOSTS, answer):
        assert run(config, tmp_path / "site") == ("failed", "platform_unknown")
    (kept,) = (only_crawl(config, "plaza_banten") / "evidence").iterdir()
    assert b"Plaza" in kept.read_bytes()


def test_a_crawl_delay_in_robots_slows_the_lane(config: Config, tmp_path: Path) -> None:
    moments: list[float] = []

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        moments.append(time.monotonic())
        return (200, {}, b"User-agent: *\nCrawl-delay: 0.8\n") if path == "/robots.txt" else wordpress(path)

    with little_site(tmp_path / "site", HOSTS, answer):
        assert run(config, tmp_path / "site") == ("done", None)
    gaps = [after - before for before, after in pairwise(moments)]
    assert len(gaps) == 3
    assert sum(gaps) > 1.6  # one by one they also hold how long each request was on its way


@pytest.mark.prove
def test_an_answer_without_end_is_not_swallowed(config: Config, tmp_path: Path) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, b"[" * 21_000_000) if "/products" in path else wordpress(path)

    with little_site(tmp_path / "site", HOSTS, answer):
        assert run(config, tmp_path / "site") == ("failed", "too_large")


# --- settings and permission ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["tokopedia", "shopee", "lazada", "plaza_banten"])
def test_a_live_lane_is_as_slow_as_the_catalogue_says(slug: str) -> None:
    settings, entry = Settings(), marketplace(slug)
    guest_settings(settings, entry)
    assert settings.getfloat("DOWNLOAD_DELAY") == entry.delay_s >= 2
    check_delay(settings, entry)
    settings.set("DOWNLOAD_DELAY", 0, "cmdline")
    with pytest.raises(UsageError, match="not allowed"):
        check_delay(settings, entry)


def test_only_a_sandbox_has_no_delay_and_no_proxy(tmp_path: Path) -> None:
    settings = Settings({"MONITOR_SANDBOX": str(tmp_path)})
    guest_settings(settings, marketplace("tokopedia"))
    assert settings.getfloat("DOWNLOAD_DELAY") == 0
    assert settings.getbool("HTTPPROXY_ENABLED") is False
    assert set(settings["DOWNLOAD_HANDLERS"].values()) == {"monitor.middlewares.SandboxHandler"}


def test_project_settings_are_those_of_a_guest() -> None:
    settings = Settings()
    settings.setmodule("monitor.settings")
    assert settings.getbool("ROBOTSTXT_OBEY") and not settings.getbool("COOKIES_ENABLED")
    assert settings.getint("CONCURRENT_REQUESTS") == 1 and not settings.getbool("RANDOMIZE_DOWNLOAD_DELAY")
    assert not settings.getbool("TELNETCONSOLE_ENABLED") and not settings.getbool("REMOTE_CONTROL_ENABLED")
    assert "Mozilla" not in user_agent("mailto:kontak@contoh.example")
    assert "kontak@contoh.example" in user_agent("mailto:kontak@contoh.example")


def test_other_hosts_and_more_requests_than_allowed_are_not_sent() -> None:
    guest = GuestMiddleware(marketplace("tokopedia"), budget=1)
    for url in ("https://example.com/", "http://127.0.0.1/", "https://tokopedia.com.evil.example/"):
        with pytest.raises(ForeignHostError):
            guest.process_request(Request(url))
    first, other = Request("https://gql.tokopedia.com/a"), Request("https://www.tokopedia.com/b")
    guest.process_request(first)
    assert first.meta["download_slot"] == "tokopedia"
    with pytest.raises(BudgetError):
        guest.process_request(other)
    guest.process_request(Request("https://www.tokopedia.com/robots.txt", meta={"dont_obey_robotstxt": True}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", 3.0), ("0", 0.0), ("", None), ("soon", None), ("-1", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_retry_after(text: str, expected: float | None) -> None:
    response = Response("https://x.example/", status=429, headers={"Retry-After": text} if text else {})
    assert seconds_to_wait(response) == expected


def live(tmp_path: Path, **crawl: object) -> Config:
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
    object.__setattr__(config, "crawl", CrawlOptions(**crawl))  # type: ignore[arg-type]
    return config


def test_no_live_crawl_before_a_person_has_read_the_terms(tmp_path: Path) -> None:
    entry = marketplace("tokopedia")
    assert "terms" in str(permission_problem(entry, live(tmp_path)))
    checked = {"tokopedia": "2026-11-20"}
    assert "user_agent_contact" in str(permission_problem(entry, live(tmp_path, terms_checked_on=checked)))
    ready = live(tmp_path, terms_checked_on=checked, user_agent_contact="mailto:a@contoh.example")
    assert permission_problem(entry, ready) is None
    ahead = live(tmp_path, terms_checked_on={"tokopedia": "2999-01-01"}, user_agent_contact="a")
    assert "lies in the future" in str(permission_problem(entry, ahead))
    wrong = live(tmp_path, terms_checked_on={"tokopedia": "kemarin"}, user_agent_contact="a")
    assert "must be a date" in str(permission_problem(entry, wrong))


def test_what_is_not_crawled_never_starts(tmp_path: Path) -> None:
    for entry in catalogue().values():
        if not entry.is_requested:
            assert "not crawled" in str(permission_problem(entry, live(tmp_path)))


@pytest.mark.parametrize(
    ("slugs", "message"),
    [
        (["tokpedia"], "Did you mean 'tokopedia'"),
        (["bukalapak"], "is not crawled"),
        (["tokopedia"], "robots.txt and terms"),
        ([], "robots.txt and terms"),
    ],
)
def test_being_asked_wrongly_is_said(config: Config, slugs: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        crawl_all(config, slugs)
    assert not config.crawls_dir.exists()


def test_practice_and_real_data_stay_apart(config: Config, tmp_path: Path) -> None:
    (config.data_dir / SANDBOX_FOLDER).mkdir(parents=True)
    (config.data_dir / SANDBOX_FOLDER / WORLD_FILE).write_text("{}")
    ready = CrawlOptions(user_agent_contact="a", terms_checked_on={"tokopedia": "2026-11-20"})
    object.__setattr__(config, "crawl", ready)
    with pytest.raises(UsageError, match="practice folder"):
        crawl_all(config, ["tokopedia"])


@pytest.fixture
def hosts_file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "hosts.json"


def test_a_sandbox_that_is_not_served_is_said(hosts_file: Path) -> None:
    with pytest.raises(UsageError, match="No sandbox is being served"):
        sandbox_hosts(hosts_file.parent)
    hosts_file.write_text("[1]")
    with pytest.raises(UsageError, match="cannot be read"):
        sandbox_hosts(hosts_file.parent)
