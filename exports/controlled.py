"""What the controlled class may say: small cells withheld, counts as multiples of five, estimates to their precision.

Bulletin, picture, message, open tables and the public release are made from these figures and no others. Pure: facts
or rows go in, the same with less in them comes out. Rules (method of measurement, 10.1): thresholds of 5 and 10, the
frozen patterns of `suppressions`, no weekly change under 50 detected.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pandas as pd

from exports import wording
from exports.facts import Facts, Figure, MarketplaceState, PastWeek

Key = tuple[str, str, str]  # estimand, kind of domain, code

BASE = 5
FEW = range(1, BASE)  # groups of a cell that is not shown
MIN_REGISTERED = 10
MIN_CHANGE = 50  # groups detected in both weeks, for a change to be said
DISCLOSURE, FEW_DETECTED = "disclosure", "few_detected"  # reasons of withheld figures
COUNTS = ("E8", "D")
ADDITIVE = ("area", "sector", "size")  # kinds whose cells add up to the province
_KINDS = ("province", *ADDITIVE, "marketplace", "cohort")
_CHANGES = ("E6", "E7", "FOUND")
_DIGITS_OF_SHARES = {"E2": 4}  # 0,78 persen; other shares as whole percent
_SHARES = ("E2", "E4", "E9", "ELSEWHERE", "COHORT")
_SUPPORT = ["n_judged", "n_probes", "kappa"]  # numbers behind a figure, in rows
_VINTAGES = ("flash", "final", "benchmark")


def controlled(facts: Facts) -> Facts:
    """The facts of the controlled class. Withheld figures have the status `suppressed` and no value.

    reason of a withheld figure: `disclosure`, or `few_detected` for a change. Crawls are left out, numbers of shops and
    of the answer 'ya' rounded down to five; a number of shops from 1 to 4 is None.
    """
    week = _Week(facts.figures, facts.hidden, facts.registry, facts.detected_before)
    return replace(
        facts,
        figures=week.figures(),
        marketplaces=tuple(_fewer_shops(item) for item in facts.marketplaces),
        crawls=(),
        reviews={answer: _down(count) if answer == "ya" else count for answer, count in facts.reviews.items()},
        history=tuple(
            _past(past, None if before is None else before.detected, facts.config.region.code)
            for before, past in zip((None, *facts.history), facts.history, strict=False)
        ),
    )


def controlled_rows(estimates: pd.DataFrame, suppressions: pd.DataFrame) -> pd.DataFrame:
    """Rows of `estimates` as the controlled class may hold them: the newest revision of every week and vintage.

    estimates, suppressions: columns of the tables of those names. A withheld row keeps its key and has the status
    `suppressed`; where only the interval is precise enough (grade C) the value is missing. Kecamatan are left out.
    Returns the columns of estimates, ordered by week, vintage, estimand, kind and code.
    """
    keys = ["week", "vintage", "estimand", "domain_kind", "domain_code"]
    kept = estimates[estimates["domain_kind"] != "district"].sort_values([*keys, "revision"])
    kept = kept.drop_duplicates(keys, keep="last").reset_index(drop=True).astype(object)
    kept = kept.where(kept.notna(), None)
    patterns: dict[str, set[tuple[str, str]]] = {}
    for week, table, cell in suppressions[["week", "table_id", "cell"]].itertuples(index=False):
        patterns.setdefault(week, set()).add((table, cell))
    detected = _detected_by_week(kept)
    before = {now: detected.get(then) for then, now in pairwise(sorted(set(kept["week"])))}
    parts = [
        _controlled_part(part, patterns.get(str(key[0]), set()), before.get(str(key[0])))
        for key, part in kept.groupby(["week", "vintage"], sort=True)
        if isinstance(key, tuple)
    ]
    return pd.concat(parts, ignore_index=True) if parts else kept


def _controlled_part(part: pd.DataFrame, hidden: set[tuple[str, str]], before: int | None) -> pd.DataFrame:
    part = part.copy()
    names = ["estimand", "domain_kind", "domain_code", "status", "value", "low", "high", "grade", "reason"]
    found: dict[Key, Figure] = {}
    for estimand, kind, code, *rest in part[names].itertuples(index=False):
        found[estimand, kind, code] = Figure(*rest)
    shown = list(_Week(found, frozenset(hidden), {}, before).figures().values())
    for name in ("status", "low", "high", "grade", "reason"):
        part[name] = pd.Series([getattr(figure, name) for figure in shown], index=part.index, dtype=object)
    values = [None if figure.grade == "C" else figure.value for figure in shown]
    part["value"] = pd.Series(values, index=part.index, dtype=object)
    small = part["domain_kind"].ne("province").to_numpy() & _is_few(part)
    part.loc[small | part["status"].eq("suppressed").to_numpy(), _SUPPORT] = None
    part["kappa"] = pd.Series([None if k is None else round(k, 2) for k in part["kappa"]], part.index, dtype=object)
    return part


def _is_few(part: pd.DataFrame) -> "pd.Series[bool]":
    """Rows that rest on so few judgements or known-present businesses that they could be told."""
    few = [any(value is not None and value < MIN_REGISTERED for value in row) for row in part[_SUPPORT[:2]].to_numpy()]
    return pd.Series(few, index=part.index, dtype=bool)


def _detected_by_week(rows: pd.DataFrame) -> dict[str, int]:
    """Groups detected in the province, E8 and D together, by week."""
    counts = rows[(rows["domain_kind"] == "province") & rows["estimand"].isin(COUNTS) & rows["value"].notna()]
    newest = counts.assign(rank=counts["vintage"].map(_VINTAGES.index)).sort_values("rank")
    newest = newest.drop_duplicates(["week", "estimand"], keep="last")
    return {str(week): int(sum(part)) for week, part in newest.groupby("week")["value"]}


def _past(past: PastWeek, before: int | None, province: str) -> PastWeek:
    """A week before, as precise as this week. before: groups detected in the week before it."""
    keyed = {(name, "province", province): figure for name, figure in past.figures.items()}
    made = _Week(keyed, frozenset(), {}, before, now=past.detected).figures()
    return replace(past, figures={key[0]: figure for key, figure in made.items()}, detected=None)


def _fewer_shops(item: MarketplaceState) -> MarketplaceState:
    if item.shop_count is None:
        return item
    return replace(item, shop_count=None if item.shop_count in FEW else _down(item.shop_count))


def _down(count: float) -> int:
    return int(count) // BASE * BASE


# --- one week -------------------------------------------------------------------------------------------------------


@dataclass
class _Week:
    """The figures of a week and what is withheld of them.

    hidden: table and cell of the frozen patterns; tables named D hold E8 and D together and decide about model figures.
    registry: (kind, code) -> registered groups; empty where it is not known. before: groups detected in the week
    before; now: in this one, where it is known otherwise than by the figures given.
    """

    given: Mapping[Key, Figure]
    hidden: frozenset[tuple[str, str]]
    registry: Mapping[tuple[str, str], int]
    before: int | None
    withheld: set[Key] = field(default_factory=set)
    now: int | None = None

    def figures(self) -> dict[Key, Figure]:
        for name in COUNTS:
            for kind in _KINDS:
                self._withhold_counts(name, kind)
        counts = self._rounded_counts()
        return {key: counts.get(key) or self._model(key, figure) for key, figure in self.given.items()}

    def _withhold_counts(self, name: str, kind: str) -> None:
        cells = {key: int(figure.value or 0) for key, figure in self._counts(name, kind)}
        out = {key for key, count in cells.items() if self._is_small(kind, key[2], count) or self._is_frozen(*key)}
        is_total_known = not any(key[:2] == (name, "province") for key in self.withheld)
        if kind in ADDITIVE and is_total_known:
            most = {key: self._most(kind, key[2]) for key in cells}
            out |= completed(cells, out, most)
        self.withheld |= out

    def _counts(self, name: str, kind: str) -> list[tuple[Key, Figure]]:
        found = [(key, figure) for key, figure in self.given.items() if key[:2] == (name, kind) and figure.shown]
        return sorted(found, key=lambda pair: pair[0])

    def _is_small(self, kind: str, code: str, count: int) -> bool:
        registered = self._registered(kind, code)
        return count in FEW or (registered is not None and 0 < registered < MIN_REGISTERED)

    def _registered(self, kind: str, code: str) -> int | None:
        """Groups in the registry; of domains that stand together, together. None: not known for this kind."""
        if kind not in {known for known, _ in self.registry}:
            return None
        return sum(self.registry.get((kind, one), 0) for one in code.split("+"))

    def _most(self, kind: str, code: str) -> int | None:
        """What an outsider knows a count cannot exceed."""
        registered = self._registered(kind, code)
        return None if registered is None or 0 < registered < MIN_REGISTERED else registered

    def _is_frozen(self, name: str, kind: str, code: str) -> bool:
        """Is the cell withheld by the week's stored pattern?"""
        crossed = {"area": f"{code}/*", "sector": f"*/{code}", "province": "*/*", "area_sector": code}
        table = f"{name}:{'area_sector' if kind in crossed else kind}"
        return (table, crossed.get(kind, code)) in self.hidden

    # --- counts, as multiples of five

    def _rounded_counts(self) -> dict[Key, Figure]:
        made: dict[Key, Figure] = {}
        for name in COUNTS:
            totals = [int(figure.value or 0) for _, figure in self._counts(name, "province")]
            for kind in _KINDS:
                cells = self._counts(name, kind)
                counts = [int(figure.value or 0) for _, figure in cells]
                adds_up = kind in ADDITIVE and totals == [sum(counts)]
                rounded = rounded_together(counts) if adds_up else [_down(count) for count in counts]
                for (key, figure), count in zip(cells, rounded, strict=True):
                    made[key] = _withheld(figure) if key in self.withheld else replace(figure, value=float(count))
        return made

    # --- figures of the model

    def _model(self, key: Key, figure: Figure) -> Figure:
        name, kind, code = key
        if not figure.shown:
            return figure
        if name.startswith(_CHANGES):
            return self._change(figure)
        if kind != "province" and self._is_unsafe(kind, code):
            return _withheld(figure)
        return _rounded_share(name, figure) if name.startswith(_SHARES) else _rounded_estimate(figure)

    def _is_unsafe(self, kind: str, code: str) -> bool:
        """Are the groups detected behind a figure of the model too few, or withheld?"""
        detected = self._detected(kind, code)
        few = detected is not None and self._is_small(kind, code, detected)
        return few or self._is_frozen("D", kind, code)

    def _detected(self, kind: str, code: str) -> int | None:
        values = [self.given.get((name, kind, one)) for name in COUNTS for one in code.split("+")]
        if any(figure is None or figure.value is None for figure in values):
            return None
        return sum(int(figure.value or 0) for figure in values if figure is not None)

    def _change(self, figure: Figure) -> Figure:
        province = {code for name, kind, code in self.given if kind == "province" and name in COUNTS}
        now = self.now if self.now is not None else self._detected("province", next(iter(sorted(province)), ""))
        known = [count for count in (now, self.before) if count is not None]
        if now is None or min(known) < MIN_CHANGE:
            return _withheld(figure, FEW_DETECTED)
        if figure.low is None or figure.high is None:
            count = int(abs(figure.value or 0))
            return _withheld(figure) if count in FEW else replace(figure, value=float(_down(count)))
        return _rounded_change(figure)


def completed(cells: Mapping[Key, int], out: Iterable[Key], most: Mapping[Key, int | None]) -> set[Key]:
    """`out` and the smallest further cells, until what is withheld cannot be told from the total and the cells shown.

    cells: all cells of a total. most: what a cell cannot exceed, None where an outsider does not know. Two cells or
    more are withheld, or none, and each could have any of at least BASE + 1 values.
    """
    chosen = set(out)
    rest = sorted((key for key in cells if key not in chosen and most[key] != 0), key=lambda key: (cells[key], key))
    rest.sort(key=lambda key: cells[key] == 0)  # a nought protects little
    while chosen and rest and not _is_safe(cells, chosen, most):
        chosen.add(rest.pop(0))
    return chosen


def _is_safe(cells: Mapping[Key, int], chosen: set[Key], most: Mapping[Key, int | None]) -> bool:
    total = sum(cells[key] for key in chosen)
    highest = {key: total if most[key] is None else min(total, most[key] or 0) for key in chosen}
    room = sum(highest.values())
    spans = [highest[key] - max(0, total - (room - highest[key])) for key in chosen if most[key] != 0]
    return not spans or min(spans) >= BASE


def rounded_together(counts: Sequence[int]) -> list[int]:
    """Each count as a neighbouring multiple of five; together they are their sum, rounded down to a multiple of five.

    Rounding down keeps "at least" true; the cells with most to spare are rounded up, the first of equal ones.
    """
    short = (_down(sum(counts)) - sum(map(_down, counts))) // BASE
    raised = set(sorted(range(len(counts)), key=lambda at: (-(counts[at] % BASE), at))[:short])
    return [_down(count) + (BASE if at in raised else 0) for at, count in enumerate(counts)]


# --- rounding -------------------------------------------------------------------------------------------------------


def _withheld(figure: Figure, reason: str = DISCLOSURE) -> Figure:
    return replace(figure, status="suppressed", value=None, low=None, high=None, grade=None, reason=reason)


def _each(figure: Figure, values: Iterable[float | None]) -> Figure:
    value, low, high = values
    return replace(figure, value=value, low=low, high=high)


def _ends(figure: Figure) -> tuple[float | None, ...]:
    return figure.value, figure.low, figure.high


def _rounded_share(name: str, figure: Figure) -> Figure:
    digits = _DIGITS_OF_SHARES.get(name[:2], 2)
    return _each(figure, (None if end is None else round(end, digits) for end in _ends(figure)))


def _rounded_estimate(figure: Figure) -> Figure:
    """As many digits as its grade deserves; without one as for grade B."""
    grade = figure.grade if figure.grade in ("A", "B", "C") else "B"
    return _each(figure, (None if end is None else wording.rounded(end, grade, figure.value) for end in _ends(figure)))


def _rounded_change(figure: Figure) -> Figure:
    """To two digits of its longer end, unless that would hide that the interval leaves out zero."""
    ends = [end for end in _ends(figure) if end is not None]
    unit = 10 ** max(len(str(int(max(map(abs, ends))))) - 2, 0)
    wide = _each(figure, (float(round(end / unit) * unit) for end in ends))
    if _sign(wide) == _sign(figure):
        return wide
    return _each(figure, (float(round(end)) or (1.0 if end > 0 else -1.0) for end in ends))


def _sign(figure: Figure) -> int:
    low, high = figure.low or 0.0, figure.high or 0.0
    return 1 if low > 0 else -1 if high < 0 else 0
