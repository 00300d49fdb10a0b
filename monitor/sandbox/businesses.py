"""Businesses of the training world: who they are before anybody writes them into a list.

Names follow Zipf's law and 18 % are the owner's name; 3 % of owners hold two registrations, 1 % of businesses are
listed twice. Identifiers are few, and some lie: a registration assistant's phone stands with hundreds of businesses.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace

from monitor.sandbox import places
from monitor.sandbox.customs import USUAL, Customs
from monitor.sandbox.draws import Draws
from monitor.sandbox.noise import typo
from monitor.sandbox.vocabulary import Trade, ordered_words, registry_trades, words

_MOBILE = (
    "0812",
    "0813",
    "0821",
    "0852",
    "0857",
    "0858",
    "0877",
    "0878",
    "0881",
    "0882",
    "0895",
    "0896",
    "0897",
    "0819",
)
_COMMON_FIRST = {"Siti", "Muhamad", "Ahmad", "Abdul", "Nur", "Sri"}  # nobody is called by these alone
SECOND_REGISTRATION = 0.03
LISTED_TWICE = 0.01
BUSINESSES_PER_ASSISTANT = 4_000


@dataclass(slots=True)
class Business:
    """One business. phone: 08…; pirt: 15 digits; halal: ID and 17 digits; "" where it has none."""

    source_id: str
    name: str
    trade_name: str
    owner: str
    called: str  # what people call the owner
    trade: Trade
    product: str
    village: places.Village
    address: str
    phone: str
    pirt: str
    halal: str
    nib: str
    kbli: str
    size: str
    year: int
    phone_is_shared: bool  # it is a registration assistant's
    same_as: str = ""  # source_id of the row that lists the same business first


def coined(draws: Draws) -> str:
    """A brand nobody else has, or nearly: two or three syllables."""
    parts = [draws.pick(words().onsets) + draws.pick(words().vowels) for _ in range(draws.between(2, 3))]
    return ("".join(parts) + draws.pick(words().codas)).capitalize()


def brand(draws: Draws) -> str:
    table = ordered_words(draws.customs)
    kind = bisect_right(draws.customs.brands, draws.unit())
    if kind == 0:
        return draws.weighted(table.brands)
    if kind == 1:
        return f"{draws.weighted(table.brands)} {draws.weighted(table.brands)}"
    if kind == 2:
        return draws.pick(table.places)
    if kind == 3:
        return coined(draws)
    return f"{coined(draws)} {draws.weighted(table.brands)}"


def person(draws: Draws) -> tuple[str, str]:
    """Full name as an office writes it, and what people call her or him."""
    every = ordered_words(draws.customs)
    table = every.female if draws.chance(0.55) else every.male
    first = draws.weighted(table)
    names = [first]
    form = draws.unit()
    if form < 0.28:
        names.append(draws.weighted(table))
    if form > 0.12:
        names.append(draws.weighted(every.last))
    names = list(dict.fromkeys(names))
    called = names[1] if first in _COMMON_FIRST and len(names) > 1 else first
    title = draws.unit()
    if title < 0.06:
        return f"{'Hj.' if table is every.female else 'H.'} {' '.join(names)}", called
    return " ".join(names), called


def business_name(draws: Draws, trade: Trade, owner: str, called: str, village: places.Village) -> str:
    kind = bisect_right(draws.customs.named, draws.unit())
    if kind == 0:
        return owner if draws.chance(0.8) else f"{draws.pick(words().titles)} {called}"
    if kind == 1:
        return f"{draws.pick(trade.heads)} {draws.pick(words().titles)} {called}"
    if kind == 2:
        return f"{draws.pick(trade.heads)} {brand(draws)}"
    if kind == 3:
        return f"{brand(draws)} {draws.pick(trade.suffixes)}"
    if kind == 4:
        return f"{'CV' if draws.chance(0.4) else 'UD'} {brand(draws)} {brand(draws)}"
    if kind == 5:
        return draws.pick(trade.heads)
    return f"{draws.pick(trade.heads)} {village.name}"


def phone_number(draws: Draws) -> str:
    return draws.pick(_MOBILE) + draws.digits(draws.between(7, 8))


def _pirt(draws: Draws, area: str) -> str:
    expiry = draws.between(25, 31)
    return f"{draws.between(1, 8)}{draws.between(1, 15):02d}{area}{draws.digits(6)}{expiry}"


def _halal(draws: Draws) -> str:
    return f"ID36{draws.digits(11)}{draws.between(1, 12):02d}{draws.between(21, 26)}"


def _address(draws: Draws) -> str:
    if draws.chance(0.55):
        street = f"{draws.pick(words().streets)} No. {draws.between(1, 240)}"
    else:
        street = draws.pick(words().hamlets)
    return f"{street} RT {draws.between(1, 9):02d} RW {draws.between(1, 12):02d}"


def make_business(draws: Draws, source_id: str, village: places.Village, trade: Trade) -> Business:
    owner, called = person(draws)
    has_pirt = trade.food and draws.chance(0.22)
    return Business(
        source_id=source_id,
        name=business_name(draws, trade, owner, called, village),
        trade_name=brand(draws) if draws.chance(draws.customs.trade_name) else "",
        owner=owner,
        called=called,
        trade=trade,
        product=draws.pick(trade.products),
        village=village,
        address=_address(draws),
        phone=phone_number(draws) if draws.chance(0.72) else "",
        pirt=_pirt(draws, village.city.code) if has_pirt else "",
        halal=_halal(draws) if trade.food and draws.chance(0.14) else "",
        nib=draws.pick("01289") + draws.digits(12) if draws.chance(0.45) else "",
        kbli=draws.pick(trade.kbli),
        size="KECIL" if draws.chance(0.07) else "MIKRO",
        year=draws.between(1998, 2025),
        phone_is_shared=False,
    )


def _second_registration(draws: Draws, first: Business, source_id: str) -> Business:
    """Another business of the same owner at the same place, reached by the same phone."""
    trade = draws.weighted(registry_trades())
    made = make_business(draws, source_id, first.village, trade)
    name = business_name(draws, trade, first.owner, first.called, first.village)
    return replace(
        made,
        name=name,
        owner=first.owner,
        called=first.called,
        address=first.address,
        phone=first.phone,
        phone_is_shared=first.phone_is_shared,
    )


def _listed_again(draws: Draws, first: Business, source_id: str) -> Business:
    """The same business, written a second time by another hand."""
    name = typo(draws, first.name) if draws.chance(0.5) else first.name
    return replace(first, source_id=source_id, name=name, nib="", halal="", same_as=first.same_as or first.source_id)


def assistants(seed: int, businesses: int) -> list[str]:
    """Phones of those who register others, each for hundreds of businesses."""
    draws = Draws(seed, "assistants")
    return [phone_number(draws) for _ in range(max(1, businesses // BUSINESSES_PER_ASSISTANT))]


def make_businesses(seed: int, count: int, difficulty: float, customs: Customs = USUAL) -> list[Business]:
    draws = Draws(seed, "businesses", customs)
    helpers = assistants(seed, count)
    found: list[Business] = []
    for number in range(1, count + 1):
        source_id = f"36-{number:07d}"
        kind = draws.unit() if found else 1.0
        if kind < LISTED_TWICE:
            made = _listed_again(draws, draws.pick(found), source_id)
        elif kind < LISTED_TWICE + SECOND_REGISTRATION:
            made = _second_registration(draws, draws.pick(found), source_id)
        else:
            village = places.draw_business_village(draws)
            made = make_business(draws, source_id, village, draws.weighted(registry_trades()))
            if draws.chance(0.04 * difficulty):
                made.phone, made.phone_is_shared = draws.pick(helpers), True
        found.append(made)
    return found
