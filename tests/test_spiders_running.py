"""The order of a crawl's units: linked shops, panel, parts of capped queries, new queries, exploration, detail."""

from dataclasses import replace
from pathlib import Path

import pytest
from running_site import CAP, CappedSite, Record, run

from monitor.crawl.files import CrawlInfo
from monitor.crawl.stats import crawl_stats
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.items import Shop
from monitor.planner.steps import Plan, Step, read_plan, write_plan
from monitor.units import EXPLORE, LINKED, NEW, PANEL, KnownShop, query_parts, unit_name
from spiders.yields import Yields

IDS = [f"{number}" for number in range(100, 140)]
SITE = {"kopi": IDS[:30], "teh": IDS[28:32], "madu": IDS[32:36], "jahe": IDS[36:39]}


def step(stage: str, word: str, expected: float = 1.0, fits: bool = True) -> Step:
    return Step(stage, f"cari/{word}", "a reason", 1.0, expected, query=word, fits=fits)


def linked(shop_id: str) -> Step:
    return Step(LINKED, f"toko/{shop_id}", "linked", 1.0, shop=KnownShop(shop_id, is_linked=True))


def planned(*steps: Step, **values: float) -> Plan:
    return Plan("contoh", like_share=0.1, steps=steps, **values)  # type: ignore[arg-type]


def test_a_capped_query_is_split_until_nothing_is_capped() -> None:
    record = Record()
    assert run(CappedSite(record, SITE, list(SITE))) == "finished"
    assert set(record.shops) == set(IDS[:39])
    capped = {name for name, row in record.done.items() if row.capped}
    assert capped == {"cari/kopi", "cari/kopi/02468", "cari/kopi/13579"}
    assert all(record.done[name].split_into for name in capped), "each of them was split"
    assert record.planned == len(record.done), "parts are counted as planned"


def test_what_cannot_be_split_further_stays_capped_with_the_total_that_the_site_states() -> None:
    same_digit = [f"{number}5" for number in range(10, 30)]
    record = Record()
    run(CappedSite(record, {"kopi": same_digit}, ["kopi"]))
    left = {name: row for name, row in record.done.items() if row.capped and not row.split_into}
    assert list(left) == ["cari/kopi/13579/5"]
    assert (left["cari/kopi/13579/5"].declared_total, left["cari/kopi/13579/5"].fetched) == (20, CAP)


def test_details_come_after_the_parts_and_see_what_they_found() -> None:
    record = Record()
    spider = CappedSite(record, SITE, list(SITE), details=True)
    assert run(spider) == "finished"
    first_detail = next(at for at, name in enumerate(spider.asked) if name.startswith("toko/"))
    assert all(name.startswith("toko/") for name in spider.asked[first_detail:])
    assert len(spider.asked) - first_detail == 39, "also of shops that only a part showed"
    assert len(spider.asked) == len(set(spider.asked)), "nothing is asked twice"
    assert record.planned == len(record.done)


@pytest.mark.parametrize("stopped_after", range(1, 12))
def test_a_stopped_crawl_goes_on_by_names(stopped_after: int) -> None:
    whole, record = Record(), Record()
    run(CappedSite(whole, SITE, list(SITE)))
    record.budget = stopped_after
    run(CappedSite(record, SITE, list(SITE)))
    record.budget = 0
    again = CappedSite(record, SITE, list(SITE))
    assert run(again) == "finished"
    assert record.done == whole.done and record.shops.keys() == whole.shops.keys()
    assert len(again.asked) == len(whole.done) - stopped_after


def test_the_order_is_linked_panel_best_first_exploration() -> None:
    plan = planned(
        linked("900"), step(PANEL, "teh"), step(NEW, "jahe", 0.2), step(NEW, "madu", 5.0), step(EXPLORE, "kopi")
    )
    spider = CappedSite(Record(plan, budget=100), SITE, [])
    assert run(spider) == "finished"
    assert spider.asked[:5] == ["toko/900", "cari/teh", "cari/madu", "cari/jahe", "cari/kopi"]
    assert set(spider.asked[5:]) == {name for name in spider.kept.done if name.startswith("cari/kopi/")}
    stages = {name: row.stage for name, row in spider.kept.done.items()}
    assert stages["toko/900"] == LINKED and stages["cari/teh"] == PANEL and stages["cari/kopi/02468"] == EXPLORE
    assert spider.kept.done["toko/900"].found is True


def test_a_budget_that_ends_in_the_panel_leaves_the_crawl_unfinished() -> None:
    plan = planned(linked("900"), step(PANEL, "teh"), step(PANEL, "madu"))
    assert run(CappedSite(Record(plan, budget=2), SITE, [])) == "budget"


@pytest.mark.parametrize("budget", [3, 4, 5, 6, 7])
def test_a_budget_that_ends_later_is_just_spent(budget: int) -> None:
    plan = planned(linked("900"), step(PANEL, "teh"), step(PANEL, "madu"), step(NEW, "kopi"), step(EXPLORE, "jahe"))
    spider = CappedSite(Record(plan, budget), SITE, [])
    assert run(spider) == "finished"
    assert len(spider.asked) == budget
    assert ("cari/jahe" in spider.asked) == (budget >= 4), "exploration keeps its share before parts are asked"


def test_what_the_plan_leaves_out_is_not_asked() -> None:
    plan = planned(step(PANEL, "teh"), step(NEW, "madu", fits=False))
    spider = CappedSite(Record(plan, budget=50), SITE, [])
    spider.site = SITE
    run(spider)
    assert spider.asked == ["cari/teh"]


def test_some_of_the_requests_are_kept_for_details() -> None:
    plan = planned(step(PANEL, "teh"), step(NEW, "kopi"), kept_for_details=4)
    spider = CappedSite(Record(plan, budget=9), SITE, [], details=True)
    assert run(spider) == "finished"
    assert sum(name.startswith("toko/") for name in spider.asked) == 4


def test_a_shop_that_is_not_there_is_said_and_one_that_does_not_answer_is_not() -> None:
    plan = planned(linked("900"), linked("901"), linked("902"))
    spider = CappedSite(Record(plan, budget=50), SITE, [])
    spider.gone, spider.fails = {"901"}, {"toko/902"}
    assert run(spider) == "finished"
    assert {name: row.found for name, row in spider.kept.done.items()} == {"toko/900": True, "toko/901": False}
    assert spider.kept.counts == {"units/optional_failed": 1} and len(spider.kept.issues) == 1


def test_a_linked_shop_that_the_panel_shows_is_not_asked_for_and_another_is() -> None:
    seen, unseen = (replace(linked(key), if_unseen=True) for key in ("132", "900"))
    spider = CappedSite(Record(planned(linked("901"), seen, unseen, step(PANEL, "madu")), budget=50), SITE, [])
    assert run(spider) == "finished"
    assert spider.asked == ["toko/901", "cari/madu", "toko/900"]


def test_the_same_holds_when_the_crawl_goes_on() -> None:
    plan = planned(replace(linked("132"), if_unseen=True), step(PANEL, "madu"), step(NEW, "jahe"))
    record = Record(plan, budget=1)
    run(CappedSite(record, SITE, []))
    record.budget = 50
    again = CappedSite(record, SITE, [])
    run(again)
    assert again.asked == ["cari/jahe"], "shop 132 was shown before the crawl was stopped"


def test_an_area_that_shows_more_than_others_is_asked_earlier() -> None:
    yields = Yields()
    for area, shown in (("3602", 1.0), ("3671", 19.0)) * 20:
        yields.note("query", area, 10.0, shown)
    rich, unknown, poor = (yields.corrected("query", area, 10.0) for area in ("3671", "3604", "3602"))
    assert poor < unknown < rich


def test_what_units_show_outweighs_what_was_promised_of_them() -> None:
    yields = Yields()
    assert yields.corrected("part", None, 40.0) == 10.0, "parts of a capped query repeat much"
    yields.note("part", None, 40.0, 0.0)
    assert 0 < yields.corrected("part", None, 40.0) < 10.0, "one that showed nothing says little"
    for _ in range(30):
        yields.note("query", None, 0.5, 14.0)
    assert 9.0 < yields.corrected("query", None, 0.5) < 14.0
    high, low = (yields.corrected("query", None, promise) for promise in (2.0, 0.5))
    assert low < high < 4 * low, "promises are rough"


def test_shops_of_earlier_weeks_are_not_new() -> None:
    plan = replace(planned(step(PANEL, "teh"), step(PANEL, "kopi")), known=IDS)
    spider = CappedSite(Record(plan, budget=50), SITE, [])
    run(spider)
    assert spider._fresh == 0 and spider._seen


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = planned(linked("900"), step(NEW, "gula aren"), kept_for_details=2.5)
    write_plan(tmp_path, plan)
    assert read_plan(tmp_path) == plan
    assert read_plan(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("cari/3603/gula-aren", NEW),
        ("cari/3603/gula-aren/harga-0-25000", None),
        ("cari/3604/gula-aren", None),
        ("cari/gula-aren", NEW),
        ("cari/madu", PANEL),
        ("cari/3601/madu", PANEL),
        ("cari/kue", None),
        ("cari/kategori-12", PANEL),
    ],
)
def test_steps_are_found_with_and_without_areas(name: str, stage: str | None) -> None:
    """A site that searches without places asks what is planned for any place; unknown queries are the spider's own."""
    new = Step(NEW, "cari/3603/gula-aren", "", 1.0, 1.0, query="gula aren")
    plan = Plan("contoh", steps=[new, step(PANEL, "madu")], left_out=["kue"])
    found = plan.step_of(name)
    assert (found.stage if found else None) == stage


def test_names_say_area_and_query() -> None:
    assert query_parts(f"cari/3603/{unit_name('Gula  Aren!')}/harga-0-25000") == ("3603", "gula-aren")
    assert query_parts("cari/kopi/3603") == (None, "kopi")


def test_what_a_plan_adds_is_no_growth(tmp_path: Path) -> None:
    with CrawlWriter.create(tmp_path, CrawlInfo(marketplace="contoh", week="2026-W46")) as writer:
        for number, stage in enumerate((PANEL, None, LINKED, NEW, EXPLORE)):
            for shop_id in (f"{number}", "shown by all" if stage != LINKED else "5"):
                writer.write(Shop(marketplace="contoh", shop_id=shop_id, city="Kab. Serang"), f"u{number}")
            writer.unit_done(f"u{number}", "q", None, 2, stage=stage)
    data = read_crawl(writer.directory)
    assert data.weekly == {"0", "1", "2", "5", "shown by all"}
    assert crawl_stats(data, {}, 5)["shop_count"] == 7
    in_region = data.shops.assign(area_codes=[["3604"]] * 7)
    assert crawl_stats(replace(data, shops=in_region), {}, 5)["regional_shop_count"] == 5


def test_the_crawl_directory_keeps_stage_and_parts(tmp_path: Path) -> None:
    with CrawlWriter.create(tmp_path, CrawlInfo(marketplace="contoh", week="2026-W46")) as writer:
        writer.unit_done("cari/kopi", "kopi", 30, 4, True, stage=PANEL, split_into=2, requests=1)
        assert set(writer.done_units) == {"cari/kopi"}
    row = read_crawl(writer.directory).queries.iloc[0]
    assert (row["stage"], row["split_into"], row["requests"], row["capped"]) == (PANEL, 2, 1, True)
