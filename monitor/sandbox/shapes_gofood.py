"""GoFood as its pages of February 2026 show it: areas, localities, lists of outlets, outlets with a menu.

Lists show one page of the nearest outlets and no total. The list of areas, an area's page and a list's page were never
captured and are modelled from what scrapers read of them.
"""

import json
import re
from typing import Any

from monitor import pins
from monitor.sandbox import places
from monitor.sandbox.gofood_outlets import CUISINES, cuisine_of, item, outlet, point_of, section
from monitor.sandbox.storefront import ShopRow, Storefront
from monitor.sandbox.transport import Reply, Request, as_html, as_json
from monitor.sandbox.world import World

PAGE = 12
REACH_KM = 15.0
AREAS = {  # path -> name and the kab/kota that it delivers in
    "tangerang": ("Tangerang", ("3603", "3671", "3674")),
    "serang": ("Serang", ("3604", "3673")),
    "cilegon": ("Cilegon", ("3672",)),
    "rangkasbitung": ("Rangkasbitung", ("3602",)),
    "pandeglang": ("Pandeglang", ("3601",)),
    "jakarta": ("Jakarta", ()),
    "surabaya": ("Surabaya", ()),
}
ELSEWHERE = {"jakarta": (("Tebet", ""), ("Ciputat", "367404")), "surabaya": (("Sukolilo", ""),)}  # name, kecamatan
LISTS = {"near_me": "Terdekat", "best_seller": "Terlaris", "most_loved": "Terfavorit"}
Json = dict[str, Any]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class GoFood:
    """Answers gofood.co.id from a world."""

    slug = "gofood"
    hosts: tuple[str, ...] = ("gofood.co.id",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.build = f"17.{self.store.seed % 90}.0"
        self.localities: dict[str, tuple[str, str]] = {}  # path -> name, code of the kecamatan
        self._area: dict[str, str] = {}  # shop -> area
        for area, (_, codes) in AREAS.items():
            for name, code in (*_districts(codes), *ELSEWHERE.get(area, ())):
                self.localities.setdefault(f"/{area}/{_slug(name)}-restaurants", (name, code))
        of_area = {code: area for area, (_, codes) in AREAS.items() for code in codes}
        for shop in self.store.shops.values():
            found = pins.codes_at(*point_of(shop), "36")[0]
            self._area[shop.shop_id] = of_area.get(found or "", "jakarta")

    # --- answering ----------------------------------------------------------------------------------------------------

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        path = request.path.rstrip("/")
        route = re.fullmatch(r"/_next/data/([^/]+)/(?:id|en)(/.*)\.json", path)
        page = route[2] if route else re.sub(r"^/(?:id|en)(?=/|$)", "", path)
        made = None if route and route[1] != self.build else self._page(page, ended)
        if made is None:
            return as_json({}, 404) if route else self._html({"page": "/404", "query": {}}, {}, 404)
        of, props = made
        return as_json({"pageProps": self._props(props), "__N_SSP": True}) if route else self._html(of, props, 200)

    def _page(self, path: str, ended: bool) -> tuple[Json, Json] | None:
        """Route with its parameters, and what is particular in `pageProps`."""
        area, _, rest = path.strip("/").partition("/")
        if path in ("", "/cities"):
            cities = [{"name": name, "path": f"/{slug}"} for slug, (name, _) in AREAS.items()]
            return {"page": path or "/", "query": {}}, {"contents": [{"title": "", "type": "CITY", "data": cities}]}
        if area not in AREAS:
            return None
        query: Json = {"service_area": area}
        if rest == "restaurants":
            listed = [
                {"name": name, "path": where}
                for where, (name, _) in self.localities.items()
                if where.startswith(f"/{area}/")
            ]
            return {"page": "/[service_area]/restaurants", "query": query}, {
                "contents": [{"title": "", "type": "LOCALITY", "data": listed}, *_cuisines(f"/{area}/restaurants")]
            }
        if rest.startswith("restaurant/"):
            query["id"] = rest.removeprefix("restaurant/")
            found = self._outlet_page(area, query["id"])
            return ({"page": "/[service_area]/restaurant/[id]", "query": query}, found) if found else None
        return self._list_page(path, query, ended)

    def _list_page(self, path: str, query: Json, ended: bool) -> tuple[Json, Json] | None:
        base, _, name = path.partition("-restaurants/")
        where = f"{base.removesuffix('-restaurants')}-restaurants"
        if where not in self.localities:
            return None
        query["locality"] = where.rpartition("/")[2]
        if not name:
            contents = [*_cuisines(where), *self._outlet_blocks(where)]
            return {"page": "/[service_area]/[locality]", "query": query}, {"contents": contents}
        if name not in LISTS and name not in CUISINES:
            return None
        shown = [] if ended else self.nearest(where, name)[:PAGE]
        query["category"] = name
        return {"page": "/[service_area]/[locality]/[category]", "query": query}, {"outlets": shown}

    def nearest(self, locality: str, name: str) -> list[Json]:
        """Outlets within reach of the locality's middle, nearest first."""
        middle = pins.middles("36").get(self.localities[locality][1], (0.0, 0.0))
        found = []
        for shop in self.store.shops.values():
            away = pins.distance_km(point_of(shop), middle)
            if away <= REACH_KM and (name in LISTS or cuisine_of(shop) == name):
                found.append((away, shop.shop_id, shop))
        return [outlet(shop, self.path(shop), away) for away, _, shop in sorted(found, key=lambda row: row[:2])]

    def path(self, shop: ShopRow) -> str:
        return f"/{self._area[shop.shop_id]}/restaurant/{_slug(shop.name)}-{shop.shop_id}"

    def _outlet_blocks(self, where: str) -> list[Json]:
        outlets = self.nearest(where, "near_me")[:4]
        title = {"title": "Rekomendasi resto di areamu", "description": "", "type": "OUTLET"}
        return [{**title, "data": outlets, "seeAllUrl": f"{where}/near_me"}]

    def _outlet_page(self, area: str, name: str) -> Json | None:
        shop = self.store.shops.get(name[-36:])
        if shop is None or self._area[shop.shop_id] != area:
            return None
        path = self.path(shop)
        page = outlet(shop, path, 0.0)
        del page["path"]
        page["core"]["address"] = {"city": "", "locality": "", "region": "", "postalCode": "", "rows": _rows(shop)}
        page["delivery"]["etaRange"] = {"min": 40, "max": 50, "minutes": 40}
        page["catalog"] = {"sections": self._sections(shop)}
        return {
            "outlet": page,
            "breadcrumbs": [{"name": AREAS[area][0], "href": f"/{area}/restaurants"}],
            "reviewsData": None,
            "cannedOutlet": [],
            "isReviewsPage": False,
            "outletUrl": path,
        }

    def _sections(self, shop: ShopRow) -> list[Json]:
        items = [item(listing) for listing in self.store.of_shop.get(shop.shop_id, [])]
        best = items[:1] if len(items) > 3 else []
        return [section(shop.shop_id, 2, "Promo", best), section(shop.shop_id, 1, "Menu", items)]

    # --- envelope -----------------------------------------------------------------------------------------------------

    def _props(self, props: Json) -> Json:
        tenant = {"uid": "gofood", "countryCode": "ID", "currencyCode": "IDR", "features": {"loginEnable": True}}
        auth = {"isAuth": False, "user": None, "isOrderPrevented": False}
        return {"tenant": tenant, "activitySource": "gofood", "auth": auth, **props, "__lang": "id"}

    def _html(self, of: Json, props: Json, status: int) -> Reply:
        document = {
            "props": {"pageProps": self._props(props), "__N_SSP": True},
            **of,
            "buildId": self.build,
            "isFallback": False,
            "gssp": True,
            "locale": "id",
            "locales": ["id", "en"],
            "defaultLocale": "id",
            "scriptLoader": [],
        }
        script = json.dumps(document, ensure_ascii=False).replace("</", "<\\/")
        data = f'<script id="__NEXT_DATA__" type="application/json">{script}</script>'
        return as_html(f"<!DOCTYPE html><html><body><div id=__next></div>{data}</body></html>", status)

    def refusal(self, request: Request) -> Reply:
        """What a plain request got in February 2026: a page with nothing but a script."""
        script = '<meta charset="UTF-8">\n<script src="/SANDBOX/probe.js?v=sandbox"></script>'
        return as_html(f"<!DOCTYPE html><html>\n<head>\n{script}\n</head>\n<body></body></html>", 202)


def _districts(areas: tuple[str, ...]) -> list[tuple[str, str]]:
    """Name and code of the kecamatan of some kab/kota."""
    found = {village.district_code: village.district for area in areas for village in places.villages()[area]}
    return [(name, code) for code, name in sorted(found.items())]


def _cuisines(where: str) -> list[Json]:
    def link(slug: str, name: str) -> Json:
        return {"name": name, "path": f"{where}/{slug}", "id": slug.upper(), "logoUrl": "", "bannerUrl": ""}

    return [
        {
            "title": "Rekomendasi kami",
            "description": "",
            "type": "COLLECTION",
            "data": [link(*entry) for entry in LISTS.items()],
            "showAll": True,
        },
        {
            "title": "Aneka kuliner menarik",
            "description": "",
            "type": "CUISINE",
            "data": [link(*entry) for entry in CUISINES.items()],
        },
    ]


def _rows(shop: ShopRow) -> list[str]:
    """Address as the outlet page prints it: street, kecamatan, city; the street alone where no city is shown."""
    return [line for line in ("Jl. Raya", shop.district, shop.city) if line] if shop.city else ["Jl. Raya"]


SITES = (GoFood,)
