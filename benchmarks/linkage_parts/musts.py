"""What the project must reach: quality at mid difficulty, time and memory where all 800,000 businesses are."""

from collections.abc import Iterator
from typing import Any

# matcher -> figure -> least value, at difficulty 0.5 whatever the size
RECALL = {"project": {"0.99": 0.10, "0.90": 0.35}, "project_labels": {"0.99": 0.20, "0.90": 0.45}}
F1 = {"project_labels": 0.60}
SURE = {"project_labels": 0.97}  # share of links stated at .99 or more that is true
MAX_OFF = 0.05  # stated minus true probability, in bins with enough links
ENOUGH_LINKS = 200
PROVINCE = 800_000
MAX_SECONDS = 25.0
MAX_PEAK_MIB = 3584.0
MAX_SECOND_WEEK = 0.10  # of the first week's scoring time
DIFFICULTY = 0.5
FEBRL4_F1 = 0.999


def _quality(row: dict[str, Any]) -> Iterator[str]:
    name = row["matcher"]
    for precision, least in RECALL.get(name, {}).items():
        if row["recall"][precision] < least:
            yield f"recall at precision {precision} is {row['recall'][precision]:.3f}, must be {least:.2f}"
    if row["f1"] < F1.get(name, 0.0):
        yield f"best F1 is {row['f1']:.3f}, must be {F1[name]:.2f}"
    sure = row.get("sure", {"links": 0, "right": 0})
    if name in SURE and sure["links"] and sure["right"] / sure["links"] < SURE[name]:
        yield f"{sure['right'] / sure['links']:.3f} of the links stated at .99 are true, must be {SURE[name]:.2f}"
    for part in row.get("calibration", ()) if name in SURE else ():
        if part["links"] >= ENOUGH_LINKS and abs(part["stated"] - part["true"]) > MAX_OFF:
            yield f"bin {part['bin']} states {part['stated']:.3f} where {part['true']:.3f} is true"


def _cost(row: dict[str, Any]) -> Iterator[str]:
    if row["seconds"] > MAX_SECONDS:
        yield f"takes {row['seconds']:.1f} s, must take at most {MAX_SECONDS:.0f}"
    if row["peak_mib"] > MAX_PEAK_MIB:
        yield f"takes {row['peak_mib']:.0f} MiB, must take at most {MAX_PEAK_MIB:.0f}"
    share = row.get("second_week", {}).get("share", 0.0)
    if share > MAX_SECOND_WEEK:
        yield f"the second week takes {share:.2f} of the first, must take at most {MAX_SECOND_WEEK:.2f}"


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """One sentence for everything the project had to reach and did not."""
    found = []
    for row in rows:
        if not row["matcher"].startswith("project"):
            continue
        told = [row["failed"]] if "failed" in row else []
        if "failed" not in row and row["difficulty"] == DIFFICULTY:
            told += _quality(row)
        if "failed" not in row and row["businesses"] >= PROVINCE:
            told += _cost(row)
        found += [f"{row['task']} {row['matcher']}: {text}" for text in told]
    return found
