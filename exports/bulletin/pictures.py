"""Trend and map with their words: title, what it shows in sentences, and all of it in words for who does not see it."""

from collections.abc import Sequence
from itertools import pairwise

from exports import charts, level_words, wording
from exports.base import plain
from exports.bulletin import trend as series
from exports.bulletin.content import Drawing, Text
from exports.cells import ONLY_INTERVAL, figure_cell
from exports.facts import UNKNOWN, Facts, Figure
from exports.sentences import say
from exports.wording import Cell

WIDE, HIGH = 610, 118
NARROW, NARROW_HIGH = 290, 210
_ALT_WEEKS = 8  # most recent weeks that are told in words


def trend_drawing(facts: Facts) -> Drawing | Text:
    """The trend, or the sentence that there is none yet."""
    found = series.trend(facts)
    if found is None:
        return Text((say("tren.belum"),))
    return Drawing(
        title="",  # the section says it
        svg=series.draw(found, WIDE, HIGH, "tren"),
        small=series.draw(found, NARROW, NARROW_HIGH, "tren-kecil"),
        alt=_told(say("tren.judul"), found),
        notes=tuple(_trend_notes(found)),
    )


def _trend_notes(found: series.Trend) -> list[str]:
    said = [say("tren.keterangan")]
    said += [say("tren.patahan", pekan=wording.week_short(week)) for _, week in found.cuts]
    if any(point.carried for point in found.points):
        said.append(say("tren.lama"))
    if len(found.points) < found.length:
        said.append(say("tren.kosong"))
    return [*said, say("tren.naik_turun")]


def _told(title: str, found: series.Trend) -> str:
    parts = []
    for point in found.points[-_ALT_WEEKS:]:
        between = f"antara {wording.number(point.low)} dan {wording.number(point.high)}"
        value = between if point.value is None else f"{wording.number(point.value)} ({between})"
        parts.append(f"{wording.week_short(point.week)} {value}")
    return f"{title}: {'; '.join(parts)}."


# --- map ------------------------------------------------------------------------------------------------------------


def map_drawing(facts: Facts) -> Drawing:
    """Estimates where any area has one, else what the system linked; never what was confirmed."""
    has_levels = any(facts.figure("E1", "area", code).shown for code in facts.areas)
    shown = [(code, name, _on_map(facts, code, has_levels)) for code, name in facts.areas.items()]
    title = say("peta.judul_perkiraan" if has_levels else "peta.judul_dugaan")
    drawn = charts.boundary_map(shown, facts.config)
    tiles = charts.tile_map(shown)
    return Drawing(
        title=title,
        svg=drawn or tiles,
        small=charts.renamed(tiles, "petak", "petak-kecil"),
        alt=_described(title, shown),
        notes=tuple(_map_notes(facts, has_levels, bool(drawn))),
        legend=tuple(charts.legend(shown)),
        is_wide=bool(drawn),
    )


def _on_map(facts: Facts, code: str, has_levels: bool) -> Cell:
    if not has_levels:
        return figure_cell(facts.figure("D", "area", code))
    figure = facts.figure("E1", "area", code)
    cell = figure_cell(figure)
    if cell == ONLY_INTERVAL:
        return level_words.ends(figure).replace(" dan ", "\ndan ")
    if not figure.shown and figure.status != "suppressed" and _together(facts, code):
        return "digabung,\nlihat tabel"
    return cell


def _together(facts: Facts, code: str) -> bool:
    """Has the area a figure together with neighbours?"""
    return any(
        key[:2] == ("E1", "area") and "+" in key[2] and code in key[2].split("+") and figure.shown
        for key, figure in facts.figures.items()
    )


def _map_notes(facts: Facts, has_levels: bool, is_drawn: bool) -> list[str]:
    said = [say("peta.keterangan")]
    said += [] if is_drawn else [say("peta.petak")]
    said += overlap(facts) if has_levels else []
    lost = facts.figure("D", "area", UNKNOWN)
    if not has_levels and lost.shown and lost.value:
        said.append(say("peta.tidak_diketahui", jumlah=wording.number(lost.value)))
    return said


def overlap(facts: Facts) -> list[str]:
    """One pair of neighbours in the table whose intervals overlap, as the reason why nothing is ranked."""
    known = [(name, facts.figure("E1", "area", code)) for code, name in facts.areas.items()]
    shown = [(name, figure) for name, figure in known if figure.shown and figure.low is not None]
    for (one, first), (two, second) in pairwise(shown):
        if _meet(first, second):
            names = {"satu": plain(one), "dua": plain(two)}
            ends = {"kisaran_satu": level_words.ends(first), "kisaran_dua": level_words.ends(second)}
            return [say("peta.tumpang_tindih", **names, **ends)]
    return []


def _meet(first: Figure, second: Figure) -> bool:
    return (first.low or 0) <= (second.high or 0) and (second.low or 0) <= (first.high or 0)


def _described(what: str, values: Sequence[charts.Value]) -> str:
    """The map in words."""
    parts = [
        f"{plain(name)} {wording.number(cell) if isinstance(cell, int) else str(cell).replace(chr(10), ' ')}"
        for _, name, cell in values
    ]
    return f"{what}: {'; '.join(parts) or 'belum ada data'}."
