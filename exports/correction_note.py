"""RALAT: the text by which a figure that was wrong is taken back, with the right one read from the results."""

from sqlalchemy import Engine

from exports import level_words, wording
from exports.bulletin.correction import Correction, correction_text
from exports.cells import figure_cell
from exports.checks import check_words
from exports.controlled import controlled
from exports.facts import read_facts
from monitor.config import Config
from monitor.errors import UsageError


def note(
    engine: Engine, config: Config, week: str, area: str | None, cause: str, written: int, practice: bool
) -> bytes:
    """The text to forward. area: kode of the kab/kota, None for the province. cause: part of a sentence.

    Raises UsageError when there is no right figure to name, or when it is what was written.
    """
    facts = controlled(read_facts(engine, config, week, practice))
    if area is not None and area not in facts.areas:
        raise UsageError(f"'{area}' is no kab/kota of the province; write its code like 3602.")
    level = facts.figure("E1", "area", area) if area else facts.province("E1")
    right = figure_cell(level)
    place = facts.areas[area] if area else f"Provinsi {config.region.name}"
    if not isinstance(right, int):
        raise UsageError(f"The figure of {place} in {week} is not shown, so that there is nothing to correct it to.")
    if right == written:
        raise UsageError(f"{place} has {right} in {week}, which is what was written; there is nothing to correct.")
    conclusion = f"diperkirakan {level_words.amount(level)} UMKM." if area is None else ""
    text = correction_text(Correction(place, week, cause, float(written), float(right), conclusion))
    check_words(facts, (), (text,), week)
    head = [wording.PRACTICE] if practice else []
    return ("\n".join([*head, text]) + "\n").encode("utf-8")
