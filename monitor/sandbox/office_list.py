"""The registry file of the training world, as an office would hand it in: capitals, abbreviations, damaged cells.

Most rows are plain; each kind of damage hits a small share, and all shares grow with difficulty (0 none, 0.5 usual).
"""

from collections.abc import Callable

from pandas import DataFrame

from monitor.sandbox.businesses import Business
from monitor.sandbox.draws import Draws
from monitor.sandbox.noise import typo

COLUMNS = (
    "ID",
    "NIB",
    "NAMA USAHA",
    "NAMA DAGANG",
    "NAMA PEMILIK",
    "ALAMAT",
    "DESA/KELURAHAN",
    "KECAMATAN",
    "KAB/KOTA",
    "KODE POS",
    "KBLI",
    "PRODUK",
    "NO HP",
    "PIRT",
    "HALAL",
    "SKALA",
    "TAHUN",
    "TOKOPEDIA",
    "SHOPEE",
)
_EMPTY = ("", "", "-", " -", "tidak ada", " ")


def _phone(draws: Draws, phone: str, scale: float) -> str:
    if not phone:
        return draws.pick(_EMPTY)
    rest = phone[1:]
    damage: tuple[tuple[float, Callable[[], str]], ...] = (
        (0.003, lambda: f"{float(rest):.5e}".replace("e+10", "e+010")),
        (0.002, lambda: f"{float(rest):.2E}"),
        (0.030, lambda: rest),
        (0.030, lambda: f"+62 {rest[:3]}-{rest[3:7]}-{rest[7:]}"),
        (0.010, lambda: f"62{rest}"),
        (0.030, lambda: f"{phone[:4]} {phone[4:8]} {phone[8:]}"),
        (0.015, lambda: f"{phone} / 0254-{draws.digits(6)}"),
        (0.010, lambda: f"{phone}, 0857{draws.digits(8)}"),
    )
    left = draws.unit()
    for share, write in damage:
        left -= share * scale
        if left < 0:
            return write()
    return phone


def _area(draws: Draws, business: Business, scale: float) -> str:
    city = business.village.city
    word, short = ("KABUPATEN", "KAB.") if city.kind == "kab" else ("KOTA", "KOTA")
    look = draws.unit() / max(scale, 0.01)
    if look < 0.010:
        return city.name.upper()  # the word left out: Serang and Tangerang can then mean two areas
    if look < 0.014:
        return ""
    return f"{word.capitalize()} {city.name}" if look < 0.3 else f"{short} {city.name.upper()}"


def _district(draws: Draws, business: Business, scale: float) -> str:
    name = business.village.district
    look = draws.unit() / max(scale, 0.01)
    if look < 0.015:
        return typo(draws, name).upper()
    if look < 0.025:
        return draws.pick(_EMPTY)
    return f"KEC. {name.upper()}" if look < 0.15 else name.upper()


def _address(draws: Draws, business: Business, scale: float) -> str:
    look = draws.unit() / max(scale, 0.01)
    if look < 0.04:
        village = business.village
        return f"{business.address}, Kel. {village.name}, Kec. {village.district} {village.postal_code}"
    text = business.address.upper()
    if look < 0.08:
        return text.replace("RT ", "RT.").replace(" RW ", "/RW.")
    if look < 0.11:
        return text.replace("RT ", "RT/RW : ").replace(" RW ", "/")
    return draws.pick(_EMPTY) if look < 0.15 else text


def _pirt(draws: Draws, business: Business, scale: float) -> str:
    if not business.pirt:
        return "ADA" if draws.chance(0.01 * scale) else ""
    plain = f"{business.pirt[:13]}-{business.pirt[13:]}"
    return f"P-IRT No. {plain}" if draws.chance(0.15 * scale) else plain


def _owner(draws: Draws, business: Business, scale: float) -> str:
    look = draws.unit() / max(scale, 0.01)
    if look < 0.02:
        return ""
    if look < 0.04:
        return typo(draws, business.owner).upper()
    if look < 0.05:
        return f"IBU {business.called.upper()}"
    return business.owner.upper()


def _row(draws: Draws, business: Business, accounts: dict[str, str], scale: float) -> tuple[str, ...]:
    nib = business.nib
    if nib.startswith("0") and draws.chance(0.05 * scale):
        nib = nib[1:]  # a spreadsheet took it for a number
    elif nib and draws.chance(0.002 * scale):
        nib = f"{float(nib):.2E}"
    village = business.village
    written = business.name if draws.chance(0.25) else business.name.upper()
    return (
        business.source_id,
        nib,
        "" if draws.chance(0.0006 * scale) else written,
        business.trade_name.upper(),
        _owner(draws, business, scale),
        _address(draws, business, scale),
        draws.pick(_EMPTY) if draws.chance(0.04 * scale) else village.name.upper(),
        _district(draws, business, scale),
        _area(draws, business, scale),
        village.postal_code if draws.chance(0.6) else "",
        "" if draws.chance(0.15 * scale) else business.kbli,
        business.product.upper(),
        _phone(draws, business.phone, scale),
        _pirt(draws, business, scale),
        business.halal,
        business.size if draws.chance(0.97) else business.size.capitalize(),
        str(business.year) if draws.chance(0.9) else "",
        accounts.get("tokopedia", ""),
        accounts.get("shopee", ""),
    )


def office_list(
    seed: int, businesses: list[Business], declared: dict[str, dict[str, str]], difficulty: float
) -> DataFrame:
    """One row per business, all columns text, in the order and with the names of COLUMNS.

    declared: source_id -> marketplace -> account as the owner told it.
    """
    draws = Draws(seed, "office list")
    none: dict[str, str] = {}
    rows = [_row(draws, business, declared.get(business.source_id, none), 2 * difficulty) for business in businesses]
    return DataFrame(rows, columns=list(COLUMNS), dtype=str)
