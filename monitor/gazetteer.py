"""The places of one province by every way their names are written, from the reference lists that ship.

Another province is another `reference/wilayah_<code>.csv` (and, where needed, a `sebutan_<code>.csv` of irregular
names) here or in the data folder, not another program. Files, sources and dates: `reference/README.md`.

Names are looked up by a key: words in full (``Pd.`` pondok, ``Tim.`` timur, ``East X`` X timur), joined without blanks,
so ``Pondok Aren``, ``PondokAren`` and ``Pd. Aren`` are one key.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from monitor.characters import tokens
from monitor.errors import UsageError

Codes = tuple[str, ...]

# As digital maps and lists shorten parts of place names (addresses of 2020 to 2026).
_ABBREVIATIONS = {
    "pd": "pondok",
    "pdk": "pondok",
    "tim": "timur",
    "tmr": "timur",
    "bar": "barat",
    "brt": "barat",
    "sel": "selatan",
    "utr": "utara",
    "tgh": "tengah",
    "rw": "rawa",
    "rwa": "rawa",
    "kp": "kampung",
    "kmp": "kampung",
    "gn": "gunung",
    "gng": "gunung",
    "tlk": "teluk",
    "ps": "pasar",
    "psr": "pasar",
    "tj": "tanjung",
    "tjg": "tanjung",
    "krg": "karang",
    "kr": "karang",
    "kb": "kebon",
    "kby": "kebayoran",
    "jkt": "jakarta",
}
# Digital maps in English put the point of the compass in front: "East Lengkong Gudang" is Lengkong Gudang Timur.
DIRECTIONS = {"east": "timur", "west": "barat", "north": "utara", "south": "selatan", "central": "tengah"}
# Common words for places outside that the list of provinces and kab/kota does not have.
_OUTSIDE_WORDS = frozenset(
    {"jakarta", "dkijakarta", "dki", "jabodetabek", "luarnegeri", "yogya", "diy", "jogja", "jogjakarta", "solo", "bali"}
    | {"jabar", "jateng", "jatim", "sumut", "sumbar", "sumsel", "kalbar", "kaltim", "kalsel", "sulsel", "purwokerto"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name without a label can be: codes in the province, and whether it is a place outside it."""

    areas: Codes = ()
    districts: Codes = ()
    villages: Codes = ()
    outside: bool = False
    province: bool = False


NOWHERE = Reading()


_OWN_LISTS: list[Path] = []  # folders of lists that do not ship


def also_in(folder: Path) -> None:
    """Reads reference lists from this folder too; those that ship stay first."""
    if folder not in _OWN_LISTS and folder.is_dir():
        _OWN_LISTS.append(folder)


def has_places(province: str) -> bool:
    """Whether there is a list of the province's places."""
    return province.isdecimal() and _list(f"wilayah_{province}.csv").is_file()


def _list(name: str) -> Traversable:
    shipped = files("monitor") / "reference" / name
    if shipped.is_file():
        return shipped
    return next((folder / name for folder in _OWN_LISTS if (folder / name).is_file()), shipped)


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of a reference file. Raises FileNotFoundError when there is none of the name."""
    yield from csv.DictReader(io.StringIO(_list(name).read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def national_codes() -> frozenset[str]:
    """Kemendagri codes of all provinces (2 digits) and kab/kota (4 digits)."""
    return frozenset(row["code"] for row in rows("indonesia.csv") if len(row["code"]) <= 4)


def is_kota(area_code: str) -> bool:
    """Kemendagri numbers kabupaten 01 to 69 and kota 71 to 99."""
    return area_code[2:] > "70"


def _add(index: dict[str, list[str]], key: str, codes: Iterable[str]) -> None:
    held = index.setdefault(key, [])
    held.extend(code for code in codes if code not in held)


@dataclass(frozen=True)
class Outside:
    """Keys of kabupaten, kota and kecamatan elsewhere in the country; names: of kab/kota and provinces unlabelled."""

    kabupaten: set[str] = field(default_factory=set)
    kota: set[str] = field(default_factory=set)
    districts: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


class Gazetteer:
    """Names and codes of one province (``36``). All keys are made by `key`."""

    def __init__(self, province: str) -> None:
        self.province = province
        self.names: dict[str, str] = {}  # code of any level -> official name without Kabupaten or Kota
        self.split_from: dict[str, str] = {}  # kota -> kabupaten it was cut out of, still found in addresses
        self.children: dict[str, list[tuple[str, str]]] = {}  # code -> (key of the name, code) of the level below
        self._words = dict(_ABBREVIATIONS)
        self._by_postal_code: dict[str, set[str]] = {}
        areas: dict[str, list[str]] = {}
        districts: dict[str, list[str]] = {}
        villages: dict[str, list[str]] = {}
        levels = {4: areas, 6: districts, 10: villages}
        try:
            places = list(rows(f"wilayah_{province}.csv"))
        except FileNotFoundError:
            raise UsageError(
                f"There is no reference list of places for province '{province}'; add wilayah_{province}.csv."
            ) from None
        irregular = self._irregular_names()
        for row in places:
            self.names[row["code"]] = row["name"]
            if len(row["code"]) in levels:
                key = self.key(tokens(row["name"]))
                _add(levels[len(row["code"])], key, [row["code"]])
                parent = row["code"][: {4: 2, 6: 4, 10: 6}[len(row["code"])]]
                self.children.setdefault(parent, []).append((key, row["code"]))
            if row["postal_code"]:
                for length in (3, 5):
                    self._by_postal_code.setdefault(row["postal_code"][:length], set()).add(row["code"][:4])
        self._official_areas = {key: tuple(codes) for key, codes in areas.items()}
        for row in irregular:
            level = areas if row["kind"] == "area" else districts
            _add(level, self.key(tokens(row["alias"])), row["means"].split())
        self.areas = {key: tuple(sorted(codes)) for key, codes in areas.items()}
        self.districts = {key: tuple(sorted(codes)) for key, codes in districts.items()}
        self.villages = {key: tuple(sorted(codes)) for key, codes in villages.items()}

    def _irregular_names(self) -> list[dict[str, str]]:
        try:
            found = list(rows(f"sebutan_{self.province}.csv"))
        except FileNotFoundError:
            return []  # a province may have none
        self._words |= {row["alias"]: row["means"].replace(" ", "") for row in found if row["kind"] == "word"}
        self.split_from = {row["alias"]: row["means"] for row in found if row["kind"] == "split_from"}
        return [row for row in found if row["kind"] in {"area", "district"}]

    @cached_property
    def outside(self) -> "Outside":
        """Made when the first place is read: most commands only want names of codes."""
        found = Outside(names=set(_OUTSIDE_WORDS))
        for row in rows("indonesia.csv"):
            code, words = row["code"], tokens(row["name"])
            if code.startswith(self.province):
                continue
            if len(code) == 6:
                found.districts.add(self.key(words))
            elif len(code) == 2:
                found.names.update((self.key(words), self.key(words[words[0] == "daerah" and 2 :])))
            else:
                name = self.key([word for word in words[1:] if word != "administrasi"])
                (found.kota if is_kota(code) else found.kabupaten).add(name)
                found.names.add(name)
        return found

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """What a name without a label can be, by its key."""
        keys = {*self.areas, *self.districts, *self.villages, *self.outside.names}
        found = {
            key: Reading(
                self.areas.get(key, ()),
                self.districts.get(key, ()),
                self.villages.get(key, ()),
                key in self.outside.names,
            )
            for key in keys
        }
        own = self.key(tokens(self.names[self.province]))
        found[own] = Reading(villages=self.villages.get(own, ()), province=True)  # Banten is a kelurahan as well
        return found

    def word(self, word: str) -> str:
        """A word as keys have it."""
        return self._words.get(word, word)

    def key(self, words: Sequence[str]) -> str:
        """Key of a name given as tokens; a point of the compass in English moves to the end."""
        if len(words) > 1 and words[0] in DIRECTIONS:
            words = [*words[1:], DIRECTIONS[words[0]]]
        return "".join([self._words.get(word, word) for word in words])

    def areas_of_postal_code(self, postal_code: str) -> frozenset[str]:
        """Areas in which the list has the code, else those that have its first three digits; empty when foreign."""
        found = self._by_postal_code.get(postal_code) or self._by_postal_code.get(postal_code[:3])
        return frozenset(found or ())

    def area_name(self, code: str) -> str:
        """``Kabupaten Lebak`` of ``3602``; KeyError for a code that is no kab/kota of the province."""
        return f"{'Kota' if is_kota(code) else 'Kabupaten'} {self.names[code]}"

    def labelled_areas(self, key: str, kota: bool) -> Codes:
        """Areas of one kind with a name: the official one first, so that Kota Tangerang is not Tangerang Selatan."""
        codes = self._official_areas.get(key) or self.areas.get(key, ())
        return tuple(code for code in codes if is_kota(code) == kota)


@lru_cache(maxsize=8)
def gazetteer(province: str) -> Gazetteer:
    """The places of a province; raises UsageError when no list of it ships."""
    return Gazetteer(province)
