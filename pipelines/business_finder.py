"""Which registered business a row of a handed-in list means: by its NIB, or by name, owner and kecamatan together.

A name alone never identifies a business. What is not certain is left to a person, with the candidates that look alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from monitor import regions
from monitor.errors import UsageError
from monitor.handed_rows import HandedRow
from monitor.identifiers import read_nib
from monitor.registry.frame import read_snapshot
from monitor.registry.snapshots import current_snapshot
from monitor.text import normalise_name, owner_tokens

NO_REGISTRY = "There is no registry yet; hand one in with 'monitor registry import FILE --as-of DATE'."
BY_NIB, BY_NAME, BY_REVIEWER = "nib", "name", "reviewer"
ALIKE = 80  # of 100, rapidfuzz token_set_ratio: what is shown to a person
MAX_CANDIDATES = 5


@dataclass(frozen=True)
class Wanted:
    """What a row says about its business. area_code, district_code: None where unknown or ambiguous."""

    nib: str | None = None
    name: str | None = None
    owner: str | None = None
    area_code: str | None = None
    district_code: str | None = None
    remark: str | None = None  # Indonesian, about what could not be read


@dataclass(frozen=True)
class Found:
    """business_id: None where nothing is certain; how: BY_NIB or BY_NAME. reason: Indonesian, why nothing is."""

    business_id: int | None = None
    how: str | None = None
    reason: str | None = None


def wanted_of(row: HandedRow, office: str) -> Wanted:
    """The business of a row; a kab/kota that is not written is that of the office, unless it is the province's."""
    nibs = read_nib(row.cells.get("nib"))
    area = row.cells.get("area") or (office if len(office) == 4 else None)
    place = regions.place(area=area, district=row.cells.get("district"))
    remark = None
    if nibs.unreadable and not nibs.numbers:
        remark = "NIB tidak terbaca; mohon salin ulang sebagai teks 13 angka"
    elif place.problem:
        remark = place.problem
    return Wanted(
        nib=nibs.numbers[0] if nibs.numbers else None,
        name=row.text("business_name"),
        owner=row.text("owner_name"),
        area_code=place.area_code,
        district_code=place.district_code,
        remark=remark,
    )


def name_key(text: str | None) -> str:
    return normalise_name(text) if text else ""


def owner_key(text: str | None) -> str:
    """The words of a person's name whatever their order."""
    return " ".join(sorted(owner_tokens(text))) if text else ""


class BusinessFinder:
    """The businesses of the current registry, as far as the wanted rows may mean them."""

    def __init__(self, connection: Connection, wanted: Sequence[Wanted]) -> None:
        snapshot = current_snapshot(connection)
        if snapshot is None:
            raise UsageError(NO_REGISTRY)
        areas = {one.area_code for one in wanted}
        everywhere = None in areas or any(one.nib for one in wanted)
        only = None if everywhere else {*(code for code in areas if code), "?"}
        self._held = read_snapshot(connection, snapshot.snapshot_id, only)
        self._words: dict[str, tuple[list[int], list[str]]] = {}
        self._by_nib = self._grouped_by_nib({one.nib for one in wanted if one.nib})
        self._by_name = self._grouped_by_name({one.district_code for one in wanted if one.district_code})

    def _grouped_by_nib(self, nibs: set[str]) -> Mapping[str, pd.DataFrame]:
        rows = self._held[self._held["nib"].isin(nibs)]
        return {str(nib): part for nib, part in rows.groupby("nib")}

    def _grouped_by_name(self, districts: set[str]) -> Mapping[tuple[str, str, str], set[tuple[int, int]]]:
        """(kecamatan, name, owner) -> businesses as (group, business)."""
        rows = self._held[self._held["district_code"].isin(districts)]
        found: dict[tuple[str, str, str], set[tuple[int, int]]] = {}
        owners = {text: owner_key(text) for text in rows["owner_name"].dropna().unique()}
        for column in ("business_name", "trade_name"):
            named = rows[rows[column].notna() & rows["owner_name"].notna()]
            names = {text: name_key(text) for text in named[column].unique()}
            keys = zip(named["district_code"], named[column], named["owner_name"], strict=True)
            for (district, name, owner), group, business in zip(keys, named["group_id"], named.index, strict=True):
                if names[name] and owners[owner]:
                    found.setdefault((district, names[name], owners[owner]), set()).add((int(group), int(business)))
        return found

    def find(self, one: Wanted) -> Found:
        """The one business that the row means for certain, or why there is none."""
        by_nib = self._find_nib(one) if one.nib else None
        if by_nib is not None and by_nib.business_id is not None:
            return by_nib
        by_name = self._find_name(one)
        return by_nib if by_name.business_id is None and by_nib is not None else by_name

    def _find_nib(self, one: Wanted) -> Found:
        rows = self._by_nib.get(one.nib or "")
        if rows is None:
            return Found(reason="NIB tidak terdapat dalam registri")
        if rows["group_id"].nunique() == 1:
            return Found(int(rows.index.min()), BY_NIB)
        named = rows[[name_key(one.name) in {name_key(a), name_key(b)} for a, b in _names(rows)]] if one.name else rows
        if one.name and named["group_id"].nunique() == 1:
            return Found(int(named.index.min()), BY_NIB)
        return Found(reason="beberapa usaha memakai NIB itu; mohon tulis nama usahanya seperti dalam registri")

    def _find_name(self, one: Wanted) -> Found:
        missing = [
            word
            for word, value in (
                ("nama usaha", name_key(one.name)),
                ("nama pemilik", owner_key(one.owner)),
                ("kecamatan", one.district_code),
            )
            if not value
        ]
        if missing:
            return Found(reason=f"belum dapat dikenali: {' dan '.join(missing)} kosong atau tidak jelas")
        key = (one.district_code or "", name_key(one.name), owner_key(one.owner))
        found = self._by_name.get(key, set())
        if len({group for group, _ in found}) == 1:
            return Found(min(business for _, business in found), BY_NAME)
        if found:
            return Found(reason="beberapa usaha di kecamatan itu bernama dan berpemilik sama")
        return Found(reason="nama usaha, pemilik, dan kecamatan itu tidak terdapat bersama-sama dalam registri")

    def alike(self, one: Wanted) -> list[int]:
        """Businesses that a person should look at, likeliest first: like names in the same kecamatan or kab/kota."""
        code = one.district_code or one.area_code
        if not one.name or code is None:  # the whole province holds too many that are alike
            return []
        ids, words = self._words_of(code)
        asked = f"{name_key(one.name)} {owner_key(one.owner)}".strip()
        best = process.extract(asked, words, scorer=fuzz.token_set_ratio, score_cutoff=ALIKE, limit=MAX_CANDIDATES)
        return [ids[at] for _, _, at in best]

    def _words_of(self, code: str) -> tuple[list[int], list[str]]:
        """Businesses of a kecamatan or kab/kota and the words of name and owner of each; made once."""
        if code not in self._words:
            rows = self._held[self._held["district_code" if len(code) > 4 else "area_code"].eq(code)]
            named = rows[rows["business_name"].notna() | rows["trade_name"].notna()]
            names = named["business_name"].fillna(named["trade_name"])
            pairs = zip(names, named["owner_name"].fillna(""), strict=True)
            self._words[code] = named.index.tolist(), [f"{name_key(name)} {owner_key(owner)}" for name, owner in pairs]
        return self._words[code]

    def has(self, business_id: int) -> bool:
        return business_id in self._held.index

    def name(self, business_id: int) -> str:
        """Name and owner as registered, for a person to compare."""
        row = self._held.loc[business_id]
        return " / ".join(str(row[column]) for column in ("business_name", "owner_name") if pd.notna(row[column]))


def _names(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["business_name"], rows["trade_name"], strict=True))
