"""What distinguishes the marketplaces of the training world: who sells there, what is printed, what ids look like.

One table instead of a branch per marketplace wherever a shop or a listing is made. Shares are our own assumption (the
province's registered sellers are likelier on its own and on the government's sites); ids and spellings are those of the
captures and public scrapers of 2022 to 2026.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from monitor.errors import UsageError
from monitor.sandbox import places
from monitor.sandbox.draws import Draws, Weighted

CityText = Callable[[Draws, places.City, places.Village], str]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_HEX = "0123456789abcdef"
COUNTY_OF_RUMAH_SIKUM = "3603"


@dataclass(frozen=True)
class Habit:
    """One marketplace.

    share, owned_share: relative number of shops among strangers' and among registered businesses' shops. shop_id,
    listing_id: a new id, "" where the site counts up (`username` as shop id where id_is_username); listing_id is told
    the shop's id. city_text: the kab/kota as printed. district: "profile" where a guest reads the kecamatan, "address"
    where it stands in the street address only, "" where it is not shown. areas: kab/kota whose sellers it takes; () all
    of the country. foods_only: trades of food and drink. has_coordinates: prints latitude and longitude. name_text:
    what the site does to a shop's name.
    """

    slug: str
    share: float
    owned_share: float
    shop_id: Callable[[Draws], str]
    listing_id: Callable[[Draws, str], str]
    city_text: CityText
    district: str = ""
    areas: tuple[str, ...] = ()
    foods_only: bool = False
    has_coordinates: bool = False
    province_only: float = 0.0  # share of shops that print the province instead of a kab/kota
    id_is_username: bool = False
    id_suffix: str = ""  # what follows the username in an id that is a host
    has_account: bool = False  # a second id, shared with another marketplace
    owner_share: float = 0.0  # of shops that are shown under the owner's name
    name_text: Callable[[Draws, str, places.Village], str] = lambda draws, name, village: name

    def takes(self, area: str, food: bool) -> bool:
        """Whether a seller of the kab/kota (code; "" outside the province) may be found here."""
        return (not self.areas or area in self.areas) and (food or not self.foods_only)

    @property
    def only_inside(self) -> bool:
        return bool(self.areas)


# --- ids --------------------------------------------------------------------------------------------------------------


def tiktok_id(draws: Draws) -> str:
    """19 digits: the seller id that Tokopedia shares with TikTok Shop."""
    return "749" + draws.digits(8) + draws.digits(8)


def _signs(draws: Draws, alphabet: str, count: int) -> str:
    return "".join(draws.pick(alphabet) for _ in range(count))


def _uuid(draws: Draws) -> str:
    part = _signs(draws, _HEX, 30)
    return f"{part[:8]}-{part[8:12]}-4{part[12:15]}-a{part[15:18]}-{part[18:30]}"


def _number(low: int, high: int) -> Callable[[Draws], str]:
    return lambda draws: str(draws.between(low, high))


def _listing_number(low: int, high: int) -> Callable[[Draws, str], str]:
    return lambda draws, shop_id: str(draws.between(low, high))


def _tokopedia_shop(draws: Draws) -> str:
    return str(draws.between(100_000, 19_000_000)) if draws.chance(0.45) else tiktok_id(draws)


def _blibli_shop(draws: Draws) -> str:
    return f"{_signs(draws, _LETTERS, 3)}-{draws.pick('67')}{draws.digits(4)}"


def _grabfood_shop(draws: Draws) -> str:
    if draws.chance(0.7):
        return f"6-C{_signs(draws, '234567ABCDEFGHJKLMNPRTUVWXYZ', 14)}"
    return f"IDGFSTI00000{_signs(draws, '0123456789abcdefghijklmnopqrstuvwxyz', 3)}"


def _counted(draws: Draws) -> str:
    return ""


def _counted_listing(draws: Draws, shop_id: str) -> str:
    return ""


# --- places -----------------------------------------------------------------------------------------------------------


def _tokopedia_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return places.tokopedia_city(city)


def _shopee_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return places.shopee_city(city)


def _lazada_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return places.lazada_city(city)


def _typed_city(draws: Draws, city: places.City, village: places.Village) -> str:
    """A field that sellers fill in themselves."""
    return draws.pick((city.name, places.lazada_city(city), places.lazada_city(city), village.district or city.name))


def _inaproc_city(draws: Draws, city: places.City, village: places.Village) -> str:
    """`KAB. TANGERANG`, `KOTA ADM. JAKARTA SELATAN` (capture of 2025-10)."""
    word = "KAB." if city.kind == "kab" else "KOTA ADM." if city.name.startswith("Jakarta") else "KOTA"
    return f"{word} {city.name.upper()}"


def _official_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return f"{'Kabupaten' if city.kind == 'kab' else 'Kota'} {city.name}"


def _warehouse_city(draws: Draws, city: places.City, village: places.Village) -> str:
    """JakMall prints where a fulfilment partner's warehouse stands, seldom where the seller is."""
    if draws.chance(0.35):
        return city.name
    return draws.pick(("Tangerang", "Tangerang", "Jakarta Barat", "Jakarta Pusat"))


def _bare_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return city.name


def _no_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return ""


def _english_city(draws: Draws, city: places.City, village: places.Village) -> str:
    return f"{city.name}, Indonesia" if draws.chance(0.7) else f"{city.name}, {city.province}, Indonesia"


# --- names ------------------------------------------------------------------------------------------------------------


def _with_locality(joint: str) -> Callable[[Draws, str, places.Village], str]:
    def text(draws: Draws, name: str, village: places.Village) -> str:
        locality = village.district or village.city.name
        return f"{name}{joint}{locality}" if draws.chance(0.7) else name

    return text


def _etsy_name(draws: Draws, name: str, village: places.Village) -> str:
    """Letters and digits only, at most 20 signs."""
    return "".join(sign for sign in name.title() if sign.isalnum() and sign.isascii())[:20] or "Shop"


def _without_form(draws: Draws, name: str, village: places.Village) -> str:
    """INAPROC prints a seller without PT or CV (capture of 2025-10)."""
    first, _, rest = name.partition(" ")
    return rest if rest and first.upper() in {"PT", "CV", "UD"} else name


_INSIDE = tuple(city.key for city in places.cities() if city.code)
_ALL = (
    Habit(
        "tokopedia",
        0.30,
        0.27,
        _tokopedia_shop,
        _listing_number(100_000_000, 105_000_000_000),
        _tokopedia_city,
        district="profile",
        has_account=True,
    ),
    Habit(
        "shopee",
        0.20,
        0.15,
        _number(1_000_000, 1_400_000_000),
        _listing_number(1_000_000_000, 44_000_000_000),
        _shopee_city,
    ),
    Habit(
        "lazada",
        0.09,
        0.06,
        lambda draws: f"4{draws.digits(11)}",
        _listing_number(1_000_000_000, 9_500_000_000),
        _lazada_city,
        province_only=0.10,
    ),
    Habit("plaza_banten", 0.10, 0.18, _counted, _counted_listing, _typed_city, district="address", areas=_INSIDE),
    Habit(
        "blibli",
        0.06,
        0.04,
        _blibli_shop,
        lambda draws, shop_id: f"{shop_id}-{draws.digits(5)}",
        _lazada_city,  # `Kota Tangerang`, `Kab. Bantul` (captures of 2023 and 2024)
    ),
    Habit(
        "inaproc",
        0.05,
        0.08,
        lambda draws: "01J" + _signs(draws, _CROCKFORD, 23),
        lambda draws, shop_id: _uuid(draws),
        _inaproc_city,
        district="profile",
        name_text=_without_form,
    ),
    Habit(
        "rumah_sikum",
        0.04,
        0.07,
        _counted,
        _counted_listing,
        _official_city,
        district="profile",
        areas=(COUNTY_OF_RUMAH_SIKUM,),
        owner_share=0.3,  # a seller who named no shop is printed by name (code of 2026-08)
    ),
    Habit(
        "jakmall",
        0.02,
        0.01,
        _counted,
        lambda draws, shop_id: draws.digits(13),
        _warehouse_city,
        id_is_username=True,
    ),
    Habit(
        "gofood",
        0.06,
        0.06,
        _uuid,
        lambda draws, shop_id: _uuid(draws),
        _bare_city,
        district="profile",
        areas=_INSIDE,
        foods_only=True,
        has_coordinates=True,
        name_text=_with_locality(", "),
    ),
    Habit(
        "grabfood",
        0.05,
        0.04,
        _grabfood_shop,
        lambda draws, shop_id: f"IDITE{draws.digits(15)}",
        _no_city,
        areas=_INSIDE,
        foods_only=True,
        has_coordinates=True,
        name_text=_with_locality(" - "),
    ),
    Habit(
        "etsy",
        0.01,
        0.01,
        _number(10_000_000, 62_000_000),
        _listing_number(500_000_000, 4_300_000_000),
        _english_city,
        name_text=_etsy_name,
    ),
    Habit("own_shop", 0.02, 0.03, _counted, _counted_listing, _no_city, id_is_username=True, id_suffix=".example"),
)
HABITS: dict[str, Habit] = {habit.slug: habit for habit in _ALL}


def chosen(slugs: Iterable[str] | None) -> tuple[str, ...]:
    """The slugs in the order of HABITS; None means all. Raises UsageError for one that has no habit, and for none."""
    if slugs is None:
        return tuple(HABITS)
    wanted = set(slugs)
    if unknown := sorted(wanted - set(HABITS)):
        raise UsageError(f"The training world has no marketplace '{unknown[0]}'; it has {', '.join(HABITS)}.")
    if not wanted:
        raise UsageError("A world needs at least one marketplace.")
    return tuple(slug for slug in HABITS if slug in wanted)


@cache
def of_strangers(slugs: tuple[str, ...]) -> Weighted[Habit]:
    habits = [HABITS[slug] for slug in slugs]
    return Weighted(habits, [habit.share for habit in habits])


@cache
def open_to_strangers(slugs: tuple[str, ...], area: str, food: bool) -> Weighted[Habit]:
    """Marketplaces on which a seller of the kab/kota who is not registered can have another shop."""
    habits = [HABITS[slug] for slug in slugs if HABITS[slug].takes(area, food)]
    return Weighted(habits, [habit.share for habit in habits])


@cache
def open_to(slugs: tuple[str, ...], area: str, food: bool, factors: tuple[float, ...] = ()) -> Weighted[Habit] | None:
    """Marketplaces on which a registered business of the kab/kota can sell; None where there is none.

    factors: of `owned_share`, in the order of HABITS.
    """
    habits = [HABITS[slug] for slug in slugs if HABITS[slug].takes(area, food)]
    factor = dict(zip(HABITS, factors, strict=True)) if factors else {}
    return Weighted(habits, [habit.owned_share * factor.get(habit.slug, 1.0) for habit in habits]) if habits else None
