"""Who was erased, known by keyed hashes only, and the made-up ids of what is left of their shops.

The key lies in a file of its own beside the telephone key, so that a new telephone key brings nobody back. Without the
key the hashes say nothing; with it they answer only whether a given NIB, name or shop is one of them.
"""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Table, select, update

from monitor.characters import squash
from monitor.config import Config
from monitor.errors import StoreError
from monitor.phone_hash import create_key
from monitor.private_store import erased_identities

KEY_FILE = "erased.key"
PREFIX = "dihapus-"  # of made-up ids: dihapus-<week without the hyphen>-<random>
_HASH_LENGTH = 32  # hex digits: 128 bits
# What is hashed together; a kind never matches another.
SOURCE, NIB, NIB_NAME, OWNER, PHONE = "source", "nib", "nib_name", "owner", "phone"
NAME = "name"  # says nothing by itself: only rows with such a name are looked at more closely
SHOP, ALIAS, ACCOUNT, LISTING = "shop", "alias", "account", "listing"


def key_path(config: Config) -> Path:
    return config.phone_key_file.with_name(KEY_FILE)


@dataclass(frozen=True)
class Forgotten:
    """The hashes of everybody who was erased; false when there is nobody, so that callers can skip their work."""

    key: bytes = b""
    known: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.known)

    def hash(self, kind: str, *parts: str | None) -> str | None:
        """32 hex digits; None where a part is missing, for then it names nobody."""
        if not all(parts):
            return None
        text = "\x1f".join([kind, *(str(part) for part in parts)])
        return hmac.digest(self.key, text.encode("utf-8", "replace"), "sha256").hex()[:_HASH_LENGTH]

    def has(self, kind: str, *parts: str | None) -> bool:
        return bool(self.known) and (kind, self.hash(kind, *parts)) in self.known

    def has_business(
        self,
        nib: str | None = None,
        names: Iterable[str | None] = (),
        owner: str | None = None,
        places: Iterable[str | None] = (),
    ) -> bool:
        """Whether a row of a list is about somebody erased. places: codes of kecamatan and desa."""
        if not self.known:
            return False
        spelled, who = [squash(name) for name in names if name], squash(owner or "")
        return (
            self.has(NIB, nib)
            or any(self.has(NIB_NAME, nib, name) for name in spelled)
            or any(self.has(OWNER, name, who, place) for name in spelled for place in places)
        )

    def has_shop(self, marketplace: str, shop_id: str | None, aliases: Iterable[str | None] = ()) -> bool:
        if not self.known:
            return False
        named = [name for name in (shop_id, *aliases) if name]
        return self.has(SHOP, marketplace, shop_id) or any(self.has(ALIAS, marketplace, name) for name in named)


def read_forgotten(connection: Connection, config: Config) -> Forgotten:
    """Everybody erased so far. Raises StoreError when the key is gone: then nobody would be recognised."""
    rows = connection.execute(select(erased_identities.c.kind, erased_identities.c.hash, erased_identities.c.key_id))
    known = {(row.kind, row.hash): row.key_id for row in rows}
    if not known:
        return Forgotten()
    path = key_path(config)
    key = _read_key(path)
    if set(known.values()) != {key_id(key)}:
        raise StoreError(f"{path} is not the key that the erasures were made with; restore the right one.")
    return Forgotten(key, frozenset(known))


def forgetting(connection: Connection, config: Config) -> Forgotten:
    """As `read_forgotten`, with a key made where there is none yet: for `erase`."""
    found = read_forgotten(connection, config)
    if found:
        return found
    path = key_path(config)
    try:
        if not path.exists():
            create_key(path)
    except OSError as error:
        raise StoreError(f"The key of erasures {path} cannot be written: {error.strerror}.") from None
    return Forgotten(_read_key(path))


def _read_key(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise StoreError(
            f"The key of erasures {path} is gone or damaged, so nobody erased can be recognised; restore it."
        ) from None


def key_id(key: bytes) -> str:
    """Names the key without giving it away."""
    return hmac.digest(key, b"umkm-banten-monitor erasure key id", "sha256").hex()[:12]


# --- what is left of a shop -----------------------------------------------------------------------------------------


def made_up_id(salt: bytes, week: str, marketplace: str, own_id: str) -> str:
    """The id of what is left of a shop that was erased in the week.

    salt: random bytes that are kept only until the erasure has ended; without them nothing leads back.
    """
    digest = hmac.digest(salt, f"{marketplace}\x1f{own_id}".encode("utf-8", "replace"), "sha256").hex()
    return f"{PREFIX}{week.replace('-', '')}-{digest[:16]}"


def is_made_up(shop_id: str) -> bool:
    return shop_id.startswith(PREFIX)


def erased_week(shop_id: str) -> str:
    """``dihapus-2026W47-..`` -> ``2026-W47``."""
    text = shop_id.removeprefix(PREFIX)
    return f"{text[:4]}-{text[4:7]}"


def end_made_up(connection: Connection, tables: Sequence[Table], slug: str, week: str) -> None:
    """From the week of its erasure on nobody looks for an erased shop: its rows end there, neither closed nor gone."""
    for table in tables:
        is_open = table.c.valid_to_week.is_(None)
        mine = (table.c.marketplace == slug) & table.c.shop_id.startswith(PREFIX, autoescape=True)
        ids = connection.execute(select(table.c.shop_id).where(mine, is_open).distinct()).scalars().all()
        for shop_id in ids:
            if (until := erased_week(shop_id)) <= week:
                ended = update(table).where(table.c.marketplace == slug, table.c.shop_id == shop_id, is_open)
                connection.execute(ended.values(valid_to_week=until))


def digest_of_nothing() -> str:
    """Stands for the hash of a row that was emptied: the old one was made from what it said."""
    return sha256(secrets.token_bytes(16)).hexdigest()[:16]
