"""Pairs written by hand in the manner of real shops and lists: what should be decided, and why."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest
from linkage_factory import business, decided, index_of, listing, shop

EMPING = {"product": "emping melinjo", "kbli": "10794", "sector": "makanan_minuman"}
SNACKS = "Makanan & Minuman > Keripik & Kerupuk"
SHIRTS = "Fashion > Hijab"


def phone(value: str) -> list[dict[str, str]]:
    return [{"kind": "phone", "hash": value, "where": "description"}]


def label(value: str) -> list[dict[str, str]]:
    return [{"kind": "pirt", "value": value, "where": "title"}]


@dataclass
class Case:
    """The first business of `rows` against the shop. expected: link, review, reject, or none (not even a candidate)."""

    why: str
    expected: str
    rows: list[dict[str, Any]]
    shop: dict[str, Any]
    goods: list[dict[str, Any]] = field(default_factory=list)
    declared: pd.DataFrame | None = None


ZULAIKHA = business(business_name="EMPING ZULFAKAR", owner_name="ROSMALAWATI HERMAWAN", **EMPING)
SOLD = [listing(title="Emping melinjo manis 250 g", category=SNACKS)]

CASES = [
    Case(
        "a rare name in the same kecamatan that sells what is registered",
        "link",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", district_code="360112"),
        SOLD,
    ),
    Case(
        "the same rare name and a rare product in the same kabupaten",
        "link",
        [ZULAIKHA],
        shop(name="Emping Zulfakar"),
        SOLD,
    ),
    Case(
        "the same rare name in the same kabupaten and nothing else known: an imitator could look so",
        "review",
        [ZULAIKHA],
        shop(name="Emping Zulfakar"),
    ),
    Case(
        "a rare name, and the owner's name hidden in the username",
        "link",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", username="rosmalawatihermawan"),
        SOLD,
    ),
    Case(
        "another shop name, but the owner's full rare name as username in the same kecamatan with the same goods",
        "link",
        [ZULAIKHA],
        shop(name="Cemilan Kita Semua", username="rosmalawati.hermawan", district_code="360112"),
        SOLD,
    ),
    Case(
        "the owner's name alone, without kecamatan, goods or name, is one agreement",
        "review",
        [ZULAIKHA],
        shop(name="Cemilan Kita Semua", username="rosmalawati.hermawan"),
    ),
    Case(
        "glued words and a marketplace suffix are the same name",
        "link",
        [ZULAIKHA],
        shop(name="empingzulfakarofficial", district_code="360112"),
        SOLD,
    ),
    Case(
        "leet and doubled letters are the same name",
        "link",
        [ZULAIKHA],
        shop(name="EMP1NG ZULLFAK4R", district_code="360112"),
        SOLD,
    ),
    Case(
        "old spelling is the same name",
        "link",
        [business(business_name="Boedi Tjahyono Batik", owner_name="Agus Salim", product="kain batik", kbli="13134")],
        shop(name="Budi Cahyono Batik", district_code="360112"),
        [listing(title="Kain batik tulis", category="Fashion > Batik")],
    ),
    Case(
        "one wrong letter in a rare word is the same word",
        "link",
        [ZULAIKHA],
        shop(name="Emping Zulfakkar Rosmalawati", username="zulfaker", district_code="360112"),
        SOLD,
    ),
    Case(
        "a name that many carry never links, whatever the goods: at best a person is asked",
        "review",
        [business(business_name="Warung Keripik Barokah", **EMPING)],
        shop(name="Keripik Barokah"),
        SOLD,
    ),
    Case(
        "a name of nothing but the goods is no rare name",
        "review",
        [business(business_name="Emping Melinjo Ceplis", **EMPING)],
        shop(name="Emping Melinjo Ceplis", district_code="360199"),
        SOLD,
    ),
    Case(
        "the same rare name in another kab/kota is never linked: names repeat across the province",
        "review",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", city="Kota Cilegon", area_codes="3672"),
        SOLD,
    ),
    Case(
        "the same rare name in another kecamatan of the kabupaten is never linked; a person may know why",
        "review",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", district_code="360101"),
        SOLD,
    ),
    Case(
        "another kab/kota, but phone and name agree: people move, phones do not",
        "link",
        [business(business_name="Emping Zulfakar", phone_hashes="p1", **EMPING)],
        shop(name="Emping Zulfakar", city="Kota Cilegon", area_codes="3672", identifiers=phone("p1")),
        SOLD,
    ),
    Case(
        "phone and goods in the same kabupaten under another name",
        "link",
        [business(business_name="Emping Zulfakar", phone_hashes="p1 p2", **EMPING)],
        shop(name="Cemilan Kita Semua", identifiers=phone("p2")),
        SOLD,
    ),
    Case(
        "a phone that a registration assistant put on many businesses is nearly nothing",
        "none",
        [business(business_name=f"Usaha Ke{word}", phone_hashes="office") for word in "abcdefghij"],
        shop(name="Cemilan Kita Semua", identifiers=phone("office")),
        SOLD,
    ),
    Case(
        "a reseller prints the maker's P-IRT in the title and sells the maker's goods: one agreement, never a link",
        "review",
        [business(business_name="Emping Zulfakar", owner_name="Rosmalawati", pirt="206360101007227", **EMPING)],
        shop(name="Grosir Oleh Oleh Nusantara"),
        [listing(title="Emping melinjo", category=SNACKS, identifiers=label("206360101007227"))],
    ),
    Case(
        "P-IRT together with the rare name",
        "link",
        [business(business_name="Emping Zulfakar", pirt="206360101007227", **EMPING)],
        shop(name="Emping Zulfakar"),
        [listing(title="Emping melinjo", category=SNACKS, identifiers=label("206360101007227"))],
    ),
    Case(
        "two businesses of the same rare name in the kabupaten: nobody can tell which",
        "review",
        [ZULAIKHA, business(business_name="Emping Zulfakar", owner_name="Ujang Hasan", **EMPING)],
        shop(name="Emping Zulfakar", district_code="360112"),
        SOLD,
    ),
    Case(
        "two registrations of one group are no rivals",
        "link",
        [{**ZULAIKHA, "group_id": 1}, {**ZULAIKHA, "group_id": 1}],
        shop(name="Emping Zulfakar", district_code="360112"),
        SOLD,
    ),
    Case(
        "the kecamatan tells two of the same name apart",
        "link",
        [ZULAIKHA, {**ZULAIKHA, "owner_name": "Ujang Hasan", "district_code": "360101"}],
        shop(name="Emping Zulfakar", username="emping-zulfakar", district_code="360112"),
        SOLD,
    ),
    Case(
        "half of a rare name in the same kecamatan that sells something else altogether",
        "review",
        [business(business_name="Emping Zulfakar", owner_name="Rosmalawati Hermawan", **EMPING)],
        shop(name="Zulfakar", district_code="360112"),
        [listing(title="Jilbab segi empat", category=SHIRTS)],
    ),
    Case(
        "the trade name counts like the registered one",
        "link",
        [business(business_name="Rosmalawati Hermawan", trade_name="Emping Zulfakar", **EMPING)],
        shop(name="Emping Zulfakar", district_code="360112"),
        SOLD,
    ),
    Case(
        "a business named after its owner: the one name counts once",
        "review",
        [business(business_name="Rosmalawati Hermawan", owner_name="Rosmalawati Hermawan", **EMPING)],
        shop(name="Rosmalawati Hermawan"),
    ),
    Case(
        "printed Tangerang can be the kabupaten or the kota; the rare owner's username decides",
        "link",
        [business(business_name="Kue Anggrekwangi", owner_name="Sulastriningsih", area_code="3603")],
        shop(name="Kue Anggrekwangi", username="sulastriningsih", city="Tangerang", area_codes="3603 3671"),
    ),
    Case(
        "a shop without any place, but name and owner agree",
        "link",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", username="rosmalawati_hermawan", city=None, area_codes=None),
        SOLD,
    ),
    Case(
        "a shop without any place and only the name: nothing settles it",
        "review",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", city=None, area_codes=None),
        SOLD,
    ),
    Case(
        "a shop that prints a city outside the province is asked about when it has a very rare name, and never linked",
        "review",
        [ZULAIKHA],
        shop(name="Emping Zulfakar", city="Jakarta Barat", area_codes=None, district_code=None),
        SOLD,
    ),
    Case(
        "the business declared this account itself, and the owner agrees",
        "link",
        [ZULAIKHA],
        shop(name="Cemilan Rosmalawati", username="cemilankita"),
        SOLD,
        pd.DataFrame([[1, "tokopedia", "https://www.tokopedia.com/cemilankita", None]],
                     columns=["business_id", "marketplace", "account", "shop_id"]),
    ),
    Case(
        "forms of address and legal forms make no name: nothing is left to compare",
        "none",
        [business(business_name="CV. IBU HJ", owner_name=None)],
        shop(name="Ibu Hj Official Store"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.why[:60] for case in CASES])
def test_decision(case: Case) -> None:
    index = index_of(case.rows, declared=case.declared)
    pairs = decided(index, [case.shop], case.goods)
    found = pairs[pairs["business_id"] == 1]["decision"].tolist()
    shown = pairs.drop(columns=["shop"]).to_string()
    assert (found or ["none"]) == [case.expected], f"{case.why}\n{shown}"
    strangers = pairs[(pairs["decision"] == "link") & (pairs["business_id"] > len(case.rows))]
    assert strangers.empty, "nobody of the crowd is ever linked"
