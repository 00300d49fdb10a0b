"""The world kept apart: a second generator for the linkage benchmark, on which nobody tunes.

Written from the list "what a fair test world holds" alone: own vocabulary (`names`), own noise (`noise`),
vectorised draws. Seeds of 1000 and above belong to the benchmark; weights, thresholds and learned models are chosen on
the worlds of monitor/sandbox with seeds 1 to 99.

Frames have the columns that the linkage core takes, as the private store would give them.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from monitor.gazetteer import rows

from . import names as words
from . import noise
from .names import Floats, Ints, Rng, Texts, joined, pick

FIRST_SEED = 1000
NOBODY, IMITATION, OUTSIDE = "nobody", "imitation", "outside"

# Relative number of businesses, and how much likelier one of them sells online.
_AREAS = {
    "3601": (14, 0.4), "3602": (15, 0.5), "3603": (34, 1.3), "3604": (18, 0.6), "3671": (20, 1.5), "3672": (5, 0.9),
    "3673": (8, 0.9), "3674": (15, 1.6),
}  # fmt: skip
# Share of all shops, share of owned shops, prints the kecamatan, sellers of Banten only.
_SITES = {
    "tokopedia": (0.36, 0.32, True, False), "shopee": (0.26, 0.22, False, False), "lazada": (0.10, 0.07, False, False),
    "plaza_banten": (0.08, 0.17, False, True), "blibli": (0.06, 0.05, False, False),
    "inaproc": (0.06, 0.09, True, False), "gofood": (0.08, 0.08, True, True),
}  # fmt: skip
_SPREAD = (0.70, 0.21, 0.07, 0.02)  # shops of one seller
_FAR_CITIES = ("Jakarta Barat", "Jakarta Utara", "Bandung", "Bekasi", "Surabaya", "Bogor", "Depok", "Semarang", "Medan")
_MOBILE = ("0811", "0812", "0813", "0815", "0817", "0819", "0821", "0838", "0856", "0857", "0877", "0895", "0896")


@dataclass(frozen=True)
class World:
    """registry: by business_id; shops, listings: as `pipelines.match` reads them; truth: one row a shop with
    business_id (0: nobody in the registry) and reason. With one seed and one set of numbers the rows are the same."""

    registry: pd.DataFrame
    shops: pd.DataFrame
    listings: pd.DataFrame
    truth: pd.DataFrame


@dataclass
class Sellers:
    """Businesses before anybody writes them into a list; arrays by row."""

    name: Texts
    trade_name: Texts
    owner: Texts
    called: Texts
    trade: Ints
    product: Texts
    village: Ints
    phone: Texts
    pirt: Texts
    halal: Texts
    nib: Texts
    first: Ints  # row that lists the same business first
    phone_lies: np.ndarray  # an assistant's

    def take(self, at: Ints) -> "Sellers":
        return Sellers(**{name: value[at] for name, value in vars(self).items()})


@dataclass(frozen=True)
class Villages:
    name: Texts
    area: Texts
    district: Texts
    district_name: Texts
    area_name: Texts
    by_business: Floats  # cumulative shares
    by_shop: Floats


@cache
def villages() -> Villages:
    names = {row["code"]: row["name"] for row in rows("wilayah_36.csv")}
    codes = sorted(code for code in names if len(code) == 10)
    districts = sorted({code[:6] for code in codes})
    drawn = np.random.Generator(np.random.PCG64(36)).lognormal(0, 0.7, len(districts))
    fullness = dict(zip(districts, drawn, strict=True))
    weight = np.array([fullness[code[:6]] for code in codes])
    area = np.array([code[:4] for code in codes], dtype=object)
    for code, (businesses, _) in _AREAS.items():
        weight[area == code] *= businesses / weight[area == code].sum()
    online = weight * np.array([_AREAS[code][1] for code in area])
    return Villages(
        np.array([names[code] for code in codes], dtype=object),
        area,
        np.array([code[:6] for code in codes], dtype=object),
        np.array([names[code[:6]] for code in codes], dtype=object),
        np.array([names[code[:4]] for code in codes], dtype=object),
        np.cumsum(weight) / weight.sum(),
        np.cumsum(online) / online.sum(),
    )


def _rng(seed: int, part: str) -> Rng:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(part.encode())])))


def _numbers(rng: Rng, count: int, digits: int) -> Texts:
    return np.array([f"{number:0{digits}d}" for number in rng.integers(0, 10**digits, count)], dtype=object)


def _only(rng: Rng, values: Texts, share: float | Floats) -> Texts:
    return np.where(rng.random(len(values)) < share, values, "")


@cache
def _trade_shares() -> tuple[Floats, Floats]:
    """Cumulative shares of trades among businesses and among shops: both uneven, and not the same."""
    kinds = len(words.trades())
    rng = np.random.Generator(np.random.PCG64(63))
    business = rng.permutation((np.arange(kinds) + 2.0) ** -0.7)
    shop = business * rng.lognormal(0, 0.6, kinds)
    return np.cumsum(business) / business.sum(), np.cumsum(shop) / shop.sum()


def _by_trade(rng: Rng, trade: Ints, what: str) -> Texts:
    """One of the trade's heads, goods or codes for every row."""
    tables = [getattr(item, what) for item in words.trades()]
    wide = max(map(len, tables))
    table = np.array([[items[at % len(items)] for at in range(wide)] for items in tables], dtype=object)
    sizes = np.array([len(items) for items in tables])
    rank = (rng.random(len(trade)) ** 1.6 * sizes[trade]).astype(np.int64)
    chosen: Texts = table[trade, rank]
    return chosen


def names_of(rng: Rng, owner: Texts, called: Texts, trade: Ints, village: Ints) -> Texts:
    count = len(trade)
    head = _by_trade(rng, trade, "heads")
    honorific = pick(rng, count, words.HONORIFICS)
    brand = words.brands(rng, count)
    legal = pick(rng, count, ["CV", "UD", "PT", "PD", "KUB", "Kelompok"])
    kind = rng.random(count)
    choices = [
        (0.18, np.where(rng.random(count) < 0.65, owner, joined(honorific, called))),
        (0.39, joined(head, np.where(rng.random(count) < 0.7, honorific, ""), called)),
        (0.68, joined(head, brand)),
        (0.79, joined(brand, _by_trade(rng, trade, "goods"))),
        (0.86, joined(legal, brand)),
        (0.91, head),
        (0.95, joined(head, villages().name[village])),
        (1.01, joined(pick(rng, count, words.HEADS_OF_ALL), brand)),
    ]
    return np.array(np.select([kind < limit for limit, _ in choices], [made for _, made in choices]), dtype=object)


def sellers(rng: Rng, count: int, village: Ints, trade_shares: Floats) -> Sellers:
    trade = np.searchsorted(trade_shares, rng.random(count)).clip(0, len(trade_shares) - 1)
    food = np.array([item.food for item in words.trades()])[trade]
    owner, called = words.people(rng, count)
    area = villages().area[village.clip(0)]
    permit = pick(rng, count, list("12345678")) + _numbers(rng, count, 2)
    return Sellers(
        name=names_of(rng, owner, called, trade, village.clip(0)),
        trade_name=_only(rng, words.brands(rng, count), 0.27),
        owner=owner,
        called=called,
        trade=trade,
        product=_by_trade(rng, trade, "goods"),
        village=village,
        phone=_only(rng, pick(rng, count, _MOBILE) + _numbers(rng, count, 8), 0.7),
        pirt=_only(rng, permit + area + _numbers(rng, count, 6) + "29", np.where(food, 0.2, 0.0)),
        halal=_only(rng, "ID36" + _numbers(rng, count, 15), np.where(food, 0.13, 0.0)),
        nib=_only(rng, pick(rng, count, ["0", "1", "2", "8", "9"]) + _numbers(rng, count, 12), 0.45),
        first=np.arange(count),
        phone_lies=np.zeros(count, dtype=bool),
    )


def _registered(rng: Rng, count: int, scale: float) -> Sellers:
    found = sellers(rng, count, np.searchsorted(villages().by_business, rng.random(count)), _trade_shares()[0])
    kind = rng.random(count)
    kind[: max(1, count // 50)] = 1.0  # somebody has to come first
    earlier = (rng.random(count) * np.arange(count)).astype(np.int64)
    second, again = np.flatnonzero(kind < 0.03), np.flatnonzero((kind >= 0.03) & (kind < 0.04))
    for field in ("owner", "called", "village", "phone"):
        getattr(found, field)[second] = getattr(found, field)[earlier[second]]
    found.name[second] = names_of(
        rng, found.owner[second], found.called[second], found.trade[second], found.village[second]
    )
    for row in again:  # in order, so that a third listing finds the first
        for field in ("name", "trade_name", "owner", "called", "trade", "product", "village", "phone", "pirt", "first"):
            getattr(found, field)[row] = getattr(found, field)[earlier[row]]
    assistants = pick(rng, max(1, count // 3000), _MOBILE) + _numbers(rng, max(1, count // 3000), 8)
    helped = rng.random(count) < 0.04 * scale
    found.phone[helped] = assistants[rng.integers(0, len(assistants), int(helped.sum()))]
    found.phone_lies[:] = helped
    return found


# --- the list ---------------------------------------------------------------------------------------------------------


def hashed(number: str) -> str:
    return blake2b(number.encode(), digest_size=16).hexdigest()


def _hash_all(numbers: Texts) -> Texts:
    return np.array([hashed(number) if number else "" for number in numbers], dtype=object)


def _upper(texts: Texts) -> Texts:
    return np.array([text.upper() for text in texts], dtype=object)


def _missing(texts: Texts) -> Texts:
    """None for every empty text."""
    return np.array([text or None for text in texts], dtype=object)


def registry_frame(rng: Rng, found: Sellers, scale: float) -> pd.DataFrame:
    """As `monitor.registry.frame.read_snapshot` gives it, in the columns linkage reads; missing texts are NaN."""
    count, place = len(found.name), villages()
    names = noise.changed(rng, found.name, 0.02 * scale, noise.mistyped)
    owners = noise.changed(rng, found.owner, 0.02 * scale, noise.mistyped)
    short = rng.random(count) < 0.01 * scale
    owners = np.where(short, found.called, owners)
    kbli = _by_trade(rng, found.trade, "kbli")
    sector = np.array([item.sector for item in words.trades()], dtype=object)[found.trade]
    known_kbli = rng.random(count) >= 0.15 * scale
    columns = {
        "nib": found.nib,
        "business_name": _upper(names),
        "trade_name": _upper(found.trade_name),
        "owner_name": np.where(rng.random(count) < 0.02 * scale, "", _upper(owners)),
        "area_code": np.where(rng.random(count) < 0.004 * scale, "", place.area[found.village]),
        "district_code": np.where(rng.random(count) < 0.03 * scale, "", place.district[found.village]),
        "kbli": np.where(known_kbli, kbli, ""),
        "sector": np.where(known_kbli | (rng.random(count) < 0.5), sector, ""),
        "product": np.where(rng.random(count) < 0.1 * scale, "", found.product),
        "phone_hashes": np.where(rng.random(count) < 0.01 * scale, "", _hash_all(found.phone)),
        "pirt": found.pirt,
        "halal": found.halal,
        "bpom": np.full(count, "", dtype=object),
    }  # fmt: skip
    frame = pd.DataFrame({name: pd.Series(_missing(values), dtype="str") for name, values in columns.items()})
    frame.insert(0, "group_id", found.first + 1)
    frame.index = pd.RangeIndex(1, count + 1, name="business_id")
    return frame


# --- shops ------------------------------------------------------------------------------------------------------------


@dataclass
class Storefronts:
    """Shops as they are opened: who runs them (row of `sellers`), where, and what they show of it."""

    who: Sellers
    site: Texts
    name: Texts
    username: Texts
    shows: list[set[str]]
    trade: Ints
    drifted: np.ndarray
    city: Texts
    areas: Texts
    district: Texts
    phone: Texts
    pirt: Texts
    halal: Texts
    label: Texts  # brand in titles


def _name_source(rng: Rng, who: Sellers, scale: float) -> tuple[Texts, Texts]:
    """What the shop is called before noise, and of which kind that is."""
    count, place = len(who.name), villages()
    has_brand = who.trade_name != ""
    kind = rng.random(count)
    strange = 0.15 * min(scale, 2.0)
    limits = np.cumsum([strange, 0.12 * scale, 0.08, 0.09, 0.22])
    chosen = np.searchsorted(limits, kind, side="right")
    chosen = np.where((chosen == 4) & ~has_brand, 5, chosen)
    goods = _by_trade(rng, who.trade, "goods")
    where = np.where(who.village >= 0, place.district_name[who.village], "")
    honorific = np.where(rng.random(count) < 0.6, pick(rng, count, words.HONORIFICS), "")
    brand = words.brands(rng, count)
    choices = [
        np.where(rng.random(count) < 0.5, brand, joined(brand, goods)),
        joined(who.product, np.where(rng.random(count) < 0.7, where, pick(rng, count, words.HYPE))),
        who.owner,
        joined(pick(rng, count, words.HEADS_OF_ALL), honorific, who.called),
        np.where(rng.random(count) < 0.6, who.trade_name, joined(who.trade_name, goods)),
    ]
    made = np.select([chosen == at for at in range(5)], choices, who.name)
    labels = np.array(["other", "product", "owner", "nickname", "brand", "name"], dtype=object)[chosen]
    return np.array(made, dtype=object), labels


def _place(rng: Rng, site: Texts, village: Ints, scale: float) -> tuple[Texts, Texts, Texts, np.ndarray]:
    """city as printed, area_codes that it can mean, district_code, and whether the kab/kota is right."""
    count, place = len(site), villages()
    inside = village >= 0
    area = np.where(inside, place.area[village], "")
    stray = inside & (rng.random(count) < 0.04 * scale)
    area = np.where(stray, pick(rng, count, tuple(_AREAS)), area)
    name = dict(zip(place.area, place.area_name, strict=True))
    bare = np.array([name.get(code, "") for code in area], dtype=object)
    is_kab = np.array([code[2:3] == "0" for code in area])
    loose = np.isin(site, ["plaza_banten", "gofood"]) & (rng.random(count) < 0.5)
    upper = np.isin(site, ["shopee", "inaproc"])
    word = np.where(loose | ((site == "tokopedia") & ~is_kab), "", np.where(is_kab, "Kab.", "Kota"))
    city = joined(word, bare)
    far = pick(rng, count, _FAR_CITIES)
    city = np.where(
        area == "", np.where(site == "tokopedia", far, joined(np.full(count, "Kota", dtype=object), far)), city
    )
    city = np.where(upper, np.array([text.upper() for text in city], dtype=object), city)
    twofold = loose & np.isin(bare, ["Tangerang", "Serang"])
    codes = np.where(twofold, np.where(bare == "Tangerang", "3603 3671", "3604 3673"), area)
    hidden = rng.random(count) < 0.03 * scale
    city, codes = np.where(hidden, "", city), np.where(hidden, "", codes)
    prints = np.array([_SITES[slug][2] for slug in site]) & inside & ~stray & (rng.random(count) >= 0.12 * scale)
    district = np.where(prints, place.district[village], "")
    wrong = prints & (rng.random(count) < 0.03 * scale)
    district = np.where(wrong, place.district[rng.integers(0, len(place.district), count)], district)
    return city, codes, district, prints & ~wrong


def open_shops(rng: Rng, who: Sellers, site: Texts, difficulty: float, like: Ints | None = None) -> Storefronts:
    """like: row whose name a second shop of the same seller may reuse, -1 for none."""
    scale, count = 2 * difficulty, len(site)
    food = np.array([item.food for item in words.trades()])[who.trade]
    site = np.where((site == "gofood") & ~food, "tokopedia", site)
    base, kind = _name_source(rng, who, scale)
    if like is not None:
        reuses = (like >= 0) & (rng.random(count) < 0.45)
        base, kind = np.where(reuses, base[like], base), np.where(reuses, kind[like], kind)
    city, areas, district, tells_district = _place(rng, site, who.village, scale)
    source = rng.random(count)
    limits = np.cumsum([0.16, 0.10, 0.16 * min(scale, 2.0), 0.06 * scale])
    chosen = np.searchsorted(limits, source, side="right")
    nick = joined(np.where(rng.random(count) < 0.5, _by_trade(rng, who.trade, "heads"), ""), who.called)
    text = np.select([chosen == at for at in range(4)], [who.owner, nick, words.coined(rng, count), who.product], base)
    username = noise.usernames(rng, np.array(text, dtype=object), 0.2)
    drifted = rng.random(count) < 0.15 * scale
    trade = np.where(
        drifted, np.searchsorted(_trade_shares()[1], rng.random(count)).clip(0, len(words.trades()) - 1), who.trade
    )
    other = pick(rng, count, _MOBILE) + _numbers(rng, count, 8)
    own_number = (who.phone != "") & ~who.phone_lies & (rng.random(count) < 0.75)
    prints_phone = rng.random(count) < 0.12 - 0.11 * difficulty
    phone = np.where(prints_phone, np.where(own_number, who.phone, other), "")
    pirt = _only(rng, who.pirt, 0.15 - 0.1 * difficulty)
    halal = _only(rng, who.halal, 0.08 - 0.06 * difficulty)
    shown = np.array(["other", "owner", "nickname", "nothing", "product"], dtype=object)
    by_username = np.where(chosen < 4, shown[np.minimum(chosen + 1, 4)], kind)
    shows = [
        {name, user}
        | ({"kecamatan"} if tells else set())
        | ({"phone"} if has_phone and own else set())
        | ({"permit"} if permit or paper else set())
        | (set() if moved else {"goods"})
        for name, user, tells, has_phone, own, permit, paper, moved in zip(
            kind, by_username, tells_district, prints_phone, own_number, pirt, halal, drifted, strict=True
        )
    ]
    label = _only(rng, np.where(who.trade_name != "", who.trade_name, who.name), 0.3)
    name = noise.shop_names(rng, base, scale)
    return Storefronts(
        who, site, name, username, shows, trade, drifted, city, areas, district, phone, pirt, halal, label
    )


def _sites(rng: Rng, count: int, owned: bool) -> Texts:
    shares = np.array([values[1 if owned else 0] for values in _SITES.values()])
    return np.array(list(_SITES), dtype=object)[np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(count))]


def _owners(rng: Rng, found: Sellers, links: int) -> tuple[Ints, Ints]:
    """Row of the business behind every linked shop, and the first shop of the same business (-1: it is the first)."""
    online = np.array([_AREAS[area][1] for area in villages().area[found.village]])
    shares = [np.diff(table, prepend=0) for table in _trade_shares()]
    online = online * (shares[1] / shares[0])[found.trade] * (found.first == np.arange(len(found.first)))
    order = np.argsort(-np.log(rng.random(len(online))) / np.maximum(online, 1e-9), kind="stable")
    counts = 1 + np.searchsorted(np.cumsum(_SPREAD), rng.random(links)).clip(0, 3)
    rows_ = np.repeat(order[:links], counts)[:links]
    fresh = np.concatenate([[True], rows_[1:] != rows_[:-1]])
    start = np.maximum.accumulate(np.where(fresh, np.arange(links), 0))
    return rows_, np.where(fresh, -1, start)


def _reason(shows: set[str], bare: bool) -> str:
    """Whether anybody could know the owner, and by what: a name, owner or number, and a second thing beside it."""
    strong = shows & ({"owner", "phone", "permit"} | (set() if bare else {"name", "brand"}))
    support = shows & {"kecamatan", "goods", "nickname"} | strong
    word = "findable" if strong and len(support) >= 2 else "not findable"
    return f"{word}: {', '.join(sorted(shows - {'other', 'nothing'})) or 'nothing'}"


def _strangers(rng: Rng, found: Sellers, count: int, difficulty: float) -> tuple[Storefronts, list[str]]:
    """Shops of nobody in the registry: some copy a name, some resell with the maker's permit, many are elsewhere."""
    site = _sites(rng, count, owned=False)
    bound = np.array([_SITES[slug][3] for slug in site])
    village = np.searchsorted(villages().by_shop, rng.random(count))
    copies = rng.random(count) < 0.0055
    away = ~bound & ~copies & (rng.random(count) < 0.33)
    victims = rng.integers(0, len(found.name), count)
    area = villages().area
    for row in np.flatnonzero(copies):
        village[row] = rng.choice(np.flatnonzero(area == area[found.village[victims[row]]]))
    who = sellers(rng, count, np.where(away, -1, village), _trade_shares()[1])
    who.name[copies], who.trade[copies] = found.name[victims[copies]], found.trade[victims[copies]]
    who.trade_name[copies] = ""
    resells = np.flatnonzero((rng.random(count) < 0.004) & np.array([item.food for item in words.trades()])[who.trade])
    permits = found.pirt[found.pirt != ""]
    if len(permits):
        who.pirt[resells] = permits[rng.integers(0, len(permits), len(resells))]
    made = open_shops(rng, who, site, difficulty)
    made.name[copies] = np.where(rng.random(int(copies.sum())) < 0.5, who.name[copies], made.name[copies])
    lies = found.phone[found.phone_lies]
    helpers = np.flatnonzero(rng.random(count) < 0.001)
    if len(lies):
        made.phone[helpers] = lies[rng.integers(0, len(lies), len(helpers))]
    return made, np.where(copies, IMITATION, np.where(away, OUTSIDE, NOBODY)).tolist()


def _identifiers(phone: str, pirt: str, halal: str) -> list[dict[str, str | None]]:
    """As `monitor.items.Identifier` is stored."""
    found: list[dict[str, str | None]] = []
    if phone:
        found.append({"kind": "phone", "value": None, "hash": hashed(phone), "key_id": "k", "where": "description"})
    for kind, value in (("pirt", pirt), ("halal", halal)):
        if value:
            found.append({"kind": kind, "value": value, "hash": None, "key_id": None, "where": "description"})
    return found


def _shop_frame(made: Storefronts, shop_id: Texts) -> pd.DataFrame:
    columns = {"name": made.name, "username": made.username, "city": made.city, "area_codes": made.areas,
               "district_code": made.district}  # fmt: skip
    texts = {name: _missing(values) for name, values in columns.items()}
    return pd.DataFrame(
        {
            "marketplace": made.site,
            "shop_id": shop_id,
            **texts,
            "url": np.full(len(shop_id), None, dtype=object),
            "identifiers": [_identifiers(*row) for row in zip(made.phone, made.pirt, made.halal, strict=True)],
            "is_collective": np.zeros(len(shop_id), dtype=bool),
        }
    )


def _listing_frame(rng: Rng, made: Storefronts, shop_id: Texts) -> pd.DataFrame:
    counts = 1 + rng.geometric(0.3, len(shop_id)).clip(1, 20)
    at = np.repeat(np.arange(len(shop_id)), counts)
    count, trade = len(at), made.trade[at]
    goods = np.where(
        ~made.drifted[at] & (rng.random(count) < 0.4), made.who.product[at], _by_trade(rng, trade, "goods")
    )
    label = _only(rng, made.label[at], 0.7)
    detail, hype = pick(rng, count, words.AMOUNTS), _only(rng, pick(rng, count, words.HYPE), 0.35)
    front = rng.random(count) < 0.5
    title = joined(np.where(front, label, ""), goods, detail, np.where(front, "", label), hype)
    groups = np.array([item.goods[0] for item in words.trades()], dtype=object)[trade]
    sector = np.array([item.sector.replace("_", " ") for item in words.trades()], dtype=object)[trade]
    narrow = sector + np.full(count, " > ", dtype=object) + groups
    category = np.where(rng.random(count) < 0.25, sector, narrow)
    return pd.DataFrame(
        {
            "marketplace": made.site[at],
            "shop_id": shop_id[at],
            "listing_id": np.array([str(number) for number in range(100, count + 100)], dtype=object),
            "title": title,
            "category": category,
            "brand": _missing(_only(rng, label, 0.5)),
            "identifiers": np.full(count, None, dtype=object),
        }
    )


def _stacked(one: Storefronts, two: Storefronts, order: Ints) -> Storefronts:
    """Both, shuffled; what they show is left out."""

    def both(first: Any, second: Any) -> Any:
        return np.concatenate([first, second])[order]

    who = Sellers(**{name: both(value, getattr(two.who, name)) for name, value in vars(one.who).items()})
    names = [name for name in vars(one) if name not in ("who", "shows")]
    return Storefronts(who=who, shows=[], **{name: both(getattr(one, name), getattr(two, name)) for name in names})


def make(businesses: int, shops: int, links: int, difficulty: float, seed: int) -> World:
    """links: shops that registered businesses run. Raises ValueError for a seed that belongs to development."""
    if seed < FIRST_SEED:
        raise ValueError(f"Seeds below {FIRST_SEED} belong to development; the benchmark takes {FIRST_SEED} and above.")
    scale = 2 * difficulty
    found = _registered(_rng(seed, "registry"), businesses, scale)
    owner, like = _owners(_rng(seed, "owners"), found, links)
    rng = _rng(seed, "shops")
    owned = open_shops(rng, found.take(owner), _sites(rng, links, owned=True), difficulty, like)
    bare = np.array([len(name.split()) == 1 or name in words.HEADS_OF_ALL for name in found.name])
    reasons = [_reason(shows, bool(bare[row])) for shows, row in zip(owned.shows, owner, strict=True)]
    strange, why = _strangers(_rng(seed, "strangers"), found, shops - links, difficulty)
    order = rng.permutation(shops)
    every = _stacked(owned, strange, order)
    shop_id = np.array([str(number) for number in rng.permutation(shops) + 10_000], dtype=object)
    truth = pd.DataFrame(
        {
            "marketplace": every.site,
            "shop_id": shop_id,
            "business_id": np.concatenate([owner + 1, np.zeros(shops - links, dtype=np.int64)])[order],
            "reason": np.array(reasons + why, dtype=object)[order],
        }
    )
    return World(
        registry_frame(_rng(seed, "list"), found, scale),
        _shop_frame(every, shop_id),
        _listing_frame(_rng(seed, "listings"), every, shop_id),
        truth,
    )
