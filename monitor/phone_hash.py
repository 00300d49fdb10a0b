"""Keyed hashes of telephone numbers: what the stores keep instead of a number, and the key they are made with."""

import hashlib
import hmac
import logging
import secrets
import stat
from pathlib import Path

from monitor.asides import sweep_asides
from monitor.errors import StoreError
from monitor.key_files import write_once

logger = logging.getLogger(__name__)

_HASH_LENGTH = 32  # hex digits: 128 bits, far beyond chance among all numbers there are
_KEY_BYTES = 32


class PhoneHasher:
    """HMAC-SHA-256 of phone numbers under one key; without the key, trying all numbers in turn finds nothing.

    key_id: 12 hex digits that name the key without giving it away; hashes with different key_id never match.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a phone key has at least 16 bytes")
        # The two halves of HMAC (RFC 2104) prepared once: a copy costs half of a fresh hmac object.
        block = key.ljust(64, b"\0") if len(key) <= 64 else hashlib.sha256(key).digest().ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self.key_id = hmac.digest(key, b"umkm-banten-monitor phone key id", "sha256").hex()[:12]

    def hash(self, number: str) -> str:
        """32 hex digits for a number written as `read_phones` writes it."""
        inner = self._inner.copy()
        inner.update(number.encode("ascii"))
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:_HASH_LENGTH]

    def __repr__(self) -> str:
        return f"PhoneHasher(key_id={self.key_id!r})"


def load_hasher(path: Path) -> PhoneHasher:
    """Hasher with the key in `path` (hex text), which is created with owner-only rights when there is none.

    Two processes that start at once end up with the same key. Raises StoreError when the file cannot be made or read.
    """
    try:
        sweep_asides(path)
        if not path.exists():
            create_key(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            logger.warning("The phone key can be read by others than its owner; run: chmod 600 on the key file.")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        return PhoneHasher(key)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise StoreError(
            f"The phone key {path} cannot be read or created ({reason}); check MONITOR_PHONE_KEY_FILE and its folder."
        ) from None
    except ValueError:
        raise StoreError(
            f"The phone key {path} is damaged; bring it back from where keys are kept, "
            "or remove it and import the registry again."
        ) from None


def create_key(path: Path) -> None:
    """A new random key in the file, for its owner only; one that another process made just now stays."""
    write_once(path, secrets.token_hex(_KEY_BYTES) + "\n")
