"""Which column of a registry list means what: by its name as really written, checked against its content.

Names live in `reference/registry_columns.toml`; the configuration's `[registry.columns]` outranks them. NIK and NPWP
are recognised by name and by content, so that nothing behind this module ever sees them.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from rapidfuzz import process

from monitor.errors import UsageError
from monitor.identifiers import looks_like_nik, looks_like_npwp, read_phones
from monitor.marketplaces import catalogue
from monitor.tables.shapes import squash
from monitor.text import clean_cell

# Questions 708 of SIDT, numbered: messengers (a), social networks (b), marketplaces (c), each with yes/no and account.
# Which number is which platform is not public, so the marketplace is "unknown" unless the account is an address.
_NUMBERED = re.compile(
    r"(?P<letter>[abc])708(?P<kind>is|nama|akun)(?:pesaninstan|medsos|marketplace)(?P<number>\d{1,2})"
)
_ACCOUNT_WORDS = ("", "link", "akun", "toko", "url", "nama toko", "nama akun", "id", "username", "toko di", "link toko")
_OTHER_NAMES = {
    "tiktok_shop": ("tiktok", "tik tok", "tiktok shop"),
    "facebook": ("fb", "facebook"),
    "instagram": ("ig", "instagram"),
    "padi": ("padi", "padi umkm"),
    "blibli": ("blibli", "bli bli"),
    "inaproc": ("e-katalog", "ekatalog", "katalog elektronik", "inaproc"),
    "gofood": ("gofood", "go food"),
    "grabfood": ("grabfood", "grab food"),
    "shopeefood": ("shopeefood", "shopee food"),
}
# Telephones come in their own columns; a field of this name in the configuration would be a second door for them.
_NO_ACCOUNT = {"whatsapp", "own_shop"}
# What people who write Indonesian configuration call the fields.
_FIELD_ALIASES = {
    "id_sumber": "source_id",
    "nama_usaha": "business_name",
    "nama_dagang": "trade_name",
    "nama_pemilik": "owner_name",
    "alamat": "address",
    "desa": "village",
    "kecamatan": "district",
    "kabkota": "area",
    "kode_pos": "postcode",
    "produk": "product",
    "kegiatan": "activity",
    "kegiatan_utama": "activity",
    "kategori": "category",
    "telepon": "phone",
    "whatsapp": "phone",
    "skala": "size",
    "tahun": "year",
    "tahun_mulai": "year",
    "tautan": "link",
    "marketplace": "link",
}
MANY_NUMBERED = 15
MOSTLY = 0.5  # share of the filled cells that decides about a column
_PERSON_COLUMNS = frozenset({"jeniskelamin", "tanggallahir", "c302ajeniskelamin", "agama", "statusperkawinan"})


@dataclass(frozen=True)
class Field:
    """A common field: how it is used (read, drop, ignore), and the names it has been seen under."""

    name: str
    title: str
    use: str
    many: bool
    names: tuple[str, ...]
    weak: tuple[str, ...]


@dataclass(frozen=True)
class DeclaredColumn:
    """A column with accounts the business itself named. marketplace: slug, None where each account must say it.

    flag: column with yes or no that belongs to it.
    """

    index: int
    marketplace: str | None
    flag: int | None = None


@dataclass
class Recognised:
    """What was recognised: positions of columns by field, best first.

    dropped: NIK and NPWP, by name or content. ignored: known and not needed. unknown: not known.
    """

    headers: list[str]
    fields: dict[str, list[int]] = field(default_factory=dict)
    declared: list[DeclaredColumn] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)
    ignored: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def first(self, name: str) -> int | None:
        found = self.fields.get(name)
        return found[0] if found else None

    def written(self, name: str) -> str:
        """The column's name as written, for messages."""
        found = self.first(name)
        return title_of(name) if found is None else self.headers[found] or f"kolom {found + 1}"

    def as_written(self) -> dict[str, str]:
        """field -> columns as written, joined with " | "; kept with the imported part."""
        found = {name: " | ".join(self.headers[i] for i in columns) for name, columns in self.fields.items()}
        for column in self.declared:
            key = f"account_{column.marketplace or 'unknown'}"
            found[key] = " | ".join(filter(None, [found.get(key), self.headers[column.index]]))
        return found


@cache
def known_fields() -> dict[str, Field]:
    """Every common field by name, in the order of the file."""
    tables = tomllib.loads((files("monitor") / "reference" / "registry_columns.toml").read_text(encoding="utf-8"))
    return {
        name: Field(
            name,
            str(table["title"]),
            str(table.get("use", "read")),
            bool(table.get("many", False)),
            tuple(map(squash, table["names"])),
            tuple(map(squash, table.get("weak", []))),
        )
        for name, table in tables.items()
    }


def title_of(name: str) -> str:
    return known_fields()[name].title if name in known_fields() else name


@cache
def _account_columns() -> dict[str, str]:
    """Squashed column name -> slug, for columns such as `linkshopee` or `Akun Tokopedia`."""
    found: dict[str, str] = {}
    for slug, entry in catalogue().items():
        if slug in _NO_ACCOUNT:
            continue
        for name in {slug, entry.title, *_OTHER_NAMES.get(slug, ())}:
            for word in _ACCOUNT_WORDS:
                found.setdefault(squash(word + name), slug)
    return {name: slug for name, slug in found.items() if name not in _taken_names()}


@cache
def _taken_names() -> frozenset[str]:
    return frozenset(name for entry in known_fields().values() for name in (*entry.names, *entry.weak))


def header_names(mapping: Mapping[str, str]) -> set[str]:
    """Names by which a header is found and whose columns are read; ignored columns may be missing from a row."""
    numbered = {
        f"{letter}708_{kind}_{what}_{number}"
        for letter, what in (("a", "pesan_instan"), ("b", "medsos"), ("c", "marketplace"))
        for kind in ("is", "nama")
        for number in range(1, MANY_NUMBERED + 1)
    }
    read = {name for entry in known_fields().values() if entry.use != "ignore" for name in (*entry.names, *entry.weak)}
    return read | numbered | set(_account_columns()) | set(mapping.values())


def recognise(headers: Sequence[str], samples: Sequence[Sequence[str]], mapping: Mapping[str, str]) -> Recognised:
    """What each column means.

    samples: some cells of each column, for the checks of content. mapping: field -> column as written, from the
    configuration. Raises UsageError for an unknown field or a column that the file does not have.
    """
    found = Recognised(list(headers))
    keys = [squash(name) for name in headers]
    taken = _from_configuration(found, keys, mapping)
    _drop_personal_numbers(found, keys, samples, taken)
    for index, key in enumerate(keys):
        if index not in taken and index not in found.dropped:
            _by_name(found, index, key)
    _declared(found, keys)
    _weak(found, keys, samples)
    _by_content(found, samples)
    _sort_out_extra(found)
    return found


def _from_configuration(found: Recognised, keys: list[str], mapping: Mapping[str, str]) -> set[int]:
    usable = {name for name, entry in known_fields().items() if entry.use == "read"}
    taken: set[int] = set()
    for name, written in mapping.items():
        target = _FIELD_ALIASES.get(name, name)
        if target not in usable:
            near = process.extractOne(name, sorted(usable | set(_FIELD_ALIASES)))
            raise UsageError(f"Unknown field '{name}' in [registry.columns]. Did you mean '{near[0]}'?")
        if squash(written) not in keys:
            continue  # the configuration serves the lists of several offices
        index = keys.index(squash(written))
        found.fields.setdefault(target, []).append(index)
        taken.add(index)
    return taken


def _drop_personal_numbers(
    found: Recognised, keys: list[str], samples: Sequence[Sequence[str]], taken: set[int]
) -> None:
    for index, (key, cells) in enumerate(zip(keys, samples, strict=True)):
        for name in ("nik", "npwp"):
            if key in known_fields()[name].names:
                found.dropped[index] = name
        if looks_like_nik(cells):
            found.dropped[index] = "nik"
        elif key not in known_fields()["pirt"].names and looks_like_npwp(cells):
            found.dropped[index] = "npwp"
        if index in found.dropped and index in taken:
            raise UsageError(
                f"The column '{found.headers[index]}' holds {found.dropped[index].upper()}, which is never stored;"
                " remove it from [registry.columns]."
            )


def _by_name(found: Recognised, index: int, key: str) -> None:
    for name, entry in known_fields().items():
        if key in entry.names:
            if entry.use == "read":
                found.fields.setdefault(name, []).append(index)
            else:
                found.ignored.append(index)
            return


def _used(found: Recognised) -> set[int]:
    columns = {index for many in found.fields.values() for index in many}
    return columns | set(found.dropped) | set(found.ignored) | {column.index for column in found.declared}


def _declared(found: Recognised, keys: list[str]) -> None:
    numbered = {match.group(0): (index, match) for index, key in enumerate(keys) if (match := _NUMBERED.fullmatch(key))}
    used = _used(found)
    for index, match in numbered.values():
        if match["kind"] == "is":
            found.ignored.append(index)
        elif match["letter"] == "a":
            found.fields.setdefault("messenger", []).append(index)
        else:
            what = "marketplace" if match["letter"] == "c" else "medsos"
            flag = numbered.get(f"{match['letter']}708is{what}{match['number']}")
            found.declared.append(DeclaredColumn(index, None, flag[0] if flag else None))
    for index, key in enumerate(keys):
        if key in _account_columns() and index not in used:
            found.declared.append(DeclaredColumn(index, _account_columns()[key]))


def _weak(found: Recognised, keys: list[str], samples: Sequence[Sequence[str]]) -> None:
    used = _used(found)
    of_persons = bool(set(keys) & _PERSON_COLUMNS) or "nik" in found.dropped.values()
    for index, key in enumerate(keys):
        if index in used:
            continue
        name = next((name for name, entry in known_fields().items() if key in entry.weak), None)
        if name is None:
            found.unknown.append(index)
            continue
        name = _reconsidered(found, name, key, samples[index], of_persons)
        if name and (name not in found.fields or known_fields()[name].many):
            found.fields.setdefault(name, []).append(index)
        else:
            found.ignored.append(index)


def _reconsidered(found: Recognised, name: str, key: str, cells: Sequence[str], of_persons: bool) -> str | None:
    """What a column with a vague name holds: NAMA in a list of persons is the owner, ID may hold names."""
    if _share(cells, _is_phone) > MOSTLY:
        return "phone"
    if name == "source_id" and _share(cells, _is_name) > MOSTLY:
        found.remarks.append(f"Kolom '{key.upper()}' berisi nama, bukan nomor; dibaca sebagai nama usaha.")
        return "business_name"
    if name == "source_id" and _is_running(cells):
        return None  # a list sorted anew would hand every business its neighbour's identity
    if name == "business_name" and ("business_name" in found.fields or (of_persons and key in {"nama", "name"})):
        return "owner_name"
    return name


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    filled = [cell for cell in cells if clean_cell(cell)]
    return sum(1 for cell in filled if test(cell)) / len(filled) if filled else 0.0


def _is_phone(cell: str) -> bool:
    return bool(read_phones(cell).numbers) and sum(letter.isalpha() for letter in cell) < 3


def _is_name(cell: str) -> bool:
    return " " in cell.strip() and sum(letter.isalpha() for letter in cell) * 2 > len(cell)


def _is_running(cells: Sequence[str]) -> bool:
    filled = [cell.strip().removesuffix(".0") for cell in cells if cell.strip()]
    if len(filled) < 2 or not all(cell.isdigit() for cell in filled):
        return False
    first = int(filled[0])
    return first in {0, 1} and filled == [str(number) for number in range(first, first + len(filled))]


def _by_content(found: Recognised, samples: Sequence[Sequence[str]]) -> None:
    """Columns whose name says one thing and whose content another."""
    for name in ("owner_name", "source_id"):
        for index in list(found.fields.get(name, [])):
            if _share(samples[index], _is_phone) > MOSTLY:
                found.fields[name].remove(index)
                found.fields.setdefault("phone", []).append(index)
    found.fields = {name: columns for name, columns in found.fields.items() if columns}


def _sort_out_extra(found: Recognised) -> None:
    """Of several columns for a field with one value, the one whose name stands first in the file of names."""
    for name, columns in found.fields.items():
        entry = known_fields().get(name)
        if entry is None or entry.many or len(columns) < 2:
            continue
        order = {squash(key): rank for rank, key in enumerate(entry.names)}
        ranked = sorted(columns, key=lambda index: order.get(squash(found.headers[index]), -1))
        found.fields[name] = ranked[:1]
        found.ignored.extend(ranked[1:])
