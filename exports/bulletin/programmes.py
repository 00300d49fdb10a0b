"""Sentences about participants of programmes: how many are present, beside comparable businesses; never an effect."""

from exports import wording
from exports.base import Column, Export, Row, cut, plain
from exports.cells import estimate_cells
from exports.facts import Facts, Figure
from exports.programmes import DIFFERENCE, ESTIMATE, difference_cells
from exports.sentences import say

LONGEST_NAME = 80  # characters of a programme's name, which comes from outside


class Programmes(Export):
    """Estimate of every programme and its difference from comparable businesses, from the figures alone."""

    file_name = "program"
    sheet = "Program"
    title = "Program"
    columns: tuple[Column, ...] = (
        Column("program", "Program", "label", "Nama pelatihan atau daftar sebagaimana diserahkan."),
        *ESTIMATE,
        *DIFFERENCE,
    )

    def rows(self, week: str) -> list[Row]:
        return [
            (
                shown_name(code),
                *estimate_cells(self.facts.figure("E1", "cohort", code)),
                *difference_cells(self.facts.figure("COHORT_DIFF", "cohort", code)),
            )
            for code in names(self.facts)
        ]


def names(facts: Facts) -> list[str]:
    return sorted({code for _, kind, code in facts.figures if kind == "cohort"})


def programmes(facts: Facts) -> list[str]:
    said = [_programme(facts, name) for name in names(facts)]
    plaza = next((item for item in facts.marketplaces if item.slug == "plaza_banten"), None)
    said += [say("program.plaza")] if plaza is not None and plaza.in_use else []
    return said if names(facts) else [say("program.kosong"), *said]


def shown_name(code: str) -> str:
    """The name as an office wrote it, harmless and not too long."""
    return cut(plain(code), LONGEST_NAME)


def _programme(facts: Facts, code: str) -> str:
    name = shown_name(code)
    level, share = (facts.figure(estimand, "cohort", code) for estimand in ("E1", "E2"))
    if level.status == "suppressed":
        return say("program.tersembunyi", program=name)
    if not level.shown or not share.shown or not share.value or level.value is None:
        return _without_level(facts, code, name, level)
    difference = facts.figure("COHORT_DIFF", "cohort", code)
    present, size = level.value, round(level.value / share.value)
    given = {
        "program": name,
        "peserta": wording.number(size),
        "hadir": wording.number(present),
        "persen": _percent(share.value),
    }
    if not difference.shown or difference.low is None or difference.high is None or difference.value is None:
        return say("program.hadir", **given, sebab=_reason(difference))
    ends = (difference.value, difference.low, difference.high)
    points = dict(zip(("selisih", "bawah", "atas"), map(_signed, ends), strict=True))
    return say("program.lengkap", **given, lain=_percent(share.value - difference.value), **points)


def _without_level(facts: Facts, code: str, name: str, level: Figure) -> str:
    said = [say("program.belum", program=name, sebab=_reason(level))]
    verified = facts.figure("E8", "cohort", code)
    if verified.shown and verified.value:
        said.append(say("program.dipastikan", jumlah=wording.number(verified.value)))
    return " ".join(said)


def _reason(figure: Figure) -> str:
    return wording.REASONS.get(figure.reason or "", wording.REASONS["not_computed"])


def _percent(share: float) -> str:
    return wording.number(share * 100)


def _signed(share: float) -> str:
    return wording.number(share * 100) if share >= 0 else f"minus {wording.number(-share * 100)}"
