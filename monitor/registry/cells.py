"""One chunk of a registry list as the fields see it: columns by field, and remarks that carry the right row number."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from monitor.arrow_text import Strings, cleaned, nulls
from monitor.characters import fold
from monitor.registry.columns import Recognised, title_of
from monitor.registry.notes import REMARK, Notes

Numbers = npt.NDArray[np.int64]

_YES = frozenset(
    {"ya", "y", "ada", "sudah", "punya", "memiliki", "true", "v", "✓", "√", "yes", "bersertifikat", "halal"}
)
_NO = frozenset({"tidak", "tdk", "belum", "blm", "false", "no", "n", "t", "x", "non", "nihil"})
_NO_STARTS = ("tidak ", "tdk ", "belum ", "blm ", "non ", "dalam proses", "proses")


@lru_cache(maxsize=10_000)
def yes_or_no(cell: str) -> bool | None:
    """Whether a permit is stated: yes, no, or None. A count of permits above 0 is a yes."""
    text = fold(cell).strip(" .-")
    if text.isdigit() and len(text) < 4:
        return int(text) > 0
    if text in _NO or (text + " ").startswith(_NO_STARTS):
        return False
    return True if text in _YES or text.split(" ")[0] in {"ada", "sudah", "ya"} else None


@dataclass
class Cells:
    """One chunk as the fields see it: raw columns by field, notes that carry the right row number."""

    numbers: Numbers
    columns: list[Strings]
    found: Recognised
    notes: Notes

    def raw(self, name: str) -> list[tuple[str, Strings]]:
        """(column as written, cells) of every column of the field."""
        return [(self.found.headers[i] or title_of(name), self.columns[i]) for i in self.found.fields.get(name, [])]

    def clean(self, name: str) -> Strings | None:
        """Cleaned cells of the field's only column, None when the list has none."""
        index = self.found.first(name)
        return None if index is None else cleaned(self.columns[index])

    def blank(self) -> Strings:
        return nulls(len(self.numbers))

    def remark(self, at: Numbers, column: str, values: list[str], reason: str, kind: str = REMARK) -> None:
        self.notes.add(kind, self.numbers[at].tolist(), column, values, reason)
