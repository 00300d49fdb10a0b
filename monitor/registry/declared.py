"""Marketplace accounts that a list says a business has (SIDT question 708, link columns): leads, not observations."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from monitor.arrow_text import cleaned, positions
from monitor.declared_links import resolve
from monitor.identifiers import find_phones, mask_phones
from monitor.registry.cells import Cells, yes_or_no
from monitor.registry.contacts import RowPhones, is_bare_phone, mask_personal

UNKNOWN = "unknown"
MAX_ACCOUNT_CHARS = 200
MAX_ACCOUNTS = 10  # of one cell
_PART = re.compile(r"[,;\n|]+|\s+(?=https?://)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S|[\w-]+\.(?:com|co|id|net|shp|ee|me|link|store|shop|my)\b", re.IGNORECASE)
_PHONE_LINK = re.compile(r"wa\.me|whatsapp\.com|wa\.link", re.IGNORECASE)

Account = tuple[int, str, str, str | None]


class DeclaredAccounts:
    """Accounts in one chunk."""

    def __init__(self, cells: Cells, phones: RowPhones) -> None:
        self._cells = cells
        self._phones = phones
        self._seen: set[tuple[int, str, str]] = set()
        self._found: list[Account] = []

    def read(self) -> list[Account]:
        """(row position, slug or "unknown", account as declared, shop id when the address says so)."""
        declared = [(column.index, column.marketplace, True) for column in self._cells.found.declared]
        declared += [(index, None, False) for index in self._cells.found.fields.get("link", [])]
        for index, slug, names in declared:
            column = cleaned(self._cells.columns[index])
            at = positions(pc.is_valid(column))
            for row, text in zip(at.tolist(), column.take(pa.array(at)).to_pylist(), strict=True):
                for part in [part.strip() for part in _PART.split(text) if part.strip()][:MAX_ACCOUNTS]:
                    self._take(row, part, slug, names)
        return self._found

    def _take(self, row: int, part: str, slug: str | None, names: bool) -> None:
        """One account of a cell; `names`: the column holds account names as well as addresses."""
        if _PHONE_LINK.search(part) or is_bare_phone(part):
            for number in find_phones(part.replace("/", " ").replace("=", " ")):
                self._phones.add(row, number)
            return
        answer = yes_or_no(part)
        if answer is False or (answer and slug is None):
            return
        is_address = _ADDRESS.search(part) is not None
        said = resolve(part) if is_address else None
        if not names and not is_address:
            return  # words such as "belum punya toko" in a column of links
        told = (said.name or said.address if said else None) or part
        account = mask_phones(mask_personal(told))[:MAX_ACCOUNT_CHARS]
        is_elsewhere = said is None or said.kind in ("site", "text")
        where = slug or UNKNOWN if is_elsewhere or said is None else said.marketplace or UNKNOWN
        if where != "whatsapp" and (row, where, account) not in self._seen:
            self._seen.add((row, where, account))
            shop_id = said.shop_id if said is not None and not is_elsewhere else None
            self._found.append((row, where, account, shop_id))
