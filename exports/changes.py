"""What is said of change, apart for what happened in the world and for what comes from how it was measured.

A rise or a fall is said only when its interval excludes zero. It is told from the fixed panel of queries (E6) and from
dated shops (E7), never from the difference of two levels or from what was newly found.
"""

from exports import wording
from exports.base import plain
from exports.facts import Facts, Figure, MarketplaceState

UNSURE = "belum dapat dipastikan naik atau turun"
FIRST = "Ini pengukuran pertama; belum ada pembanding."
READ = ("measured", "fed")
_WHY_NOT = {
    "model_changed": "cara mencocokkan toko dan usaha berubah",
    "no_panel": "pencarian tetap belum berjalan pada kedua pekan",
}


def lost(item: MarketplaceState) -> bool:
    """Refused or unreadable this week, though it had figures of its own the week before."""
    unread = item.state in ("refused", "failed") or (item.state == "carried" and (item.cause or "") != "not_crawled")
    return unread and item.before in READ


def differs(facts: Facts) -> bool:
    """Is another set of marketplaces read than the week before, so that levels do not compare?"""
    return any(lost(item) for item in facts.marketplaces)


def direction(change: Figure) -> int:
    """1: a rise that is sure, -1: a fall that is sure, 0: neither."""
    if not change.shown or change.low is None or change.high is None:
        return 0
    return 1 if change.low > 0 else -1 if change.high < 0 else 0


def words(change: Figure) -> str:
    """'naik sekitar 180 UMKM (antara 40 dan 330)', or that it is not sure and between what it lies."""
    assert change.low is not None and change.high is not None and change.value is not None
    way = direction(change)
    if way == 0:
        return f"{UNSURE} (selisih antara {_signed(change.low)} dan {_signed(change.high)})"
    low, high = sorted((abs(change.low), abs(change.high)))
    name = "naik" if way > 0 else "turun"
    between = f"antara {wording.number(low)} dan {wording.number(high)}"
    return f"{name} sekitar {wording.number(abs(change.value))} UMKM ({between})"


def _signed(value: float) -> str:
    size = wording.number(abs(value))
    return size if round(value) == 0 else f"{'naik' if value > 0 else 'turun'} {size}"


def flows(facts: Facts) -> list[str]:
    """'sekitar 110 UMKM mulai berjualan', and the like, for what could be counted."""
    told = []
    for estimand, text in (("E7_IN", "mulai berjualan"), ("E7_OUT", "tidak lagi terlihat")):
        figure = facts.province(estimand)
        if figure.shown and figure.value is not None:
            about = "sekurang-kurangnya" if figure.high is None else "sekitar"
            told.append(f"{about} {wording.number(figure.value)} UMKM {text}")
    found = facts.province("FOUND")
    if found.shown and found.value:
        told.append(f"{wording.number(found.value)} UMKM baru ditemukan (tokonya sudah lama ada)")
    return told


def compared(facts: Facts) -> str:
    """The bullet about change."""
    if facts.is_first:
        return "Perbandingan dengan waktu sebelumnya belum ada karena ini pengukuran pertama."
    week, month = facts.province("E6_1"), facts.province("E6_4")
    if differs(facts):
        return " ".join(["Perubahan dari pekan sebelumnya tidak dinyatakan.", *_like_for_like(facts, week)])
    if not week.shown:
        return f"Perubahan dari pekan sebelumnya tidak dinyatakan karena {_why_not(week)}."
    told = flows(facts)
    text = f"Dibandingkan dengan pekan sebelumnya, {words(week)}"
    text += f"; {wording.listed(told)}." if told else "."
    return f"{text} Dibandingkan dengan empat pekan sebelumnya, {words(month)}." if month.shown else text


def _why_not(change: Figure) -> str:
    return _WHY_NOT.get(change.reason or "", "belum ada dua pekan yang dapat dibandingkan")


def _like_for_like(facts: Facts, change: Figure) -> list[str]:
    both = [item for item in facts.marketplaces if item.state in READ and item.before in READ]
    if not change.shown or not both:
        return []
    return [f"Pada {wording.number(len(both))} lokapasar yang terbaca pada kedua pekan, {words(change)}."]


def headline(facts: Facts) -> str:
    """What follows the level in the title; empty where nothing is said of change."""
    change = facts.province("E6_1")
    if facts.is_first or not change.shown:
        return ""
    return {1: "jumlahnya naik", -1: "jumlahnya turun", 0: UNSURE}[direction(change)]


def briefly(facts: Facts) -> str:
    """The answer in the box."""
    if facts.is_first:
        return "Belum ada pembanding."
    change = facts.province("E6_1")
    if differs(facts) or not change.shown:
        return "Tidak dinyatakan."
    text = words(change)
    return f"{text[:1].upper()}{text[1:]}."


def in_the_world(facts: Facts) -> list[str]:
    """Sentences about shops and businesses, or that nothing is known of them."""
    if facts.is_first:
        return [FIRST]
    week, told = facts.province("E6_1"), flows(facts)
    said = [f"Dibandingkan dengan pekan sebelumnya, {words(week)}."] if week.shown and not differs(facts) else []
    said += [f"{_sentence(text)}." for text in told if not text[0].isdigit()]
    said += [f"Sebanyak {text}; tidak dihitung sebagai kenaikan." for text in told if text[0].isdigit()]
    return said or ["Belum ada perubahan yang dapat dinyatakan."]


def because_of_us(facts: Facts) -> list[str]:
    """Sentences about marketplaces, registry and method that differ from the week before."""
    if facts.is_first:
        return [FIRST]
    said = []
    for carried, what in ((True, "; angkanya memakai data lama"), (False, " dan tidak termasuk dalam angkanya")):
        gone = [item for item in facts.marketplaces if lost(item) and (item.state == "carried") is carried]
        if gone:
            said.append(f"{wording.some([plain(item.title) for item in gone], 4)} tidak terbaca pekan ini{what}.")
    new = [plain(item.title) for item in facts.marketplaces if item.state in READ and item.before not in (None, *READ)]
    if new:
        said.append(f"{wording.some(new, 4)} terbaca pekan ini dan tidak terbaca pekan sebelumnya.")
    said += [plain(row["note"]) for row in facts.breaks]
    return said or ["Lokapasar yang dicakup, registri, dan cara hitung sama dengan pekan sebelumnya."]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
