"""Addresses of GoFood: which page one asks for."""

import re
from urllib.parse import unquote, urlsplit

HOME = "https://gofood.co.id"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OUTLET = re.compile(rf"/(?P<area>[^/]+)/restaurant/[^/]*?(?P<uid>{_UUID})")
LOCALITY = re.compile(r"/(?P<area>[^/]+)/(?P<locality>[^/]+)-restaurants")
LIST = re.compile(r"/(?P<area>[^/]+)/(?P<locality>[^/]+)-restaurants/(?P<category>[^/]+(?:/[^/]+)?)")
_LANGUAGE = re.compile(r"^/(?:id|en|vi)(?=/|$)")


def path_of(url: str) -> str:
    """Path of an address of this site without its language; JSON routes as the page they stand for."""
    try:
        path = unquote(urlsplit(url).path).rstrip("/")
    except ValueError:  # "http://[": pages may print anything
        return ""
    path = re.sub(r"^/_next/data/[^/]+|\.json$", "", path)
    return _LANGUAGE.sub("", path)


def kind_of_path(path: str) -> str:
    """Kind of page that a path asks for, "" for one that is not read."""
    if path == "/cities":
        return "cities"
    if re.fullmatch(r"/[^/]+/restaurants", path):
        return "area"
    for kind, pattern in (("outlet", OUTLET), ("locality", LOCALITY), ("outlets", LIST)):
        if pattern.fullmatch(path):
            return kind
    return ""
