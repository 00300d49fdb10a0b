"""From which crawls the absence of a shop says something."""

import pytest

from monitor.config import Config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter, read_crawl
from pipelines.week_rows import holds_all


@pytest.mark.parametrize(
    ("slug", "kind", "unit", "capped", "says"),
    [
        ("plaza_banten", "crawl", "toko", False, True),
        ("plaza_banten", "crawl", "toko", True, False),
        ("tokopedia", "crawl", "cari/3603/kopi", False, False),
        ("gofood", "crawl", "daftar/serang/kasemen", False, False),  # what can be delivered at the moment
        ("grabfood", "crawl", "daftar/367302", False, False),
        ("gofood", "feed", "berkas", False, True),
    ],
)
def test_absence_says_something(config: Config, slug: str, kind: str, unit: str, capped: bool, says: bool) -> None:
    info = CrawlInfo(marketplace=slug, week="2026-W47", kind=kind, coverage="complete")
    with CrawlWriter.create(config.crawls_dir, info) as writer:
        writer.unit_done(unit, "q", None, 12, capped=capped)
        writer.finish({"finish_reason": "finished", "units": {"planned": 1}})
    assert holds_all(read_crawl(writer.directory)) is says
