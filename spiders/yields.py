"""How many new shops queries really show against what was promised of them; it corrects what is promised next."""

from collections import defaultdict

PRIOR = 30.0  # shops that weigh as much as what was seen


class Yields:
    """Promised and shown shops per kind of unit and per area of one crawl.

    A plan is made before the first answer; how much is sold online in an area, and how much of it has been seen, shows
    only while asking.
    """

    def __init__(self) -> None:
        self._promised: defaultdict[str, float] = defaultdict(float)
        self._shown: defaultdict[str, float] = defaultdict(float)

    def note(self, kind: str, area: str | None, promised: float, shown: float) -> None:
        """A unit promised so many new shops and showed so many."""
        usual = self._factor(kind)
        self._add(kind, promised, shown)
        if area:
            self._add(area, promised * usual, shown)

    def corrected(self, kind: str, area: str | None, promised: float) -> float:
        """The promise, as far as others of its kind and its area kept theirs."""
        return promised * self._factor(kind) * (self._factor(area) if area else 1.0)

    def _add(self, key: str, promised: float, shown: float) -> None:
        self._promised[key] += promised
        self._shown[key] += shown

    def _factor(self, key: str) -> float:
        return (self._shown[key] + PRIOR) / (self._promised[key] + PRIOR)
