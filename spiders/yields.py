"""How many new shops units really show against what was promised of them; it corrects what is promised next."""

from collections import defaultdict

FADING = 0.97  # weight of what a unit showed when the next one is run: the longer one asks, the less is new
SPREAD = 0.5  # promises are rough: one four times as high as usual is taken for twice as high
PARTS_KEEP = 0.25  # of what a part of a capped query promises, before any was run
FEW = 3.0  # requests whose yield weighs as much as what was thought before
PRIOR = 30.0  # shops that weigh as much as what an area showed


class Yields:
    """Promised and shown shops per request, by kind of unit (query or part) and by area, of one crawl.

    A plan is made before the first answer; how much is sold online in an area, and how much of it has been seen, shows
    only while asking.
    """

    def __init__(self) -> None:
        self._requests: defaultdict[str, float] = defaultdict(float)
        self._promised: defaultdict[str, float] = defaultdict(float)
        self._shown: defaultdict[str, float] = defaultdict(float)

    def note(self, kind: str, area: str | None, promise: float, shown: float, requests: float = 1.0) -> None:
        """A unit promised so many new shops per request and showed so many in all."""
        if area:
            self._add(area, 1.0, self._of_kind(kind, promise) * requests, shown, requests)
        self._add(kind, FADING, promise * requests, shown, requests)

    def corrected(self, kind: str, area: str | None, promise: float) -> float:
        """New shops per request to be expected, as far as others of the kind and the area kept their promise."""
        return self._of_kind(kind, promise) * (self._of_area(area) if area else 1.0)

    def _add(self, key: str, fading: float, promised: float, shown: float, requests: float) -> None:
        for sums, value in ((self._requests, requests), (self._promised, promised), (self._shown, shown)):
            sums[key] = sums[key] * fading + value

    def _of_kind(self, kind: str, promise: float) -> float:
        before = promise * (PARTS_KEEP if kind == "part" else 1.0)
        requests = self._requests[kind]
        if not self._promised[kind]:
            return before
        relative = promise / (self._promised[kind] / requests)
        seen = float(self._shown[kind] / requests * relative**SPREAD)
        return (requests * seen + FEW * before) / (requests + FEW)

    def _of_area(self, area: str) -> float:
        return (self._shown[area] + PRIOR) / (self._promised[area] + PRIOR)
