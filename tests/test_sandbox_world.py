"""The training world: same seed, same bytes; shares as promised; damage that grows with difficulty."""

import hashlib
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from real_names import read_material

from monitor.errors import InputError, StoreError, UsageError
from monitor.sandbox import world
from monitor.sandbox.businesses import assistants, make_businesses
from monitor.sandbox.customs import USUAL
from monitor.sandbox.draws import Draws, Weighted, zipf
from monitor.sandbox.habits import HABITS
from monitor.sandbox.material import Material
from monitor.sandbox.places import cities, villages
from monitor.sandbox.shops import owned_shops
from monitor.sandbox.strangers import other_shops
from monitor.sandbox.vocabulary import trades
from monitor.sectors import kbli_title

ROOT = Path(__file__).parents[1]
FILES = (world.REGISTRY_FILE, world.SHOPS_FILE, world.LISTINGS_FILE, world.TRUTH_FILE, world.WORLD_FILE)


@pytest.fixture(scope="module")
def made() -> world.World:
    return world.make_world(seed=7, businesses=6000, shops=2000)


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}


def test_same_seed_gives_same_bytes_whatever_the_hash_order(tmp_path: Path) -> None:
    world.write(world.make_world(seed=3, businesses=500, shops=200), tmp_path / "here")
    code = (
        "from pathlib import Path; from monitor.sandbox import world;"
        f"world.write(world.make_world(seed=3, businesses=500, shops=200), Path({str(tmp_path / 'there')!r}))"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environ)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")


def test_another_seed_gives_another_world(made: world.World) -> None:
    other = world.make_world(seed=8, businesses=6000, shops=2000)
    assert set(other.shops["name"]) != set(made.shops["name"])
    assert list(other.registry["NAMA USAHA"]) != list(made.registry["NAMA USAHA"])


def test_more_shops_leave_the_businesses_as_they_are() -> None:
    few, many = (world.make_world(seed=5, businesses=400, shops=count) for count in (50, 300))
    same = ["ID", "NIB", "NAMA USAHA", "NAMA PEMILIK", "KECAMATAN", "NO HP"]
    assert few.registry[same].equals(many.registry[same])


def test_written_world_reads_back(made: world.World, tmp_path: Path) -> None:
    world.write(made, tmp_path)
    back = world.read(tmp_path)
    assert back.settings == made.settings
    for name in ("registry", "shops", "listings", "truth"):
        one, two = getattr(made, name), getattr(back, name)
        assert list(one.columns) == list(two.columns)
        assert (one.astype(str).to_numpy() == two.astype(str).to_numpy()).all()


def test_one_shop_in_ten_is_owned_and_every_owner_is_registered(made: world.World) -> None:
    owned = made.truth[made.truth["source_id"] != ""]
    assert len(made.truth) == len(made.shops) == 2000
    assert len(owned) == 200
    assert set(owned["source_id"]) <= set(made.registry["ID"])
    assert not made.truth.duplicated(["marketplace", "shop_id"]).any()
    assert not made.shops.duplicated(["marketplace", "username"]).any()


def test_owners_run_several_shops_some_of_them_elsewhere(made: world.World) -> None:
    owned = made.truth[made.truth["source_id"] != ""].groupby("source_id")["marketplace"]
    assert 1.3 < owned.size().mean() < 1.75
    elsewhere = owned.transform("nunique") > 1
    assert 0.25 < elsewhere.mean() < 0.6  # about 40 % have a sibling on another marketplace


def test_truth_says_why(made: world.World) -> None:
    kinds = made.truth["reason"].str.partition(":")[0].value_counts(normalize=True)
    assert set(kinds.index) == {
        "dapat",
        "tidak dapat",
        "peniru",
        "kolektif",
        "di luar Banten",
        "bukan usaha terdaftar",
    }
    assert kinds["peniru"] == pytest.approx(0.005, abs=0.0005)
    assert 0.15 < kinds["di luar Banten"] < 0.3
    assert 0.5 < kinds["dapat"] / (kinds["dapat"] + kinds["tidak dapat"]) < 0.75


def test_marketplaces_and_areas_are_all_there(made: world.World) -> None:
    assert set(made.shops["marketplace"]) == set(HABITS)
    areas = {city.key for city in cities() if city.code}
    assert len(areas) == 8
    assert areas <= set(made.shops["place"])
    for habit in HABITS.values():
        if habit.only_inside:
            assert set(made.shops.loc[made.shops["marketplace"] == habit.slug, "place"]) <= set(habit.areas) | {""}
    assert made.shops["place"].str.startswith("kota jakarta").any()


def test_names_follow_zipf_and_one_in_six_is_the_owners() -> None:
    businesses = make_businesses(11, 20_000, 0.5)
    own = sum(item.name == item.owner or item.name.endswith(f" {item.called}") for item in businesses) / len(businesses)
    assert 0.15 < own < 0.45  # owner's name alone, or with a head noun and a title before it
    names: dict[str, int] = {}
    for item in businesses:
        names[item.name] = names.get(item.name, 0) + 1
    assert max(names.values()) > 20  # hundreds in a whole province
    assert sum(count == 1 for count in names.values()) > 0.4 * len(businesses)
    assert 0.005 < sum(bool(item.same_as) for item in businesses) / len(businesses) < 0.015


def test_identifiers_are_few_and_some_are_shared() -> None:
    businesses = make_businesses(11, 20_000, 0.5)
    with_pirt = [item for item in businesses if item.pirt]
    assert all(item.trade.food for item in with_pirt)
    assert 0.05 < len(with_pirt) / len(businesses) < 0.2
    phones: dict[str, int] = {}
    for item in businesses:
        phones[item.phone] = phones.get(item.phone, 0) + 1
    del phones[""]
    assert max(phones.values()) > 30  # a registration assistant
    assert 0.6 < sum(bool(item.phone) for item in businesses) / len(businesses) < 0.8


def test_without_difficulty_nothing_is_damaged() -> None:
    easy = world.make_world(seed=2, businesses=1500, shops=400, difficulty=0)
    registry = easy.registry
    assert (registry["NAMA USAHA"] != "").all()
    assert registry.loc[registry["NO HP"].str.startswith("0"), "NO HP"].str.fullmatch(r"08\d{9,10}").all()
    kinds = easy.truth["reason"].str.partition(":")[0].value_counts()
    assert kinds.get("dapat", 0) > 5 * kinds.get("tidak dapat", 0)  # a nickname alone tells nobody, noise or not
    shops = easy.shops
    prints_no_city = shops["marketplace"].isin(["grabfood", "own_shop"])
    assert ((shops["place"] != "") | prints_no_city).all()


def test_strangers_lie_with_numbers_of_others() -> None:
    businesses = make_businesses(9, 6000, 0.5)
    shops = other_shops(9, businesses, 6000, 6000, 0.5)
    digits = [re.sub(r"\D", "", shop.description) for shop in shops]
    helpers = [re.sub(r"\D", "", phone)[1:] for phone in assistants(9, 6000)]
    assert 1 <= sum(any(phone in text for phone in helpers) for text in digits) < 30
    registered = {item.pirt for item in businesses if item.pirt}
    printed = [re.sub(r"\D", "", shop.title_tail) for shop in shops if shop.title_tail]
    assert 2 <= sum(pirt in registered for pirt in printed) < 40  # a reseller prints the maker's
    assert any(pirt not in registered for pirt in printed)


def test_some_kecamatan_are_wrong_and_some_names_stand_twice() -> None:
    businesses = make_businesses(9, 4000, 0.5)
    home = {item.source_id: item.village for item in businesses}
    shown = [shop for shop in owned_shops(9, businesses, 1500, 0.5) if shop.district]
    wrong = sum(shop.district != home[shop.source_id].district for shop in shown) / len(shown)
    assert 0.005 < wrong < 0.06
    names = {village.district_code: village.district for items in villages().values() for village in items}
    assert len(names) - len(set(names.values())) >= 3


def test_sites_change_names_as_they_do() -> None:
    made = world.make_world(seed=12, businesses=6000, shops=1500, marketplaces=["rumah_sikum", "inaproc", "etsy"])
    names = made.shops.groupby("marketplace")["name"]
    assert not names.get_group("inaproc").str.contains(r"^(?:PT|CV|UD) ", case=False).any()
    assert names.get_group("etsy").str.fullmatch(r"[A-Za-z0-9]{1,20}").all()
    owner = made.registry.set_index("ID")["NAMA PEMILIK"]
    county = made.truth[(made.truth["marketplace"] == "rumah_sikum") & (made.truth["source_id"] != "")]
    names_of = made.shops.set_index(["marketplace", "shop_id"])["name"]
    shown = names_of.loc[list(zip(county["marketplace"], county["shop_id"], strict=True))]
    pairs = zip(shown, owner.loc[county["source_id"]], strict=True)
    by_owner = [str(name).upper().startswith(str(person).split()[0]) for name, person in pairs if person]
    assert sum(by_owner) / len(by_owner) > 0.2  # a seller who named no shop is printed by name


def test_real_names_enter_when_they_are_there(tmp_path: Path) -> None:
    assert read_material(tmp_path) is None
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "umkm_malawele_sorong.csv").write_text("nama,kategori\nKios Contoh Satu,x\nX,y\n")
    (tmp_path / "marketplaces" / "tokopedia").mkdir(parents=True)
    capture = tmp_path / "marketplaces" / "tokopedia" / "search_v5_flat_contoh.csv"
    capture.write_text("id,shop_name\n1,Toko Contoh Dua\n")
    material = read_material(tmp_path)
    assert material == Material(("Kios Contoh Satu",), ("Toko Contoh Dua",))
    made = world.make_world(seed=5, businesses=600, shops=200, material=material)
    assert 0.4 < (made.registry["NAMA USAHA"].str.upper() == "KIOS CONTOH SATU").mean() < 0.6
    assert 0.3 < (made.shops["name"] == "Toko Contoh Dua").mean() < 0.6
    real = made.shops.merge(made.truth).query("name == 'Toko Contoh Dua'")
    assert (real["source_id"] == "").all()


@pytest.mark.samples
def test_real_samples_are_read_as_material(samples: Path) -> None:
    material = read_material(samples)
    assert material is not None
    assert len(material.business_names) > 5000 and len(material.shop_names) > 500


def test_difficulty_hides_owners() -> None:
    shares = []
    for difficulty in (0.0, 0.5, 1.0):
        reasons = world.make_world(seed=4, businesses=4000, shops=3000, difficulty=difficulty).truth["reason"]
        found, lost = (reasons.str.startswith(word).sum() for word in ("dapat:", "tidak dapat:"))
        shares.append(found / (found + lost))
    assert shares[0] > shares[1] > shares[2] > 0.2


def test_damage_hits_a_small_share(made: world.World) -> None:
    registry = made.registry
    phones = registry["NO HP"]
    filled = phones[phones.str.contains(r"\d")]
    assert 0.75 < filled.str.fullmatch(r"08\d{9,10}").mean() < 0.95
    assert phones.str.contains(r"e\+0\d\d$").any()  # a number that went through a spreadsheet
    assert 0 < (registry["KAB/KOTA"] == "SERANG").sum() + (registry["KAB/KOTA"] == "TANGERANG").sum() < 60
    assert (registry["NAMA USAHA"] == "").mean() < 0.005


def test_reference_of_the_world_is_the_real_one() -> None:
    assert sum(len(items) for items in villages().values()) == 1552
    assert len({village.district_code for items in villages().values() for village in items}) == 155
    for trade in trades():
        assert all(kbli_title(code) for code in trade.kbli), trade.key


def test_draws_are_uniform_and_weighted() -> None:
    draws = Draws(1, "test")
    table = Weighted(["a", "b"], [3.0, 1.0])
    picked = [draws.weighted(table) for _ in range(4000)]
    assert picked.count("a") / 4000 == pytest.approx(0.75, abs=0.03)
    ranks = zipf(list(range(50)))
    drawn = [draws.weighted(ranks) for _ in range(4000)]
    assert drawn.count(0) > drawn.count(10) > drawn.count(40)
    assert {draws.between(1, 3) for _ in range(100)} == {1, 2, 3}
    assert all(len(draws.digits(7)) == 7 for _ in range(100))


def test_food_sites_print_where_a_shop_stands(made: world.World) -> None:
    has_point = made.shops["latitude"] != ""
    assert set(made.shops.loc[has_point, "marketplace"]) == {"gofood", "grabfood"}
    assert made.shops.loc[has_point, "latitude"].astype(float).between(-7.1, -5.8).all()
    assert made.shops.loc[has_point, "longitude"].astype(float).between(105.0, 107.0).all()


def test_a_world_can_have_some_marketplaces_only() -> None:
    some = world.make_world(seed=6, businesses=3000, shops=300, marketplaces=["inaproc", "rumah_sikum"])
    assert set(some.shops["marketplace"]) == {"inaproc", "rumah_sikum"}
    assert some.settings["marketplaces"] == ["inaproc", "rumah_sikum"]
    with pytest.raises(UsageError, match="no marketplace 'pasar'"):
        world.make_world(businesses=20, shops=5, marketplaces=["pasar"])
    with pytest.raises(UsageError, match="can sell on rumah_sikum"):
        world.make_world(businesses=5, shops=40, owned_share=0.1, marketplaces=["rumah_sikum"])


@pytest.mark.parametrize("wrong", [{"businesses": 0}, {"owned_share": 1.5}, {"difficulty": -0.1}, {"shops": 0}])
def test_impossible_worlds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        world.make_world(**wrong)  # type: ignore[arg-type]


def test_more_owned_shops_than_businesses_are_refused() -> None:
    with pytest.raises(UsageError, match="need more than 10 businesses"):
        world.make_world(businesses=10, shops=1000, owned_share=0.5)


def test_folder_without_a_world_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sandbox make"):
        world.read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        world.write(world.make_world(businesses=20, shops=5), tmp_path / "file" / "world")


def test_default_world_is_quick() -> None:
    begun = time.process_time()
    world.make_world()
    assert time.process_time() - begun < 6


@pytest.mark.prove
def test_a_province_is_made_in_minutes() -> None:
    begun = time.process_time()
    made = world.make_world(businesses=800_000, shops=100_000)
    assert time.process_time() - begun < 180
    assert len(made.registry) == 800_000


def test_nothing_that_measures_imports_the_sandbox() -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for package in ("monitor", "spiders", "pipelines", "exports")
        for path in (ROOT / package).rglob("*.py")
        if "monitor.sandbox" in path.read_text(encoding="utf-8")
    }
    assert all(path.startswith(("monitor/sandbox/", "monitor/rehearsal/", "monitor/verbs/")) for path in importers)
    own = {path for path in importers if path.startswith("monitor/sandbox/")}
    texts = [(ROOT / path).read_text(encoding="utf-8") for path in own]
    assert not any(f"from {package}" in text for text in texts for package in ("spiders", "pipelines", "exports"))


def test_customs_of_its_own_change_what_nobody_knows_and_keep_what_is_known() -> None:
    assert world.own_customs(31) == world.own_customs(31) != world.own_customs(32)
    made = world.make_world(seed=31, businesses=6000, shops=2000, customs=world.own_customs(31))
    usual = world.make_world(seed=31, businesses=6000, shops=2000)
    assert set(made.shops["name"]) != set(usual.shops["name"])
    for found in (made, usual):
        same = found.registry["NAMA USAHA"].str.upper() == found.registry["NAMA PEMILIK"]
        assert 0.11 < same.mean() < 0.19  # four of five of those named after the owner bear the whole name
        assert (found.truth["source_id"] != "").sum() == 200
        assert 7 <= found.truth["reason"].str.startswith("peniru").sum() <= 13


def test_strangers_too_may_have_shops_on_several_marketplaces() -> None:
    several = replace(USUAL, several=True)
    made = world.make_world(seed=11, businesses=6000, shops=2000, customs=several)
    usual = world.make_world(seed=11, businesses=6000, shops=2000)
    assert (made.truth["source_id"] != "").sum() == (usual.truth["source_id"] != "").sum() == 200
    assert made.truth["reason"].str.startswith("peniru").sum() == usual.truth["reason"].str.startswith("peniru").sum()
    assert len(made.shops) == len(usual.shops) == 2000
    assert made.registry.equals(usual.registry)

    def again(found: world.World) -> float:
        """Of strangers' shops, how many have the name of one of another marketplace."""
        shops = found.shops.merge(found.truth[found.truth["source_id"] == ""], on=["marketplace", "shop_id"])
        return float((shops.groupby("name")["marketplace"].transform("nunique") > 1).mean())

    assert again(made) > again(usual) + 0.05
