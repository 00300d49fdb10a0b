"""Who gets research releases: an agreement with a purpose and an end, and a key of its own."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, delete, select

from exports.release.pseudonyms import Pseudonyms, checked_label, load
from monitor.config import Config
from monitor.database import bulk_insert
from monitor.errors import UsageError
from monitor.private_store import recipients, releases
from monitor.results_views import RECIPIENT
from monitor.weeks import utc_now, utc_text

DATABASE = RECIPIENT  # the results database is a recipient like any other
PURPOSE_OF_DATABASE = "the results database itself"


@dataclass(frozen=True)
class Agreement:
    """What is agreed with one recipient. expires_on: ISO date; None: no end, for the database itself alone."""

    recipient: str
    purpose: str
    expires_on: str | None
    pseudonyms: Pseudonyms


def agreed(
    connection: Connection, config: Config, recipient: str, purpose: str | None, expires_on: str | None, today: date
) -> Agreement:
    """The agreement as it holds from now on, written down; what is not said stays as it was.

    Raises UsageError when it has expired, or when a new recipient comes without purpose and end.
    """
    checked_label(recipient)
    _refuse_bad_date(expires_on, today)
    held = connection.execute(select(recipients).where(recipients.c.recipient == recipient)).mappings().first()
    purpose = purpose or (held["purpose"] if held else None) or (PURPOSE_OF_DATABASE if recipient == DATABASE else None)
    end = expires_on or (held["expires_on"] if held else None)
    if not purpose or (end is None and recipient != DATABASE):
        raise UsageError(f"'{recipient}' is a new recipient: say --purpose TEXT and --expires DATE of the agreement.")
    if end is not None and date.fromisoformat(end) <= today:
        raise UsageError(
            f"The agreement with '{recipient}' expired on {end}, so nothing is released to it; a new agreement is told "
            "with --purpose and --expires."
        )
    pseudonyms = load(config, recipient, may_create=held is None or held["key_destroyed_on"] is not None)
    _refuse_other_key(connection, recipient, pseudonyms, held["key_destroyed_on"] if held else None)
    now = utc_text(utc_now())
    row = {
        "recipient": recipient,
        "holder_hash": held["holder_hash"] if held else None,
        "purpose": purpose,
        "key_id": pseudonyms.key_id,
        "agreed_at": now if held is None or expires_on else held["agreed_at"],
        "expires_on": end,
        "key_destroyed_on": None,
    }
    connection.execute(delete(recipients).where(recipients.c.recipient == recipient))
    bulk_insert(connection, recipients, pd.DataFrame([row], dtype=object))
    return Agreement(recipient, purpose, end, pseudonyms)


def _refuse_bad_date(expires_on: str | None, today: date) -> None:
    if expires_on is None:
        return
    try:
        day = date.fromisoformat(expires_on)
    except ValueError:
        raise UsageError(f"'{expires_on}' is not a date; write --expires like 2027-06-30.") from None
    if day <= today:
        raise UsageError(f"--expires {expires_on} is not after today; an agreement needs an end that lies ahead.")


def _refuse_other_key(connection: Connection, recipient: str, pseudonyms: Pseudonyms, destroyed: str | None) -> None:
    """Rows under another key would look like other businesses."""
    query = select(releases.c.key_id).where(releases.c.recipient == recipient).order_by(releases.c.released_at.desc())
    before = connection.execute(query).scalars().first()
    if before is not None and before != pseudonyms.key_id and destroyed is None:
        raise UsageError(
            f"The key file of '{recipient}' is not the one of its earlier releases; "
            "bring it back from where keys are kept."
        )
