"""Files that workers hand one another: what was written is read, and nothing else is taken for it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitor.cluster.storage import Storage
from monitor.errors import StoreError
from pipelines.cluster import arrays, frames
from pipelines.linkage.words import Ints, Ragged


@dataclass(frozen=True)
class Held:
    rows: Ragged
    flags: NDArray[np.bool_]
    shares: NDArray[np.float32]
    table: NDArray[np.int8]
    words: tuple[str, ...]
    counts: dict[str, int]
    parts: dict[str, Ints]


def some() -> Held:
    rows = Ragged(np.array([0, 0, 3]), np.array([5, 9, -(2**62)]))
    table = np.arange(6, dtype=np.int8).reshape(2, 3)
    empty = np.zeros(0, dtype=np.float32)
    return Held(rows, np.array([True, False]), empty, table, ("a", "é"), {"skipped": 3}, {"x": np.array([7])})


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path.as_uri())


@pytest.mark.parametrize("is_local", [True, False])
def test_arrays_come_back_as_they_were(storage: Storage, monkeypatch: pytest.MonkeyPatch, is_local: bool) -> None:
    if not is_local:  # as on an object store: nothing can be mapped
        monkeypatch.setattr(Storage, "local_path", lambda *_: None)
    arrays.write(storage, "a/b.bin", some())
    found, expected = arrays.read(storage, "a/b.bin", Held), some()
    for name in ("flags", "shares", "table"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype
    np.testing.assert_array_equal(found.rows.value, expected.rows.value)
    assert (found.words, found.counts, found.parts["x"].tolist()) == (expected.words, expected.counts, [7])
    # Whoever writes into what was read changes no file, and compiled loops see arrays as they are in one process.
    found.table[0, 0] = 99
    assert found.table.flags.writeable
    assert arrays.read(storage, "a/b.bin", Held).table[0, 0] == 0


@pytest.mark.parametrize("is_local", [True, False])
def test_arrays_of_another_file_are_not_written_again(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, is_local: bool
) -> None:
    if not is_local:
        monkeypatch.setattr(Storage, "local_path", lambda *_: None)
    many = replace(some(), flags=np.arange(9_000) % 7 == 0)
    arrays.write(storage, "one.bin", many)
    held = arrays.read(storage, "one.bin", Held)
    made = replace(held, table=np.ones((1, 2), dtype=np.int8), words=("b",))
    arrays.write(storage, "two.bin", made, beside=arrays.Beside("one.bin", held))
    found = arrays.read(storage, "two.bin", Held)
    assert (found.flags.tolist(), found.rows.value.tolist()) == (many.flags.tolist(), many.rows.value.tolist())
    assert (found.table.tolist(), found.words, found.parts["x"].tolist()) == ([[1, 1]], ("b",), [7])
    assert storage.size("two.bin") < storage.size("one.bin") - 9_000 + 2_000
    storage.remove("one.bin")
    with pytest.raises(StoreError, match=r"one\.bin"):
        arrays.read(storage, "two.bin", Held)


@pytest.mark.parametrize("damage", [b"", b"PK no archive", "cut", "longer", "head"])
def test_damaged_arrays_are_one_sentence(storage: Storage, damage: Any) -> None:
    arrays.write(storage, "a.bin", some())
    whole = storage.read_bytes("a.bin")
    bodies = {"cut": whole[:-1], "longer": whole + b"0", "head": whole.replace(b"|b1", b"|O8")}
    storage.write_bytes("a.bin", bodies.get(damage, damage))
    with pytest.raises(StoreError, match=r"'a\.bin' in the shared folder is damaged; remove it, then run again"):
        arrays.read(storage, "a.bin", Held)


def test_tables_come_back_with_their_lists(storage: Storage) -> None:
    cells = [[{"kind": "phone", "hash": "ab"}], None, []]
    frame = pd.DataFrame({"name": ["Emping", None, "é"], "identifiers": cells, "is_collective": True, "other": 1})
    sent = frames.plain(frame, ("name", "identifiers", "is_collective", "absent"))
    frames.write(storage, "a.arrow", sent)
    found = frames.unfolded(frames.read(storage, "a.arrow"))
    assert list(found) == ["name", "identifiers", "is_collective"]
    assert found["identifiers"].tolist() == cells
    assert found["name"].isna().tolist() == [False, True, False]
    business = pd.DataFrame({"group_id": [4, 5]}, index=pd.Index([7, 9], name="business_id"))
    frames.write(storage, "b.arrow", business)
    pd.testing.assert_frame_equal(frames.read(storage, "b.arrow"), business)


def test_a_damaged_table_is_one_sentence(storage: Storage) -> None:
    storage.write_bytes("a.arrow", b"no table")
    with pytest.raises(StoreError, match=r"'a\.arrow' in the shared folder is damaged"):
        frames.read(storage, "a.arrow")


def test_what_stands_in_several_fields_is_written_once(storage: Storage) -> None:
    one = np.arange(10_000)
    arrays.write(storage, "twice.bin", Ragged(one, one))
    arrays.write(storage, "apart.bin", Ragged(one, one + 0))
    assert storage.size("twice.bin") < storage.size("apart.bin") * 0.6
    for found in arrays.read(storage, "twice.bin", Ragged):
        np.testing.assert_array_equal(found, one)
