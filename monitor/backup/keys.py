"""The key pair of the backups: the key file opens them, its public half is enough to write them."""

from pathlib import Path

import pyrage

from monitor.asides import sweep_asides
from monitor.config import Config
from monitor.errors import StoreError, UsageError
from monitor.key_files import write_once


def key_file(config: Config) -> Path:
    return config.phone_key_file.parent / "backup.key"


def recipient_of(config: Config) -> str:
    """The public half: configured, else of the key file, which is made at the first backup."""
    if config.backup.recipient:
        try:
            pyrage.x25519.Recipient.from_str(config.backup.recipient)
        except pyrage.RecipientError:
            raise UsageError("[backup] recipient is no age recipient; it begins with age1.") from None
        return config.backup.recipient
    path = key_file(config)
    sweep_asides(path)
    if not path.exists():
        _make(path)
    return str(pyrage.x25519.Identity.from_str(read_key(path)).to_public())


def _make(path: Path) -> None:
    try:
        write_once(path, f"{pyrage.x25519.Identity.generate()}\n")
    except OSError as error:
        raise StoreError(
            f"The key of the backups {path} cannot be written: {error.strerror or error}; mend that, then run 'backup' "
            "again."
        ) from None


def read_key(path: Path) -> str:
    """The secret half. Raises UsageError; its content is never shown."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        pyrage.x25519.Identity.from_str(lines[0])
    except FileNotFoundError:
        raise UsageError(f"There is no key at {path}; bring it from where keys are kept: --key FILE.") from None
    except (OSError, UnicodeDecodeError, IndexError, pyrage.IdentityError):
        raise UsageError(f"{path} holds no age key (AGE-SECRET-KEY-..).") from None
    return lines[0]
