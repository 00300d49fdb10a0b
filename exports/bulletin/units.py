"""Units and magnitudes: a number before 'UMKM' is a number of groups that the facts hold, one before 'persen' a share.

The classic slip of such a page is a bullet in another unit than the table. Numbers are therefore read out of the
finished sentences and looked up, with their unit, among the figures; no sentence speaks of ribu, juta or miliar.
"""

import re
from collections.abc import Iterable

from exports import story, wording
from exports.base import CheckError
from exports.bulletin.content import Bulletin
from exports.facts import Facts, Figure

_COUNTED = re.compile(r"(?<![\d.,])(\d[\d.]*(?:,\d+)?)(?: dan (\d[\d.]*(?:,\d+)?))? (UMKM|persen poin|persen)\b")
_MAGNITUDES = re.compile(r"\d (?:ribu|juta|miliar|triliun)\b")
_SHARES = ("E2", "E2_ALIVE", "E2_ACTIVE")
_CLOSE = 0.02  # level and share may differ by rounding


def check(facts: Facts, bulletin: Bulletin) -> None:
    """Raises CheckError naming the number whose unit or size is wrong."""
    allowed = {"UMKM": _groups(facts), "persen": _percents(facts) | {"95"}}
    said = [*bulletin.story.bullets, *(answer for _, answer in bulletin.story.glance), bulletin.story.finding]
    for text in [*said, *bulletin.story.world, *bulletin.story.us, bulletin.message]:
        found = _MAGNITUDES.search(text)
        if found:
            raise CheckError(f"A sentence counts in other units than the tables: '{found[0]}'; nothing was published.")
        for one, other, unit in _COUNTED.findall(text):
            for number in filter(None, (one, other)):
                if unit in allowed and number not in allowed[unit]:
                    raise CheckError(f"No figure says {number} {unit}, but a sentence does; nothing was published.")
    _level_fits_share(facts)


def _groups(facts: Facts) -> set[str]:
    """Every number of groups that the facts hold, as it is written."""
    numbers: set[float] = {story.PROBES_NEEDED, story.PROBES_ADVISED, story.LINKS_PER_OFFICE, 1000}
    numbers |= {facts.judged, facts.probes, facts.registry_total or 0}
    numbers |= {(facts.registry_before or (None, None))[1] or 0}
    for (estimand, kind, _), figure in facts.figures.items():
        if not estimand.startswith((*_SHARES, "E9", "E4", "ELSEWHERE", "COHORT")) and kind != "area_sector":
            numbers |= set(_ends(figure))
    return {wording.number(abs(number)) for number in numbers}


def _ends(figure: Figure) -> Iterable[float]:
    for end in (figure.value, figure.low, figure.high):
        if end is not None:
            yield end
            yield wording.rounded(end, figure.grade, figure.value)


def _percents(facts: Facts) -> set[str]:
    """Shares of the province, and those of a table as they are written there."""
    found = set()
    for name in _SHARES:
        for end in _ends(facts.province(name)):
            found.add(wording.percent(end).removesuffix(" persen"))
    return found


def _level_fits_share(facts: Facts) -> None:
    """Share times registry is the level."""
    level, share, total = facts.province("E1"), facts.province("E2"), facts.registry_total
    if not (level.shown and share.shown and total and level.value and share.value):
        return
    if abs(share.value * total / level.value - 1) > _CLOSE + 0.5 * _step(share.value) / share.value:
        raise CheckError(
            f"The share {wording.percent(share.value)} of {wording.number(total)} groups is not the level "
            f"{wording.number(level.value)}; nothing was published. Run 'measure' again."
        )


def _step(share: float) -> float:
    """Shares are rounded to four digits, levels to two or three."""
    return 0.0001 + share * 0.05
