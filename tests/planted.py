"""Persons who stand nowhere but in these tests, a world that holds them, and a search of every byte for them.

Names are made of syllables that no page, place or product has, so a hit is a leak and never a word of the page.
"""

import hashlib
import io
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zipfile import BadZipFile, ZipFile

import numpy as np
import pyarrow.parquet as pq

SYLLABLES = ("zuq", "wexo", "qoru", "vyxa", "jixu", "qwe", "xomi", "zyva", "foqu", "wuxi", "pyxo", "gaqi", "huxe")
PLACES = (("Kabupaten Lebak", "Rangkasbitung"), ("Kota Serang", "Curug"), ("Kabupaten Pandeglang", "Labuan"))
COUNT = 200


@dataclass(frozen=True)
class Planted:
    """One person as a list writes them. shop: named exactly like the person for every second one."""

    owner: str
    business: str
    phone: str
    nik: str
    nib: str
    street: str
    shop_id: str
    shop: str
    username: str
    place: tuple[str, str]

    def texts(self) -> list[str]:
        """Everything that tells who it is, in the spellings people and programs use."""
        names = [self.owner, self.business, self.shop]
        spelled = [form for name in names for form in spellings(name)]
        return [*spelled, *numbers(self.phone), self.nik, self.nib, self.street, self.username, self.shop_id]


def spellings(name: str) -> list[str]:
    words = name.split()
    forms = [name, name.upper(), name.lower(), name.title(), "".join(words).lower(), "-".join(words).lower()]
    return list(dict.fromkeys([*forms, "_".join(words).lower(), ".".join(words).lower()]))


def numbers(phone: str) -> list[str]:
    bare = phone.removeprefix("0")
    return [phone, f"62{bare}", f"+62{bare}", f"{phone[:4]}-{phone[4:8]}-{phone[8:]}", bare]


def people(seed: int = 3, count: int = COUNT) -> list[Planted]:
    rng = Random(seed)
    found: dict[str, Planted] = {}
    while len(found) < count:
        first, last, word = ("".join(rng.sample(SYLLABLES, size)) for size in (3, 3, 4))
        owner = f"{first.title()} {last.title()}"
        business = owner if len(found) % 2 else f"Keripik {word.title()}"
        number = len(found)
        found[owner] = Planted(
            owner=owner,
            business=business,
            phone=f"0812{rng.randrange(10**7, 10**8)}",
            nik=f"36020{rng.randrange(10**10, 10**11)}",
            nib=f"{rng.randrange(10**12, 10**13)}",
            street=f"Jl. {last.title()} {word.title()} No. {rng.randrange(100, 999)}",
            shop_id=f"{rng.randrange(10**11, 10**12)}",
            shop=owner if number % 2 else business,
            username=f"{first}{last}{number}",
            place=PLACES[number % len(PLACES)],
        )
    return list(found.values())


def write_registry(path: Path, persons: Iterable[Planted], others: int = 500) -> None:
    """A list as offices hand it in, NIK and telephone among its columns; every tenth person stands there twice."""
    head = "ID;NIB;NIK;NAMA USAHA;NAMA PEMILIK;ALAMAT;KECAMATAN;KAB/KOTA;KBLI;PRODUK;NO HP;SKALA"
    rows = []
    for number, one in enumerate(persons):
        area, district = one.place
        tail = f"{one.street};{district};{area};10794;keripik;{one.phone};MIKRO"
        rows.append(f"R{number:05d};{one.nib};{one.nik};{one.business};{one.owner};{tail}")
        if number % 10 == 0:  # spelled otherwise
            rows.append(f"X{number:05d};{one.nib};{one.nik};{one.business.upper()};{one.owner.upper()};{tail}")
    for number in range(others):
        area, district = PLACES[number % len(PLACES)]
        names = f"Warung Nomor {number};Pemilik Nomor {number};Jl. Biasa {number}"
        # Half of them in the persons' own trade: where all of a trade sell, the trade alone would tell who does.
        trade = "10794;keripik" if number % 2 else "47111;sembako"
        rows.append(f"S{number:05d};;;{names};{district};{area};{trade};;MIKRO")
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def write_feed(path: Path, persons: Iterable[Planted], others: int = 80) -> None:
    """Shops of a marketplace: each person's own one, the telephone in its description, and strangers."""
    head = "shop_id;shop_name;username;shop_url;city;district;description;product_titles;listing_count;phone;status"
    rows = []
    for one in persons:
        url = f"https://www.tokopedia.com/{one.username}"
        said = f"Pesan ke {one.phone}, {one.street}"
        area, district = one.place
        rows.append(f"{one.shop_id};{one.shop};{one.username};{url};{area};{district};{said};Keripik {one.owner};3;"
                    f"{one.phone};live")  # fmt: skip
    for number in range(others):
        rows.append(f"9{number:04d};Toko Asing {number};asing{number};https://www.tokopedia.com/asing{number};"
                    "Kota Serang;Curug;;Barang;2;;live")  # fmt: skip
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


# --- searching --------------------------------------------------------------------------------------------------------


def unkeyed(text: str) -> Iterator[str]:
    """Hashes that anybody can make again: whole, and cut to the lengths in which ids are kept."""
    for name in ("md5", "sha1", "sha256"):
        for form in dict.fromkeys((text, text.lower(), text.upper())):
            yield hashlib.new(name, form.encode()).hexdigest()[:16]


class Search:
    """Finds persons in bytes: their texts as they are, and the first 16 digits of unkeyed hashes of them."""

    def __init__(self, persons: Iterable[Planted]) -> None:
        texts = {text for one in persons for text in one.texts() if len(text) >= 8}
        hashes = {digest for text in texts for digest in unkeyed(text)}
        self._hashes = frozenset(digest.encode() for digest in hashes)
        self._hex = re.compile(rb"[0-9a-f]{16,}")
        self._by_start: dict[int, list[bytes]] = {}
        for text in sorted(text.encode() for text in texts):
            self._by_start.setdefault(int.from_bytes(text[:8], "little"), []).append(text)
        self._starts = np.array(sorted(self._by_start), dtype="<u8")

    def of(self, body: bytes) -> set[bytes]:
        found = {run[:16] for run in self._hex.findall(body.lower()) if run[:16] in self._hashes}
        for offset in range(min(8, max(len(body) - 7, 0))):  # eight bytes at a time, from each of eight places
            words = np.frombuffer(body, dtype="<u8", offset=offset, count=(len(body) - offset) // 8)
            for at in np.flatnonzero(np.isin(words, self._starts)):
                start = offset + int(at) * 8
                found |= {text for text in self._by_start[int(words[at])] if body.startswith(text, start)}
        return found

    def folder(self, folder: Path) -> dict[str, set[bytes]]:
        """File -> what was found in its name, its bytes or what is packed in them."""
        found: dict[str, set[bytes]] = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            hits = self.of(name.encode())
            if path.is_file():
                for body in bodies(path):
                    hits |= self.of(body)
            if hits:
                found[name] = hits
        return found


def bodies(path: Path) -> Iterator[bytes]:
    """The bytes of the file as they lie there, and what compression hides: archives, Parquet columns, tables."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        yield b"\n".join(str(value).encode() for column in table.columns for value in column.to_pylist())
        yield str(table.schema).encode() + str(pq.read_metadata(path).metadata).encode()
    if path.suffix == ".sqlite":
        yield from _database(path)
    try:
        with ZipFile(io.BytesIO(raw)) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    except BadZipFile:
        return


def _database(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(path) as connection:
        yield "\n".join(connection.iterdump()).encode()
    connection.close()
