"""What is said of change, apart for what happened in the world and for what comes from how it was measured.

A rise or a fall is said only when its interval excludes zero. It is told from the fixed panel of queries (E6) and from
dated shops (E7), never from the difference of two levels or from what was newly found.
"""

from collections.abc import Mapping
from typing import Any

from exports import level_words, wording
from exports.base import plain
from exports.facts import Facts, Figure, MarketplaceState
from exports.sentences import say
from exports.wording import capital
from monitor.weeks import shift_week

READ = ("measured", "fed")
SIDE_BY_SIDE = 7  # further weeks in which figures from before and after a break stand side by side
OF_LEVEL = ("marketplaces", "model", "definition", "crawl_level")  # kinds of break after which levels do not compare
_WHY_NOT = {"model_changed": "cara", "no_panel": "tetap", "few_detected": "sedikit", "no_judgements": "periksa"}
LATEST = 4  # weeks back in which the last change that is known is looked for


# --- may it be compared ---------------------------------------------------------------------------------------------


def lost(item: MarketplaceState) -> bool:
    """Refused or unreadable this week, though it had figures of its own the week before."""
    return (item.state in ("refused", "failed") or is_old(item)) and item.before in READ


def is_old(item: MarketplaceState) -> bool:
    """Carried because it could not be read; not because this was not its week."""
    return item.state == "carried" and (item.cause or "") != "not_crawled"


def differs(facts: Facts) -> bool:
    """Is another set of marketplaces read than the week before, or an old reading in use: levels do not compare."""
    return any(lost(item) or is_old(item) for item in facts.marketplaces)


def direction(change: Figure) -> int:
    """1: a rise that is sure, -1: a fall that is sure, 0: neither."""
    if not change.shown or change.low is None or change.high is None:
        return 0
    return 1 if change.low > 0 else -1 if change.high < 0 else 0


# --- sentences ------------------------------------------------------------------------------------------------------


def compared(facts: Facts) -> str:
    """The bullet about change."""
    if facts.is_first:
        return say("belum.pembanding")
    week, month = facts.province("E6_1"), facts.province("E6_4")
    if differs(facts):
        return " ".join([say("perubahan.tidak_dinyatakan"), *_like_for_like(facts, week)])
    if not week.shown:
        return " ".join([say("perubahan.tidak_dinyatakan_karena", sebab=_why_not(week)), *earlier(facts)])
    said = [sentence(week, "pekan", flows(facts))]
    if month.shown and direction(month) == direction(week) == 0:
        said.append(say("perubahan.demikian", **_ends(month)))
    elif month.shown:
        said.append(sentence(month, "empat_pekan"))
    return " ".join(said)


def last_known(facts: Facts) -> tuple[str, Figure] | None:
    """The newest earlier week whose change is known, and that change, where answers to this week's are still to come.

    What arrived or left in a week is judged on sheets that go out with its first figures, so that its change is told
    with those of the week after.
    """
    if facts.province("E6_1").reason != "no_judgements":
        return None
    known = [(past.week, past.figure("E6_1")) for past in facts.history[-LATEST:]]
    return next(((week, change) for week, change in reversed(known) if change.shown), None)


def earlier(facts: Facts) -> list[str]:
    """The sentence about it, which names the two weeks; none where there is none."""
    found = last_known(facts)
    if found is None:
        return []
    week, change = found
    if direction(change):
        return [say("perubahan.lalu_pasti", **_between(week), **_sure(change))]
    return [say("perubahan.lalu_belum_pasti", **_between(week), **_ends(change))]


def _between(week: str) -> dict[str, str]:
    return {"dari": wording.week_short(shift_week(week, -1)), "ke": wording.week_short(week)}


def sentence(change: Figure, against: str, told: list[str] | None = None) -> str:
    """Rise, fall or not sure against 'pekan' or 'empat_pekan', with the flows behind it."""
    before = say(f"perubahan.{against}")
    if direction(change):
        behind = f": {wording.listed(told)}" if told else ""
        return say("perubahan.pasti", pembanding=before, aliran=behind, **_sure(change))
    if told:
        return say("perubahan.belum_pasti_aliran", pembanding=before, aliran=wording.listed(told))
    return say("perubahan.belum_pasti", pembanding=before, **_ends(change))


def _sure(change: Figure) -> dict[str, str]:
    assert change.low is not None and change.high is not None and change.value is not None
    low, high = sorted((abs(change.low), abs(change.high)))
    way = "naik" if direction(change) > 0 else "turun"
    return {
        "arah": way,
        "jumlah": wording.number(abs(change.value)),
        "bawah": wording.number(low),
        "atas": wording.number(high),
    }


def _ends(change: Figure) -> dict[str, str]:
    assert change.low is not None and change.high is not None
    return {"bawah": _signed(change.low), "atas": _signed(change.high)}


def _signed(value: float) -> str:
    size = wording.number(abs(value))
    return size if round(value) == 0 else f"{'naik' if value > 0 else 'turun'} {size}"


def flows(facts: Facts) -> list[str]:
    """'sekitar 110 UMKM mulai berjualan', and the like, for what could be counted; the unit stands once."""
    counted = [("mulai", facts.province("E7_IN")), ("berhenti", facts.province("E7_OUT"))]
    amounts = [(name, _about(figure)) for name, figure in counted if figure.shown]
    found = facts.province("FOUND")
    if found.shown and found.value:
        amounts.append(("ditemukan", wording.number(found.value)))
    return [
        say(f"perubahan.{name}", jumlah=amount if at else f"{amount} UMKM") for at, (name, amount) in enumerate(amounts)
    ]


def _about(figure: Figure) -> str:
    return f"{'sekurang-kurangnya' if figure.high is None else 'sekitar'} {wording.number(figure.value or 0)}"


def _why_not(change: Figure) -> str:
    return say(f"perubahan.sebab_{_WHY_NOT.get(change.reason or '', 'lain')}")


def _like_for_like(facts: Facts, change: Figure) -> list[str]:
    both = [item for item in facts.marketplaces if item.state in READ and item.before in READ]
    if not change.shown or not both:
        return []
    count = wording.number(len(both))
    if direction(change) == 0:
        return [say("perubahan.serupa_belum_pasti", jumlah=count)]
    sure = _sure(change)
    return [say("perubahan.serupa_pasti", **{**sure, "jumlah": count, "perubahan": sure["jumlah"]})]


def headline(facts: Facts) -> str:
    """What follows the level in the title; empty where nothing is said of change."""
    change = facts.province("E6_1")
    if facts.is_first or differs(facts) or not change.shown:
        return ""
    return say({1: "judul.naik", -1: "judul.turun", 0: "judul.belum_pasti"}[direction(change)])


def briefly(facts: Facts) -> str:
    """The answer in the box."""
    if facts.is_first:
        return say("perubahan.singkat_pertama")
    change = facts.province("E6_1")
    found = None if differs(facts) else last_known(facts)
    if found is not None and direction(found[1]):
        return say("perubahan.singkat_lalu_pasti", **_between(found[0]), **_sure(found[1]))
    if found is not None:
        return say("perubahan.singkat_lalu_belum_pasti", **_between(found[0]))
    if differs(facts) or not change.shown:
        return say("perubahan.singkat_tidak")
    if direction(change) == 0:
        return say("perubahan.singkat_belum_pasti")
    return capital(say("perubahan.singkat_pasti", **_sure(change)))


# --- apart ----------------------------------------------------------------------------------------------------------


def in_the_world(facts: Facts) -> list[str]:
    """Sentences about shops and businesses, or that nothing is known of them."""
    if facts.is_first:
        return [say("dunia.pertama")]
    week, month = facts.province("E6_1"), facts.province("E6_4")
    said = []
    if differs(facts):
        said += _like_for_like(facts, week)
    else:
        said += [sentence(week, "pekan")] if week.shown else []
        said += [sentence(month, "empat_pekan")] if month.shown else []
        said += earlier(facts)
    for name, figure in (("mulai", facts.province("E7_IN")), ("berhenti", facts.province("E7_OUT"))):
        if figure.shown:
            least = "_sedikitnya" if name == "mulai" and figure.high is None else ""
            said.append(say(f"dunia.{name}{least}", jumlah=wording.number(figure.value or 0)))
    return said or [say("dunia.belum")]


def because_of_us(facts: Facts) -> list[str]:
    """Sentences about marketplaces, registry and method that differ from the week before, and what we newly found."""
    if facts.is_first:
        return [say("dunia.pertama")]
    said = []
    for carried, name in ((True, "kami.lama"), (False, "kami.tanpa")):
        gone = [item for item in facts.marketplaces if lost(item) and (item.state == "carried") is carried]
        if gone:
            said.append(say(name, lokapasar=wording.some([plain(item.title) for item in gone], 4)))
    new = [plain(item.title) for item in facts.marketplaces if item.state in READ and item.before not in (None, *READ)]
    if new:
        said.append(say("kami.baru", lokapasar=wording.some(new, 4)))
    said += [*breaks(facts), *_as_before(facts)]
    found = facts.province("FOUND")
    same = [] if said else [say("kami.sama")]
    if found.shown and found.value:
        said.append(say("kami.ditemukan", jumlah=wording.number(found.value)))
    return [*same, *said]


def breaks(facts: Facts) -> list[str]:
    """What changed in counting, from this week on, and in the registry; each once."""
    why = [_reason(row) for row in facts.breaks if row["kind"] in OF_LEVEL]
    said = []
    if why:
        week, until = facts.week, shift_week(facts.week, SIDE_BY_SIDE)
        names = {"pekan": wording.week_short(week), "sampai": wording.week_short(until)}
        said.append(say("perubahan.patahan", alasan="; ".join(why), **names))
    notes = [capital(f"{_reason(row)}.") for row in facts.breaks if row["kind"] == "panel"]
    return [*said, *_registry(facts), *notes]


def _registry(facts: Facts) -> list[str]:
    changed = [capital(f"{_reason(row)}.") for row in facts.breaks if row["kind"] == "registry"]
    then = facts.registry_before[1] if facts.registry_before else None
    if changed and then is not None and facts.registry_total is not None and then != facts.registry_total:
        return [say("perubahan.registri", dulu=wording.number(then), kini=wording.number(facts.registry_total))]
    return changed


def _as_before(facts: Facts) -> list[str]:
    """The level as it was defined before the marketplaces covered changed, beside the new one."""
    level = facts.province("E1_BEFORE")
    if not level.shown or level.low is None or level.high is None:
        return []
    return [say("perubahan.cakupan_lama", perkiraan=level_words.estimated(level))]


def _reason(row: Mapping[str, Any]) -> str:
    return plain(row["note"]).rstrip(".")
