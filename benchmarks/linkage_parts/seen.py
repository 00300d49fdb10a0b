"""Both generators' worlds in one form, so that what a fair test world holds can be counted in each the same way."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from monitor.gazetteer import rows
from monitor.identifiers import find_identifiers, read_phones, read_pirt
from monitor.sandbox import world as training
from monitor.sandbox.shops import FINDABLE
from monitor.sandbox.strangers import IMITATION, OUTSIDE
from monitor.sectors import sector_of_kbli

from . import world as apart

FOOD = "makanan_minuman"
OWNED = "owned"
# Reasons of the training world in the words of the other one.
_TRACES = {
    "nama usaha": "name", "nama dagang": "brand", "pemilik": "owner", "panggilan": "nickname", "P-IRT": "permit",
    "kecamatan": "kecamatan", "telepon": "phone", "produk": "goods", "kabupaten/kota": "area",
}  # fmt: skip
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Seen:
    """registry, by business: name, owner, phone, pirt, area, district ("" unknown), food. shops: site, name, username,
    city, areas (codes that it can mean, parted by blanks), district ("" none printed), phone, pirt, forms (how numbers
    are written, digits as 9), owner (business, None for nobody), kind, traces, findable."""

    registry: pd.DataFrame
    shops: pd.DataFrame


def _shown(reasons: Iterable[str], findable: str, known: dict[str, str]) -> tuple[list[bool], list[frozenset[str]]]:
    parts = [reason.partition(": ") for reason in reasons]
    traces = [frozenset(known.get(word, word) for word in rest.split(", ") if word) for _, _, rest in parts]
    return [head == findable for head, _, _ in parts], traces


def _blank(cells: pd.Series) -> pd.Series:
    return cells.astype(object).where(cells.notna(), "")


# --- the one kept apart -----------------------------------------------------------------------------------------------


def _printed(cells: pd.Series, kind: str) -> list[str]:
    return [next((e["value"] or e["hash"] for e in cell if e["kind"] == kind), "") for cell in cells]


def kept_apart(businesses: int, shops: int, difficulty: float, seed: int) -> Seen:
    made = apart.make(businesses, shops, shops // 10, difficulty, seed)
    names = {"business_name": "name", "owner_name": "owner", "phone_hashes": "phone", "area_code": "area",
             "district_code": "district", "pirt": "pirt"}  # fmt: skip
    registry = made.registry[list(names)].rename(columns=names).apply(_blank)
    registry = registry.assign(food=made.registry["sector"].eq(FOOD).to_numpy(), group=made.registry["group_id"])
    truth = made.truth
    findable, traces = _shown(truth["reason"], "findable", {})
    owned = truth["business_id"].to_numpy() > 0
    columns = {
        "name": "name",
        "username": "username",
        "city": "city",
        "area_codes": "areas",
        "district_code": "district",
    }
    seen = made.shops[list(columns)].rename(columns=columns).apply(_blank)
    seen = seen.assign(
        site=made.shops["marketplace"],
        phone=_printed(made.shops["identifiers"], "phone"),
        pirt=_printed(made.shops["identifiers"], "pirt"),
        forms="",
        owner=truth["business_id"].where(owned).to_numpy(),
        kind=truth["reason"].where(~owned, OWNED).to_numpy(),
        traces=traces,
        findable=findable,
    )
    return Seen(registry, seen)


# --- the training world -----------------------------------------------------------------------------------------------


def _first(read: Callable[[str], Any], cells: pd.Series) -> list[str]:
    return [next(iter(read(cell).numbers), "") if cell else "" for cell in cells]


def _districts() -> dict[tuple[str, str], str]:
    names = {row["code"]: row["name"] for row in rows("wilayah_36.csv")}
    return {(code[:4], name.upper()): code for code, name in names.items() if len(code) == 6}


def _areas() -> dict[str, str]:
    names = {row["code"]: row["name"] for row in rows("wilayah_36.csv") if len(row["code"]) == 4}
    short = {code: re.sub(r"^(kabupaten|kota)\s+", "", name.lower()) for code, name in names.items()}
    found = {f"{'kab' if code[2] == '0' else 'kota'} {name}": code for code, name in short.items()}
    return found


def _area_code(text: str, known: dict[str, str]) -> str:
    plain = text.lower().replace("kabupaten", "kab").replace(".", " ")
    return known.get(" ".join(plain.split()), "")


def _training_registry(made: training.World) -> pd.DataFrame:
    given, areas, districts = made.registry, _areas(), _districts()
    code = [_area_code(text, areas) for text in given["KAB/KOTA"]]
    bare = [text.upper().removeprefix("KEC. ").strip() for text in given["KECAMATAN"]]
    frame = pd.DataFrame(
        {
            "name": given["NAMA USAHA"].str.upper(),
            "owner": given["NAMA PEMILIK"],
            "phone": _first(read_phones, given["NO HP"]),
            "pirt": _first(read_pirt, given["PIRT"]),
            "area": code,
            "district": [districts.get(key, "") for key in zip(code, bare, strict=True)],
            "food": [sector_of_kbli(text) == FOOD for text in given["KBLI"]],
        }
    )
    return frame.set_index(pd.Index(given["ID"]))


def _numbers(texts: pd.Series) -> tuple[list[str], list[str], list[str]]:
    """First phone, first P-IRT, and how the numbers are written."""
    found = [dict(reversed(find_identifiers(text))) if _DIGIT.search(text) else {} for text in texts]
    forms = [_DIGIT.sub("9", "".join(re.findall(r"WA (\S.*?)$|(P\W?-?IRT.*)$", text)[0])) if kinds else ""
             for text, kinds in zip(texts, found, strict=True)]  # fmt: skip
    return [kinds.get("phone", "") for kinds in found], [kinds.get("pirt", "") for kinds in found], forms


def training_world(businesses: int, shops: int, difficulty: float, seed: int) -> Seen:
    made = training.make_world(seed=seed, businesses=businesses, shops=shops, difficulty=difficulty)
    given = made.shops.merge(made.truth, on=["marketplace", "shop_id"])
    given = given[~given["is_collective"].to_numpy(dtype=bool)].reset_index(drop=True)
    findable, traces = _shown(given["reason"], FINDABLE, _TRACES)
    tails = made.listings[made.listings["title"].str.contains("IRT")].drop_duplicates(["marketplace", "shop_id"])
    keys = ["marketplace", "shop_id"]
    title = given[keys].merge(tails[[*keys, "title"]], on=keys, how="left")["title"].fillna("")
    owned = given["source_id"] != ""
    twofold = given["city"].isin(["Tangerang", "Serang"]) & (given["marketplace"] != "tokopedia")
    both = given["city"].map({"Tangerang": "3603 3671", "Serang": "3604 3673"})
    place = given["place"].where(given["place"].str.fullmatch(r"\d{4}"), "")
    heads = given["reason"].str.partition(":")[0].replace({IMITATION: apart.IMITATION, OUTSIDE: apart.OUTSIDE})
    phone, _, phone_forms = _numbers(given["description"])
    _, pirt, pirt_forms = _numbers(title)
    seen = given[["name", "username", "city", "district"]].assign(
        site=given["marketplace"],
        areas=both.where(twofold, place),
        phone=phone,
        pirt=pirt,
        forms=[one or two for one, two in zip(phone_forms, pirt_forms, strict=True)],
        owner=given["source_id"].where(owned),
        kind=heads.where(~owned, OWNED),
        traces=traces,
        findable=findable,
    )
    districts = _districts()
    named = zip(place, seen["district"].str.upper(), strict=True)
    return Seen(_training_registry(made), seen.assign(district=[districts.get(key, key[1]) for key in named]))
