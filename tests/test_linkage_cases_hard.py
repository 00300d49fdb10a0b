"""More pairs written by hand: what real shops do to names, numbers and places. Linked or not, and why."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from linkage_factory import business, decided, index_of, listing, shop

SNACKS = "Makanan & Minuman > Keripik & Kerupuk"
MALINGPING = {"area_code": "3602", "district_code": "360205"}
LEBAK = {"city": "Kab. Lebak", "area_codes": "3602"}


def phone(value: str) -> list[dict[str, str]]:
    return [{"kind": "phone", "hash": value, "where": "description"}]


def number(kind: str, value: str) -> list[dict[str, str]]:
    return [{"kind": kind, "value": value, "where": "description"}]


@dataclass
class Hard:
    """linked: whether the first business of `rows` is linked to the shop (else at most a person is asked)."""

    why: str
    linked: bool
    rows: list[dict[str, Any]]
    shop: dict[str, Any]
    goods: list[dict[str, Any]] = field(default_factory=list)


def emping(**more: Any) -> dict[str, Any]:
    found = {"business_name": "EMPING ZULFAKAR", "owner_name": "ROSMALAWATI HERMAWAN", "product": "emping melinjo"}
    return business(**found, kbli="10794", sector="makanan_minuman", **more)


SOLD = [listing(title="Emping melinjo manis 250 g", category=SNACKS)]
HERE = {"district_code": "360112"}

CASES = [
    Hard(
        "the NIB that the shop prints is registered, and it sells what is registered",
        True,
        [emping(nib="1234567890123")],
        shop(name="Cemilan Bunda", identifiers=number("nib", "1234567890123")),
        SOLD,
    ),
    Hard(
        "a NIB under another name, in another kabupaten, with other goods: somebody else's number",
        False,
        [emping(nib="1234567890123")],
        shop(name="Busana Kirana", identifiers=number("nib", "1234567890123"), **LEBAK),
        [listing(title="Gamis katun dewasa", category="Fashion > Gamis")],
    ),
    Hard(
        "the owner with a title before the name, in the same kecamatan",
        True,
        [emping()],
        shop(name="Hj. Rosmalawati Hermawan", **HERE),
        SOLD,
    ),
    Hard(
        "the registry writes a.n. before the owner",
        True,
        [business(business_name="EMPING ZULFAKAR", owner_name="a.n. Rosmalawati Hermawan", product="emping melinjo")],
        shop(name="Zulfakar Emping", username="rosmalawatihermawan", **HERE),
        SOLD,
    ),
    Hard(
        "legal form and shop suffix on either side of the same rare name",
        True,
        [business(business_name="CV. BINANGKIT KASUMARAN", product="gula aren", kbli="10722", **MALINGPING)],
        shop(name="BINANGKIT KASUMARAN OFFICIAL STORE", district_code="360205", **LEBAK),
        [listing(title="Gula aren cetak 1 kg")],
    ),
    Hard(
        "the words in another order, joined by underscores",
        True,
        [business(business_name="Binangkit Kasumaran", product="gula aren", kbli="10722", **MALINGPING)],
        shop(name="kasumaran_binangkit", district_code="360205", **LEBAK),
        [listing(title="Gula aren cetak 1 kg")],
    ),
    Hard(
        "one rare word of two, and the other one contradicts: a namesake",
        False,
        [business(business_name="Binangkit Kasumaran", product="gula aren", kbli="10722", **MALINGPING)],
        shop(name="Binangkit Wirahadi", **LEBAK),
        [listing(title="Gula aren cetak 1 kg")],
    ),
    Hard(
        "two different forms of address before the same name are two persons",
        False,
        [business(business_name="BUMBU CEU IYOS", owner_name="YOSIDAH", product="bumbu dapur", kbli="10772")],
        shop(name="BUMBU BU IYOS"),
        [listing(title="Bumbu rendang siap masak")],
    ),
    Hard(
        "a shop named after a place and its goods is nobody's in particular",
        False,
        [emping()],
        shop(name="Emping Melinjo Labuan", **HERE),
        SOLD,
    ),
    Hard(
        "a brand in the product titles that is the trade name, in the same kecamatan",
        True,
        [emping(trade_name="Sari Melinda Kencana")],
        shop(name="Sari Melinda Kencana", **HERE),
        [listing(title="Emping Sari Melinda Kencana rasa balado", category=SNACKS)],
    ),
    Hard(
        "a reseller sells one product of the brand among many others",
        False,
        [emping(trade_name="Sari Melinda Kencana")],
        shop(name="Pusat Oleh Oleh Khas", **LEBAK),
        [
            listing(listing_id="a", title="Emping Sari Melinda Kencana rasa balado"),
            listing(listing_id="b", title="Sate bandeng Kang Cepi"),
            listing(listing_id="c", title="Gipang manis"),
            listing(listing_id="d", title="Kerupuk kulit"),
        ],
    ),
    Hard(
        "a phone shared by forty businesses is the assistant's",
        False,
        [
            emping(phone_hashes="agent"),
            *(business(business_name=f"Usaha {n}", phone_hashes="agent") for n in range(40)),
        ],
        shop(name="Dapur Kembang", identifiers=phone("agent")),
        SOLD,
    ),
    Hard(
        "a phone of its own and the kecamatan, goods as registered, another name",
        True,
        [emping(phone_hashes="own")],
        shop(name="Dapur Kembang", identifiers=phone("own"), **HERE),
        SOLD,
    ),
    Hard(
        "an emoji, dots between letters and a year make no other name",
        True,
        [emping()],
        shop(name="✨E.M.P.I.N.G Zulfakar✨ 2024", username="rosmalawati.hermawan", **HERE),
        SOLD,
    ),
    Hard(
        "full-width letters and zero-width signs are the same letters",
        True,
        [emping()],
        shop(name="Ｅｍｐｉｎｇ Zul\u200bfakar", username="rosmalawati_hermawan", **HERE),
        SOLD,
    ),
    Hard(
        "the same rare name in a far kabupaten that is printed without doubt",
        False,
        [emping()],
        shop(name="Emping Zulfakar", city="Kota Cilegon", area_codes="3672"),
        SOLD,
    ),
    Hard(
        "bare Serang can be the kabupaten, but the kecamatan belongs to the kota: the business lies in neither",
        False,
        [emping()],
        shop(name="Emping Zulfakar", city="Serang", area_codes="3604 3673", district_code="367301"),
        SOLD,
    ),
    Hard(
        "a shop of the same rare name that sells mobile phones",
        False,
        [emping()],
        shop(name="Zulfakar"),
        [listing(title="Casing HP anti gores", category="Handphone & Tablet > Aksesoris")],
    ),
    Hard(
        "the owner's common first name as username",
        False,
        [business(business_name="KUE BU SITI", owner_name="SITI RAHMAWATI", product="kue basah", kbli="10792")],
        shop(name="Siti Store", username="siti", **HERE),
        [listing(title="Kue basah aneka rasa")],
    ),
    Hard(
        "the owner's whole name, though both words are common, in the same kecamatan and with the name of the shop",
        True,
        [business(business_name="KUE KASUMARAN", owner_name="SITI RAHMAWATI", product="kue basah", kbli="10792")],
        shop(name="Kasumaran Kue", username="sitirahmawati", **HERE),
        [listing(title="Kue basah aneka rasa")],
    ),
    Hard(
        "two registrations of one owner, one group: the group is linked though the rows are alike",
        True,
        [emping(), emping(group_id=1)],
        shop(name="Emping Zulfakar", username="rosmalawatihermawan", **HERE),
        SOLD,
    ),
    Hard(
        "a name of one letter",
        False,
        [business(business_name="X", owner_name="SITI RAHMAWATI")],
        shop(name="X", **HERE),
    ),
    Hard("a name of signs only", False, [business(business_name="***", owner_name=None)], shop(name="***", **HERE)),
]


@pytest.mark.parametrize("case", CASES, ids=[case.why[:60] for case in CASES])
def test_linked_or_not(case: Hard) -> None:
    index = index_of(case.rows)
    pairs = decided(index, [case.shop], case.goods)
    linked = pairs[pairs["decision"] == "link"]
    shown = pairs.drop(columns=["shop"]).T.to_string()
    assert set(linked["group_id"]) == ({1} if case.linked else set()), f"{case.why}\n{shown}"
