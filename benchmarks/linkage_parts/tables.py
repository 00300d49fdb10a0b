"""What is printed: one row a matcher, then its stages, what each rule finds, calibration, and ratios to the project."""

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]

_COLUMNS = (
    ("s", 8), ("cpu s", 8), ("MiB", 7), ("cand.", 7), ("F1", 6), ("R@.90", 7), ("R@.95", 7), ("R@.99", 7),
    ("present", 9), ("false", 7), (">=.99", 7), ("true", 7), ("measured (UTC)", 18), ("load", 10),
)  # fmt: skip
_FIRST, _SECOND = 28, 13
HEAD = f"{'matcher':<{_FIRST}}{'labels':<{_SECOND}}" + "".join(f"{name:>{width}}" for name, width in _COLUMNS)


def line(row: Row) -> str:
    start = f"{row['title']:<{_FIRST}}{row['labels']:<{_SECOND}}"
    if "failed" in row:
        return f"{start} {row['failed']}"
    recall, present = row["recall"], row["present_at_best_f1"]
    sure = row.get("sure", {"links": 0, "right": 0})
    cells = [
        f"{row['seconds']:.1f}", f"{row['processor_seconds']:.1f}", f"{row['peak_mib']:.0f}",
        f"{row['candidate_recall']:.3f}", f"{row['f1']:.3f}",
        *(f"{recall[level]:.3f}" for level in ("0.90", "0.95", "0.99")), str(present["counted"]), str(present["false"]),
        str(sure["links"]), f"{sure['right'] / sure['links']:.3f}" if sure["links"] else "-",
        row.get("began_at", "-"), "-".join(f"{load:.1f}" for load in row.get("load", ())),
    ]  # fmt: skip
    return start + "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True))


def _cost(row: Row) -> Iterator[str]:
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in row["stages"].items())
    yield f"   {row['matcher']}: {stages}; {row['pairs_per_shop']:.1f} pairs a shop"
    for rule in row.get("rules", ()):
        told = f"{rule['pairs_per_shop']:7.2f} pairs a shop, recall {rule['recall']:.3f}, alone {rule['alone']:.3f}"
        yield f"      {rule['rule']:<10}{told}, left out {rule['skipped_per_shop']:.1f}"
    if counted := row.get("answered"):
        found = ", ".join(f"{level} {value:.3f}" for level, value in counted["recall"].items())
        yield f"   {row['matcher']}: where the answers themselves count too: F1 {counted['f1']:.3f}, recall at {found}"
    if week := row.get("second_week"):
        told = f"first {week['first']:.1f} s, second {week['second']:.1f} s, share {week['share']:.3f}"
        yield f"   {row['matcher']}: scoring when 2 % of the shops have changed: {told}"


def _calibration(row: Row) -> str:
    told = "; ".join(
        f"{part['bin']}: {part['links']} links, stated {part['stated']:.3f}, true {part['true']:.3f}, "
        f"off {part['stated'] - part['true']:+.3f}"
        for part in row["calibration"]
        if part["links"]
    )
    present = row["present_at_99"]
    return (
        f"   {row['matcher']} says {told or 'nothing above .5'}; "
        f"at .99 it counts {present['counted']} businesses present, {present['false']} falsely"
    )


def _ratios(rows: list[Row]) -> Iterator[str]:
    own = next((row for row in rows if row["matcher"] == "project" and "seconds" in row), None)
    for row in rows if own else ():
        if "seconds" not in row or row["matcher"].startswith("project") or row["matcher"].endswith("rivals"):
            continue
        assert own is not None
        time, work = (row[name] / own[name] for name in ("seconds", "processor_seconds"))
        memory = row["peak_mib"] / own["peak_mib"]
        yield f"   {row['matcher']} / project: time {time:.1f}, processor {work:.1f}, memory {memory:.1f}"


def told(rows: list[Row]) -> Iterator[str]:
    """Lines about one task."""
    full = next((row for row in rows if "true_links" in row), None)
    truth = f", {full['true_links']} true links of {full['present_at_best_f1']['truly']} businesses" if full else ""
    yield f"\n== {rows[0]['task']} (businesses-shops-difficulty), seed {rows[0]['seed']}{truth}"
    yield HEAD
    yield from (line(row) for row in rows)
    for row in rows:
        if "stages" in row and not row["matcher"].endswith("rivals"):
            yield from _cost(row)
    yield from (_calibration(row) for row in rows if "calibration" in row)
    yield from _ratios(rows)
