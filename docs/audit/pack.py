"""The audit pack: what auditors get beside docs/audit.md. `make audit` writes it all into dist/audit.

python docs/audit/pack.py flows            picture and table of docs/audit/flows.toml, into docs/
python docs/audit/pack.py hosts            hosts that this configuration makes the machine contact
python docs/audit/pack.py bill SBOM LIST   keeps of a CycloneDX file what a list of requirements names
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
PAGE, PICTURE = HERE.parent / "audit.md", HERE / "flows.svg"
BEGIN, END = "<!-- flows: made by docs/audit/pack.py -->", "<!-- end of flows -->"
WIDE, HIGH, GAP_X, GAP_Y = 150, 46, 90, 34


# --- flows ------------------------------------------------------------------------------------------------------------


def flows() -> dict[str, Any]:
    return tomllib.loads((HERE / "flows.toml").read_text(encoding="utf-8"))


def table(found: Mapping[str, Any]) -> str:
    """One row per flow, with the periods that the program has."""
    from monitor.config import RetentionOptions

    days = RetentionOptions()
    rows = ["| | from | to | by | personal data | how | ground | kept (days) |", "|---|---|---|---|---|---|---|---|"]
    for number, flow in enumerate(found["flows"], start=1):
        kept = ", ".join(f"`{option}` {getattr(days, option)}" for option in flow["keeps"]) or "no period of its own"
        ground = f"art. 20 (2) {flow['ground']}" if len(flow["ground"]) == 1 else flow["ground"]
        ends = [found["places"][flow[end]]["title"] for end in ("from", "to")]
        cells = [str(number), *ends, flow["verb"], flow["data"], flow["how"], ground, kept]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def picture(found: Mapping[str, Any]) -> str:
    """The places as boxes, the flows as numbered arrows: the numbers are those of the table."""
    places = found["places"]
    columns, rows = (1 + max(place[axis] for place in places.values()) for axis in ("column", "row"))
    width, height = columns * (WIDE + GAP_X) - GAP_X + 20, rows * (HIGH + GAP_Y) - GAP_Y + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="13">',
        "<title>Data flows of the monitor</title>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#333"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, flow in enumerate(found["flows"], start=1):
        parts += _arrow(places[flow["from"]], places[flow["to"]], number)
    parts += [line for place in places.values() for line in _box(place)]
    return "\n".join([*parts, "</svg>\n"])


def _corner(place: Mapping[str, Any]) -> tuple[int, int]:
    return 10 + place["column"] * (WIDE + GAP_X), 10 + place["row"] * (HIGH + GAP_Y)


def _box(place: Mapping[str, Any]) -> Iterator[str]:
    x, y = _corner(place)
    fill, dash = ("#eef3fa", "") if place["inside"] else ("#fff", ' stroke-dasharray="4 3"')
    yield f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="5" fill="{fill}" stroke="#333"{dash}/>'
    yield (f'<text x="{x + WIDE // 2}" y="{y + HIGH // 2 + 5}" text-anchor="middle">{escape(place["title"])}</text>')


def _arrow(source: Mapping[str, Any], target: Mapping[str, Any], number: int) -> Iterator[str]:
    """From side to side where the columns differ, else from edge to edge."""
    (x1, y1), (x2, y2) = _corner(source), _corner(target)
    if source["column"] != target["column"]:
        is_right = x2 > x1
        x1, x2 = (x1 + WIDE, x2) if is_right else (x1, x2 + WIDE)
        y1, y2 = y1 + HIGH // 2, y2 + HIGH // 2
    else:
        is_down = y2 > y1
        y1, y2 = (y1 + HIGH, y2) if is_down else (y1, y2 + HIGH)
        x1, x2 = x1 + WIDE // 2, x2 + WIDE // 2
    # A number stands at two fifths of its arrow, where few arrows cross.
    x, y = x1 + (x2 - x1) * 2 // 5, y1 + (y2 - y1) * 2 // 5
    yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#333" marker-end="url(#a)"/>'
    yield f'<circle cx="{x}" cy="{y}" r="9" fill="#fff" stroke="#333"/>'
    yield f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="11">{number}</text>'


def page(text: str, found: Mapping[str, Any]) -> str:
    """docs/audit.md with the table of now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}"


# --- hosts ------------------------------------------------------------------------------------------------------------


def hosts() -> list[tuple[str, str]]:
    """(host, why) of everything that the configuration of this process makes the program contact."""
    from monitor.config import load_config
    from monitor.feed.official_api import HOST
    from monitor.marketplaces import catalogue
    from monitor.permission import permission_problem
    from monitor.scheduler.messages import addresses

    config = load_config()
    found = [
        (host, f"crawl {slug}")
        for slug, entry in catalogue().items()
        if permission_problem(entry, config) is None
        for host in entry.hosts or ("sites of own_shop.txt and of declared accounts",)
    ]
    found.append((urlsplit(HOST).hostname or "", "only with: monitor feed --official"))
    # What stands before a host in such an address may be a password, behind it a token.
    found += [
        (_host(address), f"messages ({address.partition(':')[0]})") for address in addresses(config.messages_file)
    ]
    for name, url in (("private store", config.database_url), ("results database", config.results_url)):
        if not url.startswith("sqlite"):
            found.append((_host(url), name))
    cluster = getattr(config, "cluster", None)
    for name in ("scheduler", "storage"):
        if url := getattr(cluster, name, ""):
            found.append((_host(url), f"cluster {name}"))
    found += [(_host(url), f"proxy ({kind})") for kind, url in getproxies().items() if kind != "no"]
    return found


def _host(url: str) -> str:
    try:
        named = urlsplit(url).hostname
    except ValueError:
        named = None
    scheme = url.partition(":")[0]
    return {"tgram": "api.telegram.org"}.get(scheme) or named or "this machine"


# --- software bill of materials ---------------------------------------------------------------------------------------


def bill(path: Path, requirements: Path) -> dict[str, Any]:
    """The CycloneDX document with the components that the list names, and what they depend on among themselves."""
    named = {_plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", requirements.read_text("utf-8"), re.M)}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found["components"] = [one for one in found["components"] if _plain(one["name"]) in named]
    kept = {one["bom-ref"] for one in found["components"]} | {found["metadata"]["component"]["bom-ref"]}
    found["dependencies"] = [
        one | {"dependsOn": [ref for ref in one.get("dependsOn", []) if ref in kept]}
        for one in found.get("dependencies", [])
        if one["ref"] in kept
    ]
    return found


def without_licence(found: Mapping[str, Any]) -> list[str]:
    return [one["name"] for one in found["components"] if not one.get("licenses")]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- command line -----------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    match arguments:
        case ["flows"]:
            found = flows()
            PICTURE.write_text(picture(found), encoding="utf-8")
            PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
        case ["hosts"]:
            for host, why in hosts():
                print(f"{host}\t{why}")  # noqa: T201 (this is what it is for)
        case ["bill", document, requirements]:
            made = bill(Path(document), Path(requirements))
            Path(document).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
            missing = without_licence(made)
            print(f"{len(made['components'])} packages; without a licence in their data: {missing or 'none'}")  # noqa: T201
        case _:
            print(__doc__)  # noqa: T201
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
