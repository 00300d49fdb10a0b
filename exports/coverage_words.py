"""Sentences about marketplaces that were refused, carried or not read: what they mean for the figure and until when."""

from collections.abc import Sequence

from exports import changes, wording
from exports.base import plain
from exports.cells import ONLY_INTERVAL, figure_cell
from exports.facts import Facts, MarketplaceState
from exports.level_words import amount, ends
from exports.sentences import say
from monitor.weeks import shift_week, week_days

LONGEST_CARRY = 4  # weeks after its own for which a reading may be carried (estimation 7)
MOST_NAMES = 4  # in a sentence of the first page; the box names two more


def titles(items: Sequence[MarketplaceState]) -> list[str]:
    return [plain(item.title) for item in items]


def named(items: Sequence[MarketplaceState], most: int = MOST_NAMES) -> str:
    return wording.some(titles(items), most)


def old(facts: Facts) -> list[MarketplaceState]:
    """In use with an older reading because they could not be read."""
    return [item for item in facts.marketplaces if changes.is_old(item)]


def shut(facts: Facts) -> list[MarketplaceState]:
    """Tried and not read, with nothing to fall back on."""
    return [item for item in facts.marketplaces if item.state in ("refused", "failed")]


def unread(facts: Facts) -> list[MarketplaceState]:
    """Marketplaces that still exist and are not in use, those that people ask about first."""
    order = {"refused": 0, "failed": 1}
    kinds = {"social": 1, "general": 0, "food": 2, "fashion": 3}
    known = {slug: at for at, slug in enumerate(("tiktok_shop", "facebook", "instagram", "whatsapp"))}
    found = [item for item in facts.marketplaces if not item.in_use and item.state != "closed"]
    return sorted(found, key=lambda item: (order.get(item.state, 2), known.get(item.slug, 9), kinds.get(item.kind, 9)))


def resting(facts: Facts) -> list[MarketplaceState]:
    """Not measured, and not because the reading of this week failed."""
    return [item for item in unread(facts) if item.state not in ("refused", "failed")]


# --- refused or unreadable ------------------------------------------------------------------------------------------


def refusal(items: Sequence[MarketplaceState]) -> str:
    """That they refused, and what it does not mean."""
    refused = [item for item in items if _refused(item)]
    failed = [item for item in items if not _refused(item)]
    said = [say("ditolak.menolak", lokapasar=named(refused))] if refused else []
    return " ".join([*said, *([say("ditolak.belum_lengkap", lokapasar=named(failed))] if failed else [])])


def _refused(item: MarketplaceState) -> bool:
    return item.state == "refused" or (item.state == "carried" and (item.cause or "").startswith("refused"))


def carried(facts: Facts) -> str:
    """Which older readings are in use, and the level with them."""
    items, level = old(facts), facts.province("E1")
    number = amount(level)
    if figure_cell(level) != ONLY_INTERVAL:
        number = f"{number} ({ends(level)})"
    weeks = {item.source_week or "" for item in items}
    if len(weeks) == 1:
        who = {1: titles(items)[0], 2: "keduanya"}.get(len(items), "semuanya")
        said = [say("ditolak.data_lama", keduanya=who, pekan=_week(weeks.pop()), jumlah=number)]
    else:
        each = [
            say("ditolak.data_lama_satu", lokapasar=plain(item.title), pekan=_week(item.source_week)) for item in items
        ]
        said = [say("ditolak.data_lama_beda", rincian=wording.listed(each), jumlah=number)]
    return " ".join([*said, *([say("ditolak.lebih_lebar")] if _wider(facts) else [])])


def _week(week: str | None) -> str:
    return wording.week_short(week) if week else "pekan yang lalu"


def _wider(facts: Facts) -> bool:
    """Is the interval wider than the week before?"""
    if not facts.history:
        return False
    now, then = facts.province("E1"), facts.history[-1].figure("E1")
    if None in (now.low, now.high, then.low, then.high) or not then.shown:
        return False
    return (now.high or 0) - (now.low or 0) > (then.high or 0) - (then.low or 0)


def until(facts: Facts) -> str:
    """How long older readings may be used."""
    items = old(facts)
    last = shift_week(min(item.source_week or facts.week for item in items), LONGEST_CARRY)
    days = wording.span(*week_days(last))
    return say("ditolak.sampai", pekan=wording.week_short(last), hari=days, lokapasar=named(items))


def excluded(facts: Facts) -> str:
    """That shops there are not in the figure, and how many businesses have shops nowhere else."""
    items = shut(facts)
    said = [say("ditolak.tidak_termasuk", lokapasar=named(items))]
    beyond = facts.province("ELSEWHERE")
    if beyond.shown and beyond.value is not None:
        names = [*titles(items), *([say("ditolak.lain")] if resting(facts) else [])]
        where = " atau ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])}, atau {names[-1]}"
        said.append(say("ditolak.di_luar", jumlah=wording.number(beyond.value * 100), lokapasar=where))
    return " ".join(said)


# --- not measured ---------------------------------------------------------------------------------------------------

_UNREAD = {
    "refused": "cakupan.menolak",
    "failed": "cakupan.belum_lengkap",
    "not_open": "cakupan.tertutup",
    "not_crawled": "cakupan.tidak_dibaca",
}


def why_unread(facts: Facts) -> str:
    """While there is no level: who refused, who offers no list; that nothing is known of shops there."""
    items = unread(facts)
    said = [
        say(name, lokapasar=named([item for item in items if item.state == state]))
        for state, name in _UNREAD.items()
        if any(item.state == state for item in items)
    ]
    said += [say("cakupan.belum_diketahui")] if said else []
    carried_on = [item for item in facts.marketplaces if item.state == "carried"]
    said += [say("cakupan.lama", lokapasar=named(carried_on))] if carried_on else []
    return " ".join(said or [say("cakupan.semua")])


def not_measured(facts: Facts) -> str:
    """With a level and nothing refused: that all that is covered was read, and what is not measured."""
    rest = resting(facts)
    late = [item for item in facts.marketplaces if item.state == "carried" and not changes.is_old(item)]
    said = [] if late or shut(facts) else [say("cakupan.semua")]
    said += [say("cakupan.lama", lokapasar=named(late))] if late else []
    return " ".join([*said, *([say("cakupan.tidak_diukur", lokapasar=named(rest))] if rest else [])])


def still_not_measured(facts: Facts) -> list[str]:
    items = unread(facts)
    return [say("ditolak.tetap", lokapasar=named(items))] if items else []


def in_the_box(facts: Facts) -> str:
    """The answer to 'Apa yang tidak diukur?'."""
    gone, rest = old(facts), unread(facts)
    if gone:
        names = {"lama": named(gone)}
        return say("sekilas.tidak_terbaca", lain=_row(rest), **names) if rest else say("sekilas.semua_lama", **names)
    return say("sekilas.daftar", lokapasar=_row(rest)) if rest else say("sekilas.semua")


def _row(items: Sequence[MarketplaceState], most: int = 6) -> str:
    """'A, B, C'; a long list ends with how many more."""
    names = titles(items)
    return ", ".join(names) if len(names) <= most + 1 else wording.some(names, most)
