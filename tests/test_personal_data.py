"""Numbers of persons never reach a kept file: what lies in crawl directories and in the notes of reviewers."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter
from monitor.feed.rows import PERSONAL_ID, RowReader
from monitor.feed.source import Items
from monitor.feed.write import write_feed
from monitor.identifiers import PhoneHasher, is_nik, mask_npwps
from monitor.items import Identifier, Issue, Item, Listing, Shop
from monitor.marketplaces import marketplace
from monitor.printed import make_keepable, masked, phone_of_id
from pipelines.normalise import Normaliser
from pipelines.review_reading import _written

HASHER = PhoneHasher(b"k" * 32)
NIK = "3674014101900001"
PHONE = "6281234567890"
HASHED_ID = f"tel-{HASHER.hash(PHONE)}"
DOTTED = "09.254.294.3-407.000"
HIDDEN = "••.•••.•••.•-•••.•••"


def kept(item: Any, slug: str = "tokopedia") -> Any:
    make_keepable(item, HASHER, marketplace(slug))
    once = repr(item)
    make_keepable(item, HASHER, marketplace(slug))
    assert repr(item) == once, "doing it again changes nothing"
    return item


def shop(slug: str = "tokopedia", shop_id: str = "1", **fields: Any) -> Shop:
    return Shop(marketplace=slug, shop_id=shop_id, **fields)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a.n. Siti {DOTTED}, Lebak", f"a.n. Siti {HIDDEN}, Lebak"),
        ("NPWP 092542943407000", "NPWP " + "•" * 15),
        ("npwp16: 0092542943407000", "npwp••: " + "•" * 16),
        ("No. NPWP: 09 254 294 3 407 000.", "No. NPWP: •• ••• ••• • ••• •••."),
        ("isi 250.000.000.1 butir", "isi 250.000.000.1 butir"),
        ("NPWP ada, berdiri 2019", "NPWP ada, berdiri 2019"),
        ("artikel 092542943407000", "artikel 092542943407000"),
    ],
)
def test_an_npwp_in_a_text_is_masked(text: str, left: str) -> None:
    assert mask_npwps(text) == left
    assert mask_npwps(left) == left


def test_every_way_into_the_store_masks_an_npwp() -> None:
    assert masked(f"NPWP {DOTTED}") == f"NPWP {HIDDEN}"
    assert _written(f"pemilik {DOTTED}") == f"pemilik {HIDDEN}"
    read = shop(description=f"NPWP {DOTTED}", city=f"Lebak {NIK}")
    Normaliser(marketplace("tokopedia"), HASHER).apply(read)
    assert read.description == f"NPWP {HIDDEN}"
    assert NIK not in repr(read)


def test_places_brands_and_categories_are_texts_too() -> None:
    found = kept(shop(city="Kota Serang 081234567890", district=f"NIK {NIK}", province=DOTTED))
    assert found.area_codes == ["3673"]
    listing = kept(Listing(marketplace="tokopedia", listing_id="5", shop_id="1", brand="WA 081234567890", category=NIK))
    for number in ("0812", NIK, DOTTED):
        assert number not in repr(found) + repr(listing)


def test_a_nik_in_an_address_goes_and_own_ids_stay() -> None:
    found = kept(shop(username=f"siti{NIK}", url=f"https://x.id/{NIK}?npwp={DOTTED}", aliases=[NIK, "99"]))
    assert NIK not in repr(found)
    assert DOTTED not in repr(found)
    url = f"https://x.id/toko/{NIK}"
    assert kept(shop(shop_id=NIK, url=url)).url == url
    assert kept(Listing(marketplace="tokopedia", listing_id=NIK, shop_id="1", url=url)).url == url
    url = f"https://x.id/product/7/{PHONE}"
    assert kept(Listing(marketplace="tokopedia", listing_id=PHONE, shop_id="7", url=url)).url == url
    assert PHONE not in str(kept(Listing(marketplace="tokopedia", listing_id="5", shop_id="7", url=url)).url)


@pytest.mark.parametrize(
    ("account", "left"), [(NIK, None), ("7495953031555614963", "7495953031555614963"), (f"a-{PHONE}", None)]
)
def test_an_account_is_whole_or_absent(account: str, left: str | None) -> None:
    assert kept(shop(account_id=account)).account_id == left


@pytest.mark.parametrize("query", ["q=081234567890", "q=0812%203456%207890", f"q={NIK}", "phone=%2B6281234567890&a=1"])
def test_the_query_of_an_issue_is_masked(query: str) -> None:
    issue = kept(Issue(marketplace="tokopedia", kind="x", message="m", url=f"https://x.id/cari?{query}"))
    assert issue.url.startswith("https://x.id/cari?")
    assert "3456" not in issue.url
    assert "••" in issue.url
    assert NIK not in issue.url


def test_identifiers_handed_over_are_those_known_and_no_phone_is_clear() -> None:
    own = HASHER.hash("6281111111111")
    entries = [
        Identifier("phone", "field", value="0812-3456-7890"),
        Identifier("phone", "field", hash=own, key_id=HASHER.key_id),
        Identifier("phone", "field", hash=PHONE),
        Identifier("nik", "field", value=NIK),
        Identifier("nib", "field", value=NIK),
        Identifier("nib", "field", value="9120101234567"),
        Identifier("owner", "field", value=f"Siti {PHONE}"),
    ]
    assert kept(shop(identifiers=entries)).identifiers == [
        Identifier("phone", "field", hash=HASHER.hash(PHONE), key_id=HASHER.key_id),
        Identifier("phone", "field", hash=own, key_id=HASHER.key_id),
        Identifier("nib", "field", value="9120101234567"),
        Identifier("owner", "field", value="Siti " + "•" * 13),
    ]


@pytest.mark.parametrize("written", ["081234567890", "+62812-3456-7890", PHONE, "wa.me/6281234567890"])
def test_a_shop_named_by_its_number_gets_the_hash_of_it(written: str) -> None:
    fields = {name: name for name in ("shop_id", "shop_name", "listing_id", "title")}
    reader = RowReader(marketplace("whatsapp"), date(2026, 11, 20), "2026-11-20T00:00:00Z", HASHER, fields)
    rows = list(reader.read(2, {"shop_id": written, "shop_name": "Toko", "listing_id": "7", "title": "Emping"}))
    assert [row.shop_id for row in rows] == list(reader.shops) == [HASHED_ID]
    found = reader.shops[HASHED_ID]
    assert [entry.hash for entry in found.identifiers] == [HASHER.hash(PHONE)]
    assert "3456" not in repr(found).replace(HASHER.hash(PHONE), "")


def test_a_shop_named_by_a_nik_is_given_back_without_it() -> None:
    fields = {"shop_id": "kode", "shop_name": "nama"}
    reader = RowReader(marketplace("facebook"), date(2026, 11, 20), "2026-11-20T00:00:00Z", HASHER, fields)
    assert list(reader.read(2, {"shop_id": NIK, "shop_name": "Toko"})) == []
    assert not reader.shops
    assert [finding.reason for finding in reader.findings] == [PERSONAL_ID]


def test_ids_that_are_no_numbers_of_persons_stay() -> None:
    assert is_nik(NIK)
    for text in ("7494630673243474538", "100081234567890", "kopi_lebak", HASHED_ID):
        assert phone_of_id(text, marketplace("tiktok_shop")) is None
    assert phone_of_id(PHONE, marketplace("tokopedia")) is None


def test_items_and_evidence_hold_no_number(tmp_path: Path) -> None:
    items: list[Item] = [
        shop("whatsapp", PHONE, name="Toko", url=f"https://wa.me/{PHONE}", aliases=[PHONE], account_id=PHONE),
        Listing(marketplace="whatsapp", listing_id="1", shop_id=PHONE, title="Emping"),
        shop("whatsapp", NIK),
    ]
    info = CrawlInfo(marketplace="whatsapp", week="2026-W47", kind="feed", observed_on="2026-11-20")
    with CrawlWriter.create(tmp_path, info) as writer:
        feed = Items(items=list(enumerate(items, 1)), problems=[])
        taken = write_feed(writer, feed, marketplace("whatsapp"), "2026-11-20T00:00:00Z", HASHER)
        body = f"<p>WA 0812-3456-7890, NIK {NIK}, NPWP {DOTTED}, Lebak \xe9</p>".encode("latin-1")
        evidence = writer.evidence("page", body)
    assert (taken.shop_count, taken.listing_count, taken.returned) == (1, 1, 1)
    assert "Lebak \ufffd</p>" in evidence.read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in writer.directory.rglob("*.*") if path.is_file())
    text = (text + evidence.read_text(encoding="utf-8")).replace(HASHER.hash(PHONE), "")
    assert HASHED_ID[:4] in text
    for number in (PHONE, "3456-7890", NIK, DOTTED):
        assert number not in text
