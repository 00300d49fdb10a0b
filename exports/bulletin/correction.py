"""RALAT: what was wrong, what is right, and whether the main conclusion still holds."""

from dataclasses import dataclass

from exports import wording
from exports.base import plain
from exports.sentences import say


@dataclass(frozen=True)
class Correction:
    """place: 'Kota Cilegon'; cause: why it was wrong, as part of a sentence; written, right: the figures as shown.

    conclusion: the main finding as it should read; '' where it has not changed.
    """

    place: str
    week: str
    cause: str
    written: float
    right: float
    conclusion: str = ""


def correction_text(correction: Correction) -> str:
    """'RALAT. Angka Kota Cilegon pekan ke-10 keliru karena ..; tertulis 240, seharusnya 204. Kesimpulan utama ..'."""
    told = say(
        "ralat.kepala",
        wilayah=plain(correction.place),
        pekan=wording.week_short(correction.week),
        sebab=plain(correction.cause).rstrip("."),
        tertulis=wording.number(correction.written),
        seharusnya=wording.number(correction.right),
    )
    if correction.conclusion:
        return " ".join([told, say("ralat.berubah", kesimpulan=plain(correction.conclusion))])
    return " ".join([told, say("ralat.tetap")])
