"""Pseudonyms under a recipient's own key: without it nobody can go back, and two recipients cannot join their rows."""

import base64
import hmac
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from monitor.config import Config
from monitor.errors import StoreError, UsageError
from monitor.key_files import write_once

KEY_BYTES = 32
_LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_LABEL = 40


class Pseudonyms:
    """HMAC-SHA-256 over kind and id, the first 128 bits as 26 characters of base32. key_id names the key, no more."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.key_id = self._digest("umkm-banten-monitor pseudonym key id").hex()[:12]

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8"), "sha256")

    def of(self, kind: str, ids: Iterable[object]) -> list[str]:
        """One pseudonym per id. The same id under another kind has another one."""
        return [
            base64.b32encode(self._digest(f"{kind}\x00{one}")[:16]).decode("ascii").rstrip("=").lower() for one in ids
        ]

    def __repr__(self) -> str:
        return f"Pseudonyms(key_id={self.key_id!r})"


def checked_label(recipient: str) -> str:
    """The label itself; it stands in names of files. Raises UsageError when it is none."""
    if not _LABEL.fullmatch(recipient) or len(recipient) > MAX_LABEL:
        raise UsageError(
            f"'{recipient}' cannot name a recipient: use up to {MAX_LABEL} small letters, digits and hyphens, like "
            "universitas-a, and no person's name."
        )
    return recipient


def key_path(config: Config, recipient: str) -> Path:
    """Beside the phone key, one file per recipient."""
    return config.phone_key_file.parent / f"penerima-{checked_label(recipient)}.key"


def load(config: Config, recipient: str, may_create: bool) -> Pseudonyms:
    """Pseudonyms of the recipient; the key is made on first use, readable by its owner only.

    Raises StoreError where the key is gone though releases were made with it, or cannot be read.
    """
    path = key_path(config, recipient)
    try:
        if not path.exists():
            if not may_create:
                raise StoreError(
                    f"The pseudonym key of '{recipient}' is gone; bring it back from where keys are kept, or agree "
                    "with a recipient of another name, whose rows then join with no earlier release."
                )
            _create(path)
        path.chmod(0o600)
        return Pseudonyms(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except OSError as error:
        raise StoreError(
            f"The pseudonym key of '{recipient}' cannot be read or made ({error.strerror}); check the folder of keys."
        ) from None
    except ValueError:
        raise StoreError(
            f"The pseudonym key of '{recipient}' is damaged; bring it back from where keys are kept."
        ) from None


def _create(path: Path) -> None:
    write_once(path, secrets.token_hex(KEY_BYTES) + "\n")
