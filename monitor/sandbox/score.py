"""How right the links of a week are, told by the truth of the training world."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from monitor.intervals import as_of
from monitor.private_store import links, observations
from monitor.sandbox.truth import Shop, Truth, load_truth

CONFIRMED = "confirmed"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _captured(engine: Engine, truth: Truth, week: str) -> set[Shop]:
    """Shops of the world that the store knows as live in the week."""
    columns = select(observations.c.marketplace, observations.c.shop_id)
    live = columns.where(as_of(observations, week), observations.c.state == "live")
    with engine.connect() as connection:
        seen = {truth.world_shop((row.marketplace, row.shop_id)) for row in connection.execute(live)}
    return seen & set(truth.owner)


def _links(engine: Engine, week: str) -> list[tuple[Shop, int, str]]:
    columns = select(links.c.marketplace, links.c.shop_id, links.c.group_id, links.c.decision)
    whole_shops = columns.where(as_of(links, week), links.c.listing_id == "")
    with engine.connect() as connection:
        return [((row.marketplace, row.shop_id), row.group_id, row.decision) for row in connection.execute(whole_shops)]


def score_links(folder: Path, engine: Engine, week: str) -> dict[str, Any]:
    """The links of `week` against the truth of the world in `folder`.

    precision: right links among all links (a link is right when its group holds the business that runs the shop).
    true_links: captured live shops that a registered business runs; recall: right links among those, recall_findable
    among those of them that leave enough traces. businesses_*: groups; present: with a shop anywhere in the world,
    captured: with a captured one, linked, confirmed (E8) and how many of these truly are present. Shares are None where
    there is nothing to divide by. Raises InputError without a world.
    """
    truth = load_truth(folder, engine)
    captured = _captured(engine, truth, week)
    made = _links(engine, week)
    right = {truth.world_shop(shop) for shop, group, _ in made if truth.group(shop) == group}
    confirmed = [(shop, group) for shop, group, decision in made if decision == CONFIRMED]
    owned = {shop for shop in captured if truth.owner[shop]}
    present = {truth.group(shop) for shop in truth.owner} - {None}
    linked_groups = {group for _, group, _ in made}
    confirmed_groups = {group for _, group in confirmed}
    return {
        "week": week,
        "shops": len(truth.owner),
        "shops_captured": len(captured),
        "true_links": len(owned),
        "links": len(made),
        "links_right": len(right),
        "precision": _share(len(right), len(made)),
        "recall": _share(len(right & owned), len(owned)),
        "recall_findable": _share(len(right & owned & truth.findable), len(owned & truth.findable)),
        "businesses_present": len(present),
        "businesses_captured": len({truth.group(shop) for shop in owned} - {None}),
        "businesses_linked": len(linked_groups),
        "businesses_linked_right": len(linked_groups & present),
        "businesses_confirmed": len(confirmed_groups),
        "businesses_confirmed_right": len(confirmed_groups & present),
    }
