"""Sentences about the level: how many, between what, which share, on which marketplace most."""

from exports import wording
from exports.base import plain
from exports.cells import ONLY_INTERVAL, figure_cell
from exports.facts import Facts, Figure


def amount(level: Figure) -> str:
    """'6.200', or 'antara 3.100 dan 7.700' where only the interval is precise enough to be shown."""
    cell = figure_cell(level)
    return ends(level) if cell == ONLY_INTERVAL else wording.number(float(cell)) if isinstance(cell, int) else str(cell)


def ends(figure: Figure) -> str:
    assert figure.low is not None and figure.high is not None
    low, high = (wording.rounded(end, figure.grade, figure.value) for end in (figure.low, figure.high))
    return f"antara {wording.number(low)} dan {wording.number(high)}"


def sentence(facts: Facts, level: Figure) -> str:
    read = wording.number(len([item for item in facts.marketplaces if item.covered]))
    text = (
        f"Pada {wording.week_short(facts.week)} diperkirakan {amount(level)} UMKM terdaftar memiliki sedikitnya satu "
        f"toko yang buka di {read} lokapasar (marketplace) yang diukur"
    )
    if figure_cell(level) != ONLY_INTERVAL and level.low is not None and level.high is not None:
        text += f"; jumlah sebenarnya diperkirakan {ends(level)}"
    return f"{text}."


def share(facts: Facts) -> list[str]:
    share = facts.province("E2")
    if not share.shown or share.value is None:
        return []
    of_thousand = wording.number(share.value * 1000) if share.value >= 0.001 else "kurang dari 1"
    text = f"Dari setiap 1.000 UMKM terdaftar, sekitar {of_thousand} hadir di lokapasar ({wording.percent(share.value)}"
    if share.low is not None and share.high is not None:
        low = wording.percent(share.low).removesuffix(" persen")
        text += f"; kisaran antara {low} dan {wording.percent(share.high)}"
    as_of = f" menurut registri per {wording.day(facts.registry_as_of)}" if facts.registry_as_of else ""
    return [f"{text}){as_of}."]


def largest(facts: Facts) -> list[str]:
    """The marketplace with most businesses, where its interval says so too."""
    shown = [(item, facts.figure("E3", "marketplace", item.slug)) for item in facts.marketplaces]
    known = [(item, figure) for item, figure in shown if figure.shown and figure.low is not None]
    if not known:
        return []
    known.sort(key=lambda pair: (-(pair[1].value or 0), pair[0].slug))
    item, most = known[0]
    note = "Satu UMKM dapat hadir di beberapa lokapasar."
    if len(known) > 1 and (known[1][1].high or 0) >= (most.low or 0):
        return [f"Lokapasar dengan UMKM terbanyak belum dapat ditentukan karena kisarannya bertumpang tindih. {note}"]
    return [f"Lokapasar dengan UMKM terbanyak ialah {plain(item.title)}, {estimated(most)}. {note}"]


def estimated(figure: Figure) -> str:
    """'diperkirakan 3.900 UMKM (antara 3.300 dan 4.600)'."""
    if figure_cell(figure) == ONLY_INTERVAL:
        return f"diperkirakan {ends(figure)} UMKM"
    return f"diperkirakan {amount(figure)} UMKM ({ends(figure)})"


def interval(figure: Figure) -> str:
    if not figure.shown or figure.low is None or figure.high is None:
        return ""
    return f" Kisaran 95 persen: {ends(figure)}."


def share_interval(share: Figure) -> str:
    if not share.shown or share.low is None or share.high is None:
        return ""
    return f" Kisaran 95 persen: antara {wording.percent(share.low)} dan {wording.percent(share.high)}."
