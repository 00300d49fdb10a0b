"""Sentences about the level: how many, between what, which share, on which marketplace most."""

from exports import wording
from exports.base import plain
from exports.cells import ONLY_INTERVAL, figure_cell
from exports.facts import Facts, Figure
from exports.sentences import say


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
    given = {"pekan": wording.week_short(facts.week), "lokapasar": read, "kisaran": ends(level)}
    if figure_cell(level) == ONLY_INTERVAL:
        return say("tingkat.hanya_kisaran", **given)
    return say("tingkat.jumlah", jumlah=amount(level), **given)


def share(facts: Facts) -> list[str]:
    share = facts.province("E2")
    if not share.shown or share.value is None or share.low is None or share.high is None:
        return []
    between = {"bawah": _bare(share.low), "atas": wording.percent(share.high)}
    if share.grade == "C":
        low, high = (of_thousand(end) for end in (share.low, share.high))
        return [say("tingkat.bagian_kisaran", perseribu=f"antara {low} dan {high}", **between)]
    return [say("tingkat.bagian", perseribu=of_thousand(share.value), persen=wording.percent(share.value), **between)]


def of_thousand(share: float) -> str:
    """'8'; below 1 in 1.000 words."""
    return wording.number(share * 1000) if share >= 0.001 else "kurang dari 1"


def _bare(share: float) -> str:
    return wording.percent(share).removesuffix(" persen")


def largest(facts: Facts) -> list[str]:
    """The marketplace with most businesses, where its interval says so too."""
    shown = [(item, facts.figure("E3", "marketplace", item.slug)) for item in facts.marketplaces]
    known = [(item, figure) for item, figure in shown if figure.shown and figure.low is not None]
    if not known:
        return []
    known.sort(key=lambda pair: (-(pair[1].value or 0), pair[0].slug))
    item, most = known[0]
    if len(known) > 1 and max(other.high or 0 for _, other in known[1:]) >= (most.low or 0):
        return [say("tingkat.terbanyak_belum")]
    return [say("tingkat.terbanyak", lokapasar=plain(item.title), perkiraan=estimated(most))]


def estimated(figure: Figure) -> str:
    """'diperkirakan 3.900 UMKM (antara 3.300 dan 4.600)'."""
    if figure_cell(figure) == ONLY_INTERVAL:
        return say("tingkat.perkiraan_kisaran", kisaran=ends(figure))
    return say("tingkat.perkiraan", jumlah=amount(figure), kisaran=ends(figure))


def interval(figure: Figure) -> str:
    if not figure.shown or figure.low is None or figure.high is None:
        return ""
    return say("angka.kisaran", kisaran=ends(figure))


def share_interval(share: Figure) -> str:
    if not share.shown or share.low is None or share.high is None:
        return ""
    return say("angka.kisaran", kisaran=f"antara {_bare(share.low)} dan {wording.percent(share.high)}")
