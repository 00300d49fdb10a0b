"""Shops of the training world that registered businesses run, often several to one.

Some leave no trace: the truth says which, and why. Shops of nobody in the registry are in `strangers`.
"""

from dataclasses import dataclass, field

from monitor.errors import UsageError
from monitor.sandbox import habits, places
from monitor.sandbox.businesses import Business, brand, coined
from monitor.sandbox.customs import USUAL, Customs
from monitor.sandbox.draws import Draws, Weighted
from monitor.sandbox.habits import HABITS, Habit
from monitor.sandbox.noise import glued, shop_name_noise, slug, written_phone, written_pirt
from monitor.sandbox.vocabulary import Trade, shop_weight, sold, words

SHOPS_PER_SELLER = Weighted([1, 2, 3, 4], [0.65, 0.24, 0.08, 0.03])
NOBODY = "bukan usaha terdaftar"
_STRONG_TRACES = {"nama usaha", "nama dagang", "pemilik", "telepon", "P-IRT"}
_NAME_TRACES = {"nama usaha", "nama dagang", "pemilik", "panggilan"}
FINDABLE = "dapat"
TRACELESS = "tidak dapat"


@dataclass(slots=True)
class Shop:
    """One storefront. city, district, address, latitude, longitude: as this marketplace prints them, "" for nothing."""

    marketplace: str
    name: str
    username: str
    name_kind: str  # what the name is taken from
    trade: Trade
    brand: str
    place: places.City | None  # the printed kab/kota; None where nothing or only the province is printed
    city: str = ""
    district: str = ""
    address: str = ""
    postal_code: str = ""
    latitude: str = ""  # decimal degrees
    longitude: str = ""
    description: str = ""
    title_tail: str = ""  # a P-IRT number that the seller adds to product titles
    shop_id: str = ""
    account_id: str = ""
    joined_on: str = ""
    tier: int = 1
    followers: int = 0
    is_collective: bool = False
    source_id: str = ""  # registered business that runs it
    reason: str = NOBODY
    goods: list[Business] = field(default_factory=list)  # whose goods a collective shop sells


def _base_name(draws: Draws, business: Business, kind: str) -> str:
    trade = business.trade
    if kind == "nama usaha":
        head = next((head for head in trade.heads if business.name.startswith(f"{head} ")), "")
        return (
            business.name[len(head) :].strip() if head and draws.chance(draws.customs.head_dropped) else business.name
        )
    if kind == "nama dagang":
        return business.trade_name if draws.chance(0.6) else f"{business.trade_name} {draws.pick(trade.suffixes)}"
    if kind == "pemilik":
        return business.owner
    if kind == "panggilan":
        return draws.pick((f"Dapur {business.called}", f"{business.called} {draws.pick(trade.suffixes)}"))
    if kind == "produk":
        place = business.village.district or business.village.city.name
        return f"{business.product} {place}"
    return f"{brand(draws)} {draws.pick(trade.suffixes)}"


def _name_kind(draws: Draws, business: Business, scale: float) -> str:
    kinds = ["nama usaha", "nama dagang", "pemilik", "panggilan", "lain", "produk"]
    name, trade, owner, called, other, product = draws.customs.shown
    shares = [name, trade if business.trade_name else 0.0, owner, called, other * scale, product * scale]
    return draws.weighted(Weighted(kinds, shares))


def _username(draws: Draws, business: Business, name: str, kind: str, scale: float) -> tuple[str, str]:
    """The username and the trace it leaves: what of the business it shows."""
    look, customs = draws.unit(), draws.customs
    if look < customs.user_owner:
        if draws.chance(customs.user_full):
            return draws.pick((slug(business.owner), glued(business.owner))), "pemilik"
        return glued(f"{business.trade.suffixes[0]} {business.called}") + draws.digits(2), "panggilan"
    if look < customs.user_owner + customs.user_other * scale:
        return f"{coined(draws).lower()}{draws.digits(3)}", ""
    if look < customs.user_owner + customs.user_glued:
        return glued(name), kind
    return slug(name), kind


def print_place(draws: Draws, shop: Shop, village: places.Village, scale: float) -> set[str]:
    """Writes the place into the shop; returns the traces of it that are right."""
    habit = HABITS[shop.marketplace]
    shown: places.City | None = village.city
    look = draws.unit() / max(scale, 0.01)
    none, another = draws.customs.place
    if look < none:
        shown = None
    elif look < another and not habit.only_inside:
        shown = draws.pick(places.cities())
    elif look < another + habit.province_only and village.city.code:
        shop.city, shown = places.PROVINCE, None  # older listings give the province only
    right = shown == village.city
    if shown is not None:
        shop.city = habit.city_text(draws, shown, village)
    shop.place = shown if shop.city else None
    if right and habit.district and not draws.chance(draws.customs.no_district * scale):
        stands_in = village
        if village.city.code and draws.chance(draws.customs.other_district * scale):
            stands_in = places.draw_village_in(draws, village.city.code)  # moved, or its sender's address
        shop.district, shop.postal_code = stands_in.district, stands_in.postal_code
    if habit.has_coordinates:
        shop.latitude, shop.longitude = places.point(draws, village)
    # Plaza Banten's kecamatan stands in the street address, which a guest does not read.
    right_district = shop.district == village.district
    told = shop.district and right_district and (habit.district == "profile" or shop.city == shop.district)
    told_area = right and (bool(shop.city) or habit.has_coordinates)
    return ({"kabupaten/kota"} if told_area else set()) | ({"kecamatan"} if told else set())


def _describe(draws: Draws, shop: Shop, business: Business, difficulty: float) -> set[str]:
    """Fills description and title tail; returns the traces printed there."""
    product = business.product if shop.trade is business.trade else draws.pick(shop.trade.products)
    parts = [f"Selamat datang di {shop.name}.", f"Kami menjual {product.lower()}."]
    printed: set[str] = set()
    if shop.district and draws.chance(0.3):
        parts.append(f"Lokasi Kec. {shop.district}.")
        printed.add("kecamatan")
    if business.phone and draws.chance(draws.customs.numbers * (0.12 - 0.11 * difficulty)):
        parts.append(f"WA {written_phone(draws, business.phone)}")
        if not business.phone_is_shared:
            printed.add("telepon")
    if business.pirt and draws.chance(draws.customs.numbers * 3 * (0.03 - 0.02 * difficulty)):
        shop.title_tail = written_pirt(draws, business.pirt)
        printed.add("P-IRT")
    shop.description = " ".join(parts)
    return printed


def open_shop(
    draws: Draws, business: Business, habit: Habit, difficulty: float, like: Shop | None = None
) -> tuple[Shop, set[str]]:
    """A shop that the business would open there, and the traces of the business that it shows.

    like: a shop of the same seller elsewhere; half of the sellers use its name again.
    """
    scale = 2 * difficulty
    kind = _name_kind(draws, business, scale)
    base = _base_name(draws, business, kind)
    if like is not None and draws.chance(draws.customs.same_again):
        base, kind = like.name, like.name_kind
    if habit.owner_share and draws.chance(habit.owner_share):
        base, kind = business.owner, "pemilik"
    if draws.chance(draws.customs.suffix * min(scale, 1.5)):
        base = f"{base} {draws.weighted(words().suffixes)}"
    name = habit.name_text(draws, shop_name_noise(draws, base, difficulty), business.village)
    username, shown = _username(draws, business, base, kind, scale)
    drifted = draws.chance(draws.customs.drift * scale)
    trade = draws.weighted(sold(draws.customs, habit.foods_only)) if drifted else business.trade
    own_brand = business.trade_name or business.name
    shop = Shop(
        habit.slug, name, username, kind, trade, own_brand if draws.chance(draws.customs.brand_shown) else "", None
    )
    traces = print_place(draws, shop, business.village, scale) | _describe(draws, shop, business, difficulty)
    traces |= {kind, shown} & _NAME_TRACES
    if business.name in business.trade.heads:  # "Warung Kelontong" tells nobody anything
        traces.discard("nama usaha")
    if not drifted:
        traces.add("produk")
    shop.address = f"{business.address}, Ds. {business.village.name}" if shop.district else ""
    return shop, traces


def _reason(traces: set[str]) -> str:
    strong = traces & _STRONG_TRACES
    supported = len(traces - {"kabupaten/kota"}) >= 2
    text = ", ".join(sorted(traces)) or "tanpa petunjuk"
    return f"{FINDABLE if strong and supported else TRACELESS}: {text}"


def _online_business(draws: Draws, businesses: list[Business]) -> Business:
    """One business that sells online; likelier where and for what people do."""
    while True:
        business = draws.pick(businesses)
        area, trade = business.village.city.code, business.trade
        propensity = places.online_rate(area, draws.customs) * shop_weight(trade, draws.customs) / trade.registry
        if not business.same_as and draws.unit() * 6 < propensity:
            return business


def owned_shops(
    seed: int,
    businesses: list[Business],
    count: int,
    difficulty: float,
    slugs: tuple[str, ...] = tuple(HABITS),
    customs: Customs = USUAL,
) -> list[Shop]:
    """`count` shops of registered businesses, 1.5 to a business on average, on the marketplaces `slugs`.

    Raises UsageError where too few of the businesses can sell there.
    """
    draws = Draws(seed, "owned shops", customs)
    able = [business for business in businesses if not business.same_as and open_to(slugs, business, customs)]
    found: list[Shop] = []
    taken: set[str] = set()
    while len(found) < count:
        if len(taken) >= len(able):
            raise UsageError(f"Only {len(able)} businesses can sell on {', '.join(slugs)}; {count} shops need more.")
        business = _online_business(draws, able)
        if business.source_id in taken:
            continue
        taken.add(business.source_id)
        wanted = min(draws.weighted(SHOPS_PER_SELLER), count - len(found))
        found.extend(_storefronts(draws, business, wanted, difficulty, slugs))
    return found


def open_to(slugs: tuple[str, ...], business: Business, customs: Customs = USUAL) -> Weighted[Habit] | None:
    return habits.open_to(slugs, business.village.city.code, business.trade.food, customs.sites)


def _storefronts(draws: Draws, business: Business, count: int, difficulty: float, slugs: tuple[str, ...]) -> list[Shop]:
    shops: list[Shop] = []
    used: set[str] = set()
    table = open_to(slugs, business, draws.customs)
    for _ in range(count):
        if table is None:
            break
        habit = next_site(draws, table, used)
        shop, traces = open_shop(draws, business, habit, difficulty, shops[0] if shops else None)
        shop.source_id, shop.reason = business.source_id, _reason(traces)
        shops.append(shop)
    return shops


def next_site(draws: Draws, table: Weighted[Habit], used: set[str]) -> Habit:
    """Where a seller opens the next shop: seldom where one of his is (`used`, to which it is added)."""
    habit = draws.weighted(table)
    while habit.slug in used and draws.chance(0.75):
        habit = draws.weighted(table)
    used.add(habit.slug)
    return habit


def identify(seed: int, shops: list[Shop]) -> None:
    """Shuffles the shops and gives ids, usernames and dates that say nothing about who owns them."""
    draws = Draws(seed, "shop ids")
    draws.shuffle(shops)
    taken: set[tuple[str, str]] = set()
    counters = dict.fromkeys(HABITS, 0)
    for shop in shops:
        habit = HABITS[shop.marketplace]
        shop.username = _free(draws, taken, shop.marketplace, shop.username[:40] or "toko")
        shop.shop_id = shop.username + habit.id_suffix if habit.id_is_username else _free_id(draws, taken, habit)
        if not shop.shop_id:
            counters[habit.slug] += draws.between(1, 4)
            shop.shop_id = str(counters[habit.slug])
        if habit.has_account:
            shop.account_id = shop.shop_id if len(shop.shop_id) == 19 else habits.tiktok_id(draws)
        shop.joined_on = f"{draws.between(2016, 2026)}-{draws.between(1, 9):02d}-{draws.between(1, 28):02d}"
        shop.tier = draws.weighted(_TIERS)
        shop.followers = int(10 ** (4.5 * draws.unit()) - 1)


_TIERS = Weighted([1, 3, 2], [0.83, 0.15, 0.02])  # power merchant, pro, official


def _free(draws: Draws, taken: set[tuple[str, str]], marketplace: str, wanted: str) -> str:
    name = wanted
    while (marketplace, name) in taken:
        name = f"{wanted}-{draws.digits(3)}"
    taken.add((marketplace, name))
    return name


def _free_id(draws: Draws, taken: set[tuple[str, str]], habit: Habit) -> str:
    """A new id nobody has; "" where the site counts up."""
    made = habit.shop_id(draws)
    while made and (habit.slug, made) in taken:
        made = habit.shop_id(draws)
    taken.add((habit.slug, made))
    return made
