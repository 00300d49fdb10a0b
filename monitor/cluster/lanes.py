"""The lane of a site: one request at a time and a pause between two, whoever asks, wherever the process runs.

Pure: the state of a lane, and what becomes of it at a moment. `monitor.cluster.lanes_store` keeps it in PostgreSQL,
which outlives a scheduler (a Dask variable or semaphore does not) and whose clock all workers share. A Dask resource
stands on one worker and would be gone with it, so every single request is granted here instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from monitor.marketplaces import catalogue
from monitor.middlewares import MAX_WAIT_S
from monitor.own_sites import name_in_host

LEASE_S = 15.0  # of a request in flight; its worker renews it, so a dead worker's ends soon
RENEW_S = 4.0
ASK_TO_WAIT = (429, 503)


@dataclass(frozen=True)
class Lane:
    """Moments are seconds of the database's clock.

    next_at: no request before it. delay_s: the slowest that anyone in this crawl wants. holder: whose request is in
    flight, until held_until at most. crawl_id: of the last request. has_waited: whether this crawl waited because the
    site asked for it; closed_in: crawl that the site refused, which is not gone on with.
    """

    next_at: float = 0.0
    delay_s: float = 0.0
    holder: str | None = None
    held_until: float = 0.0
    crawl_id: str | None = None
    has_waited: bool = False
    closed_in: str | None = None


def ask(lane: Lane, now: float, holder: str, delay_s: float, crawl_id: str) -> tuple[Lane, float]:
    """The lane after somebody asked to send, and the seconds after which to ask again; 0: send now."""
    if lane.crawl_id != crawl_id:
        lane = replace(lane, crawl_id=crawl_id, delay_s=0.0, has_waited=False)
    lane = replace(lane, delay_s=max(lane.delay_s, delay_s))
    if lane.holder not in (None, holder) and lane.held_until > now:
        return lane, min(lane.held_until - now, max(lane.next_at - now, 0.05))
    if lane.next_at > now:
        return lane, lane.next_at - now
    return replace(lane, holder=holder, held_until=now + LEASE_S, next_at=now + lane.delay_s), 0.0


def renew(lane: Lane, now: float, holder: str) -> Lane:
    """The request is still in flight."""
    return replace(lane, held_until=now + LEASE_S) if lane.holder == holder else lane


def answered(
    lane: Lane, now: float, holder: str, elapsed_s: float, status: int = 0, retry_after_s: float | None = None
) -> tuple[Lane, bool]:
    """The lane after an answer (status 0: there was none), and whether the site had asked to wait before.

    elapsed_s: since the request left its process: the pause counts from there, not from the moment of the grant.
    """
    had_waited = lane.has_waited
    next_at = max(lane.next_at, now - max(elapsed_s, 0.0) + lane.delay_s)
    if status in ASK_TO_WAIT and retry_after_s is not None:
        next_at = max(next_at, now + min(retry_after_s, MAX_WAIT_S))
        lane = replace(lane, has_waited=True)
    lane = replace(lane, next_at=next_at)
    return (replace(lane, holder=None, held_until=0.0) if lane.holder == holder else lane), had_waited


# --- which lane -------------------------------------------------------------------------------------------------------


def domain(host: str) -> str:
    """What was registered: `www.toko.co.id` -> `toko.co.id`. Shops under one domain have one server, so one lane."""
    name = name_in_host(host)
    ending = host.removeprefix("www.")[len(name) :]
    return f"{name.rpartition('.')[2]}{ending}"


def join(hosts: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Domain -> lane. Marketplaces that share a domain share the lane of the least slug. hosts: slug -> its hosts."""
    lanes: dict[str, str] = {}
    for slug in sorted(hosts):
        domains = {domain(host) for host in hosts[slug]}
        joined = {lanes[name] for name in domains if name in lanes} | {slug}
        lanes |= {name: min(joined) for name, lane in lanes.items() if lane in joined}
        lanes |= dict.fromkeys(domains, min(joined))
    return lanes


@cache
def _lanes() -> dict[str, str]:
    return join({slug: entry.hosts for slug, entry in catalogue().items() if entry.is_requested})


def lane_of(host: str) -> str:
    """Name of the lane of a host: a marketplace's slug, for any other site its domain."""
    return _lanes().get(domain(host), domain(host))
