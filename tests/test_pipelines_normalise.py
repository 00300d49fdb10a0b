"""Prints become identifiers and codes; no clear telephone number or NIK is left in what is kept."""

from typing import Any

import pytest

from monitor.identifiers import PhoneHasher, find_phones
from monitor.items import Identifier, Issue, Listing, Shop
from monitor.marketplaces import marketplace
from pipelines.normalise import Normaliser

HASHER = PhoneHasher(b"k" * 32)
PHONE = "6281234567890"


def applied(item: Any, slug: str = "tokopedia", hasher: PhoneHasher | None = HASHER, **scan: str) -> Any:
    Normaliser(marketplace(slug), hasher).apply(item, tuple(scan.items()))
    return item


def shop(**fields: Any) -> Shop:
    return Shop(**{"marketplace": "tokopedia", "shop_id": "1", **fields})


def test_a_printed_phone_is_hashed_and_masked() -> None:
    found = applied(shop(name="Kopi Lebak", description="Hub. WA 0812-3456-7890 ya"))
    assert found.identifiers == [
        Identifier(kind="phone", where="description", hash=HASHER.hash(PHONE), key_id=HASHER.key_id)
    ]
    assert found.description == "Hub. WA ••••-••••-•••• ya"


def test_without_a_key_a_phone_is_masked_and_nothing_else() -> None:
    found = applied(shop(description="WA 081234567890, NIB 1234567890123"), hasher=None)
    assert [entry.kind for entry in found.identifiers] == ["nib"]
    assert "0812" not in found.description


def test_other_identifiers_keep_their_value() -> None:
    found = applied(shop(description="P-IRT 2093602010123-27, halal ID36110000123450224"))
    assert {(entry.kind, entry.value) for entry in found.identifiers} == {
        ("pirt", "209360201012327"),
        ("halal", "ID36110000123450224"),
    }


def test_text_that_is_only_looked_through_is_not_kept() -> None:
    listing = Listing(marketplace="shopee", listing_id="1", shop_id="2", title="Sambal")
    applied(listing, "shopee", description="Order 0812 3456 7890")
    assert [(entry.kind, entry.where) for entry in listing.identifiers] == [("phone", "description")]
    assert "0812" not in repr(listing)


def test_a_shop_that_calls_itself_by_its_number() -> None:
    url = "https://www.tokopedia.com/toko081234567890"
    found = applied(shop(username="toko081234567890", url=url, aliases=["toko081234567890", "7495953031555614963"]))
    assert "0812" not in repr(found)
    assert found.aliases[1] == "7495953031555614963"
    assert found.identifiers[0].hash == HASHER.hash(PHONE)


@pytest.mark.parametrize(
    "url",
    [
        "https://shopee.co.id/product/253511721/81234567890",
        "https://www.tokopedia.com/aurora/t-shirt-1730875830842146373",
        "https://www.lazada.co.id/products/kopi-i8123456001.html",
    ],
)
def test_ids_in_addresses_stay(url: str) -> None:
    listing = applied(Listing(marketplace="shopee", listing_id="1", shop_id="2", url=url), "shopee")
    assert listing.url == url


def test_a_printed_nik_is_masked_and_no_identifier() -> None:
    found = applied(shop(description="NIK 3602141209900001"))
    assert found.description == "NIK ••••••••••••••••"
    assert found.identifiers == []


@pytest.mark.parametrize(
    ("slug", "fields", "codes"),
    [
        ("tokopedia", {"city": "Serang"}, ["3673"]),
        ("tokopedia", {"city": "Kab. Serang"}, ["3604"]),
        ("tokopedia", {"city": "Tangerang"}, ["3671"]),
        ("shopee", {"city": "KOTA TANGERANG SELATAN"}, ["3674"]),
        ("shopee", {"city": "KAB. PANDEGLANG"}, ["3601"]),
        ("shopee", {"city": "Luar Negeri"}, []),
        ("tokopedia", {"city": "Jakarta Barat"}, []),
        ("tokopedia", {"city": None}, []),
        ("plaza_banten", {"city": "Serang"}, ["3604", "3673"]),
        ("plaza_banten", {"city": "Serang", "district": "Walantaka"}, ["3673"]),
    ],
)
def test_places_are_resolved_by_the_marketplaces_own_rule(slug: str, fields: dict[str, Any], codes: list[str]) -> None:
    assert applied(shop(marketplace=slug, **fields), slug).area_codes == codes


def test_the_district_gets_its_code() -> None:
    assert applied(shop(city="Kab. Lebak", district="Rangkasbitung")).district_code == "360214"


def test_a_province_alone_means_all_of_it() -> None:
    assert len(applied(shop(marketplace="lazada", province="Banten"), "lazada").area_codes) == 8


def test_shops_of_a_collective_marketplace_are_collective() -> None:
    assert applied(shop(marketplace="evermos"), "evermos").is_collective is True
    assert applied(shop()).is_collective is None


def test_issues_pass() -> None:
    issue = Issue(marketplace="x", kind="k", message="m")
    applied(issue)
    assert issue.message == "m"


def test_nothing_that_is_found_is_left() -> None:
    text = "wa.me/6281234567890 atau (021) 5551234, telp 0254-123456, 08 12 34 56 78 90"
    found = applied(shop(name=text, description=text))
    assert not find_phones(found.description) and not find_phones(found.name)
