"""Addresses of businesses' own shops: which may be asked at all, and what such a shop is called.

They come from `own_shop.txt` in the data folder (one address per line, `#` begins a comment), which an office keeps,
and from addresses that businesses declared and that belong to no marketplace. Both are other people's text: an address
that could make this program knock on a machine of its own network is refused here, before anything is sent.

`shop_id` is the host without `www.`, with the folder where the file names one: two shops may live on one host. Of a
declared address only the host counts, since people copy the address of one product.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from monitor.errors import InputError
from monitor.marketplaces import shop_of_url

FILE_NAME = "own_shop.txt"
MAX_SITES = 5_000
MAX_CHARS = 300
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]{1,100}){0,5}")
# Names that mean this machine, the local network or no public site (RFC 6761, 6762, 8375, 7686; usual routers).
_LOCAL = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "arpa",
    "onion",
    "invalid",
)
# Many people's pages, link collections, maps and short links under one host: the host says nothing about whose it is.
_SHARED = {
    *(
        "bit.ly",
        "s.id",
        "tinyurl.com",
        "linktr.ee",
        "lynk.id",
        "heylink.me",
        "t.me",
        "t.co",
        "goo.gl",
        "g.co",
        "g.page",
    ),
    *("google.com", "youtube.com", "youtu.be", "x.com", "twitter.com", "pinterest.com", "linkedin.com", "gmail.com"),
    *("forms.gle", "msha.ke", "taplink.cc", "beacons.ai", "yahoo.com", "threads.net", "line.me", "shp.ee"),
}


# Second levels of country domains under which names are given out, .id foremost (PANDI).
_SECOND_LEVEL = {"co", "com", "web", "my", "biz", "or", "org", "net", "ac", "sch", "desa", "go", "ponpes"}


@dataclass(frozen=True)
class OwnSite:
    """One shop. url: where it begins, without a trailing slash; host: the only one that is asked."""

    shop_id: str
    url: str
    host: str


@dataclass(frozen=True)
class Refused:
    """An address that is not asked. where: line of the file. reason: half a sentence, without the address itself."""

    where: str
    reason: str


def _split(text: str) -> SplitResult:
    if len(text) > MAX_CHARS or re.search(r"[\s\x00-\x20\x7f\\]", text):
        raise InputError("is a name or a sentence, not an address")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        raise InputError("is not a whole address") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise InputError("is neither http nor https")
    if "@" in parts.netloc:
        raise InputError("holds a user name or a password")
    if port not in (None, 80, 443):
        raise InputError("names a port of its own")
    return parts


def _host(parts: SplitResult) -> str:
    name = (parts.hostname or "").rstrip(".")
    try:
        ipaddress.ip_address(name)
        raise InputError("is an IP address, not the name of a site")
    except ValueError:
        pass
    try:
        host = name.encode("idna").decode("ascii").lower() if not name.isascii() else name.lower()
    except UnicodeError:
        raise InputError("is not the name of a site") from None
    if host.rpartition(".")[2] in _LOCAL:
        raise InputError("is a name of this machine or of a local network")
    if not _HOST.fullmatch(host):  # also numbers that some programs read as IP addresses
        raise InputError("is not the name of a site")
    return host


def own_site(text: str, *, keeps_folder: bool = True) -> OwnSite:
    """The shop of one address. Raises InputError with half a sentence that says why it is not asked."""
    parts = _split(text.strip())
    host = _host(parts)
    bare = host.removeprefix("www.")
    if bare in _SHARED:
        raise InputError("is a short link or a page that many people share")
    found = shop_of_url(f"https://{host}{parts.path}")
    if found is not None:
        raise InputError(f"belongs to the marketplace {found.marketplace}")
    folder = unquote(parts.path).rstrip("/") if keeps_folder else ""
    if not _PATH.fullmatch(folder) or ".." in folder:
        raise InputError("has a folder that cannot be told from a page")
    return OwnSite(f"{bare}{folder}", f"https://{host}{folder}", host)


def sites_of(addresses: Iterable[tuple[str, str]], *, keeps_folder: bool = True) -> tuple[list[OwnSite], list[Refused]]:
    """Each shop once, and what is refused. addresses: (where it stands, address)."""
    found: dict[str, OwnSite] = {}
    refused = []
    for where, text in addresses:
        try:
            site = own_site(text, keeps_folder=keeps_folder)
        except InputError as error:
            refused.append(Refused(where, str(error)))
            continue
        if site.shop_id not in found and len(found) >= MAX_SITES:
            refused.append(Refused(where, f"stands after the first {MAX_SITES:,} shops"))
        else:
            found.setdefault(site.shop_id, site)
    return list(found.values()), refused


def name_in_host(host: str) -> str:
    """What a business chose of its host: without `www.` and the public ending; a host is a shop's username here."""
    labels = host.removeprefix("www.").split(".")
    kept = labels[:-1]
    if len(kept) > 1 and kept[-1] in _SECOND_LEVEL and len(labels[-1]) == 2:
        kept = kept[:-1]
    return ".".join(kept) or host


def file_lines(data_dir: Path) -> list[tuple[str, str]]:
    """Addresses of `own_shop.txt` with their places; none where there is no such file. Raises InputError."""
    path = data_dir / FILE_NAME
    if not path.is_file():
        return []
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    texts = [(f"{FILE_NAME}, line {number}", line.partition("#")[0].strip()) for number, line in enumerate(lines, 1)]
    return [(where, text) for where, text in texts if text]


def served_sites(hosts: Sequence[str]) -> list[OwnSite]:
    """Own shops among the hosts that a sandbox serves: those that belong to no marketplace."""
    public = [host for host in hosts if host.endswith(".example")]
    return sites_of((host, host) for host in public)[0]
