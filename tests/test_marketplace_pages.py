"""A page per marketplace: from the catalogue and the crawls of the last eight weeks, nothing else."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from monitor.cli import app
from monitor.config import Config, CrawlOptions
from monitor.database import private_engine, transaction
from monitor.errors import StoreError
from monitor.marketplace_pages import EVIDENCE, SUPPORT, write_pages
from monitor.marketplaces import EVIDENCE as LEVELS
from monitor.marketplaces import SUPPORTS, catalogue
from monitor.private_store import crawls

LAST = "2026-W47"


def crawled(engine: Engine, week: str, health: str, cause: str | None, shops: int, slug: str = "tokopedia") -> None:
    with transaction(engine) as connection:
        connection.execute(
            insert(crawls).values(
                crawl_id=f"{slug}/{week}",
                marketplace=slug,
                week=week,
                kind="crawl",
                coverage="complete",
                content_sha256="0",
                observed_on="2026-11-15",
                started_at=f"{week}T01:00:00Z",
                health=health,
                cause=cause,
                shop_count=shops,
                listing_count=0,
            )
        )


@pytest.fixture
def engine(config: Config) -> Engine:
    return private_engine(config)


def test_a_page_says_what_why_and_what_to_do(config: Config, engine: Engine, tmp_path: Path) -> None:
    crawled(engine, "2026-W46", "healthy", None, 12_345)
    crawled(engine, LAST, "failed", "refused:challenge", 17)
    crawled(engine, "2026-W39", "healthy", None, 999)
    crawled(engine, "2026-W48", "healthy", None, 888)
    write_pages(tmp_path, config, engine, LAST, {"tokopedia": "Products and shops."})
    page = (tmp_path / "tokopedia.md").read_text()
    assert "| 2026-W46 | complete crawl | 12,345 | healthy |" in page
    assert "challenge page (`refused:challenge`) | Do not try again this week" in page
    assert "999" not in page and "888" not in page, "only the last eight weeks up to the one named"
    assert "never; no live crawl before" in page
    assert "Products and shops." in page
    assert (
        "| [Tokopedia](tokopedia.md) | crawled | captured | 2026-W47 | refused:challenge |"
        in (tmp_path / "README.md").read_text()
    )


def test_every_entry_has_its_page(config: Config, engine: Engine, tmp_path: Path) -> None:
    written = write_pages(tmp_path, config, engine, LAST, {})
    assert {path.stem for path in written} == {*catalogue(), "README"}
    assert set(SUPPORT) == set(SUPPORTS)
    assert set(EVIDENCE) == set(LEVELS)
    closed = (tmp_path / "bukalapak.md").read_text()
    assert "Closed on" in closed and "Nothing was crawled or handed over." in closed


def test_terms_come_from_the_configuration(config: Config, engine: Engine, tmp_path: Path) -> None:
    from dataclasses import replace

    ready = replace(config, crawl=CrawlOptions(terms_checked_on={"tokopedia": "2026-11-20"}))
    write_pages(tmp_path, ready, engine, LAST, {})
    assert "| Terms last read | 2026-11-20 |" in (tmp_path / "tokopedia.md").read_text()


def test_the_verb(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    run = CliRunner()
    assert "plaza_banten" in run.invoke(app, ["marketplaces", "--json"]).output
    assert run.invoke(app, ["marketplaces", "-o", str(tmp_path / "pages")]).exit_code == 0
    assert (tmp_path / "pages" / "blibli.md").is_file()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_pages(tmp_path / "file", config, private_engine(config), LAST, {})
