"""Runs the linkage stages over one week and keeps what they found: candidate pairs and links, as intervals of weeks.

Links of a week are a pure function of the registry snapshot, the observations and judgements up to that week, and the
model. Both tables change in one transaction, so a run that is killed leaves them as they were.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
from sqlalchemy import Connection, Engine, Table, func, insert, select

from monitor.config import Config
from monitor.database import read_frame, transaction, translate_errors
from monitor.errors import UsageError
from monitor.forgotten import PREFIX, erased_week
from monitor.gazetteer import gazetteer
from monitor.intervals import apply_week, as_of, rewind
from monitor.marketplaces import catalogue
from monitor.private_store import (
    candidate_pairs,
    judgements,
    links,
    listings,
    model_versions,
    observations,
    review_tasks,
    runs,
    undone_judgements,
)
from monitor.registry.frame import read_declared, read_snapshot
from monitor.registry.snapshots import current_snapshot
from monitor.sellers import shop_accounts
from monitor.text import tokens
from monitor.weeks import utc_now, utc_text
from pipelines.linkage.calibration import Taught, apply, teach
from pipelines.linkage.changes import Moved, moved
from pipelines.linkage.collective import as_brand_shops
from pipelines.linkage.incremental import Alone, Scored, score_week
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.index_store import index_version
from pipelines.linkage.judged import verdicts
from pipelines.linkage.model import Model, load_model
from pipelines.linkage.score import alone, together
from pipelines.linkage.settle import Settled, settle
from pipelines.linkage.shops import PROVINCE
from pipelines.linkage.siblings import in_order, seller_keys, siblings_of
from pipelines.linkage.spread import sells_for_many
from pipelines.linkage.threads import processors
from pipelines.linkage.weights import Weights, load_weights
from pipelines.match_cache import LinkCache, code_version

if TYPE_CHECKING:
    from pipelines.cluster.link import ClusterLink

Found = TypeVar("Found")
SAMPLE = "sample"
UNSEEN = ("seed", "probe")  # purposes of answers that neither train nor decide links
OPEN_STATES = ("live", "unknown")  # closed and gone shops have no link
PAIR_KEYS = ("marketplace", "shop_id", "business_id")
LINK_KEYS = ("marketplace", "shop_id", "listing_id", "group_id")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class LinkReport:
    """What one run of `link_week` found; counts are shops unless said otherwise."""

    week: str
    snapshot_id: str
    model_version: str
    shops: int
    businesses: int
    pairs: int
    linked: int  # by the system
    confirmed: int
    review: int
    groups: int  # with a link
    later_judgements: int  # answers that came in after the week and count from theirs on
    later_weeks: tuple[str, ...] = ()  # linked before, to be linked again
    skipped: dict[str, int] = field(default_factory=dict)  # blocking rule -> pairs left out
    reliability: pd.DataFrame | None = None  # stated against true probability; None while nothing is stated
    scored: int = 0  # shops that were new or changed; the others kept their pairs
    model_before: str | None = None  # another one that had linked the week
    moved: Moved | None = None  # what its links become under this one


@dataclass(frozen=True)
class Inputs:
    """Everything the links of a week depend on, besides the model."""

    snapshot: Any
    registry: pd.DataFrame
    declared: pd.DataFrame
    shops: pd.DataFrame
    listings: pd.DataFrame
    judgements: pd.DataFrame


def place_words(province: str) -> set[str]:
    """Words of the province's kab/kota, and kecamatan of one word: they tell no business from another."""
    names = gazetteer(province).names
    areas = {word for code, name in names.items() if len(code) <= 4 for word in tokens(name)}
    districts = {tokens(name)[0] for code, name in names.items() if len(code) == 6 and len(tokens(name)) == 1}
    return areas | districts | {"tangsel", "kabupaten", "kota", "kab", "kec", "kecamatan"}


def local_words(province: str) -> set[str]:
    """Words of the names of desa and kecamatan."""
    names = gazetteer(province).names
    return {word for code, name in names.items() if len(code) >= 6 for word in tokens(name)}


def read_judgements(connection: Connection, week: str) -> pd.DataFrame:
    """Answers up to the week, each with the pair its task asked about.

    Without those that were taken back, and without what linkage must not know: answers about probes, and rows whose
    answer was known beforehand (they test the reviewer, not the pair).
    """
    columns = (
        judgements.c.judgement_id,
        judgements.c.task_id,
        judgements.c.reviewer,
        judgements.c.office,
        judgements.c.answer,
        judgements.c.purpose,
        judgements.c.inclusion_prob,
        judgements.c.other_business,
        review_tasks.c.marketplace,
        review_tasks.c.shop_id,
        review_tasks.c.business_id,
    )
    undone = select(undone_judgements.c.judgement_id)
    query = select(*columns).join(review_tasks, review_tasks.c.task_id == judgements.c.task_id)
    query = query.where(
        judgements.c.week <= week,
        judgements.c.purpose.not_in(UNSEEN),
        review_tasks.c.purpose.not_in(UNSEEN),
        review_tasks.c.known_answer.is_(None),
        judgements.c.judgement_id.not_in(undone),
    )
    return read_frame(connection, query.order_by(judgements.c.judgement_id))


def _read_shops(connection: Connection, week: str) -> pd.DataFrame:
    table = observations.c
    columns = (
        table.marketplace,
        table.shop_id,
        table.name,
        table.username,
        table.url,
        table.city,
        table.area_codes,
        table.district_code,
        table.identifiers,
        table.is_collective,
    )
    frame = read_frame(connection, select(*columns).where(as_of(observations, week), table.state.in_(OPEN_STATES)))
    collective = {slug for slug, entry in catalogue().items() if entry.collective}
    said = frame["is_collective"].eq(True) | frame["marketplace"].isin(collective)
    frame = frame.assign(is_collective=said.astype(bool))
    return frame.merge(shop_accounts(connection), on=["marketplace", "shop_id"], how="left")


def _read_listings(connection: Connection, week: str) -> pd.DataFrame:
    table = listings.c
    columns = (
        table.marketplace,
        table.listing_id,
        table.shop_id,
        table.title,
        table.category,
        table.brand,
        table.identifiers,
    )
    return read_frame(connection, select(*columns).where(as_of(listings, week)))


def read_inputs(engine: Engine, week: str) -> Inputs:
    """Reads what the week's links depend on. Raises UsageError without a registry."""
    with translate_errors(), engine.connect() as connection, connection.begin():
        snapshot = current_snapshot(connection, week)
        if snapshot is None:
            raise UsageError("There is no registry yet; hand one in with 'monitor registry import FILE --as-of DATE'.")
        return Inputs(
            snapshot=snapshot,
            registry=read_snapshot(connection, snapshot.snapshot_id),
            declared=read_declared(connection, snapshot.snapshot_id),
            shops=_read_shops(connection, week),
            listings=_read_listings(connection, week),
            judgements=read_judgements(connection, week),
        )


@dataclass(frozen=True)
class Computed:
    """What `compute` found. taught: None while too few sample judgements exist."""

    settled: Settled
    skipped: dict[str, int]
    model: Model
    taught: Taught | None
    scored: int  # shops that were new or changed


def _sample(answers: pd.DataFrame, registry: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Verdicts of sample judgements only, and how many pairs each stands for."""
    drawn = answers[answers["purpose"].eq(SAMPLE) & answers["inclusion_prob"].gt(0)]
    said = verdicts(drawn, registry)
    chance = drawn.drop_duplicates("task_id").set_index("task_id")["inclusion_prob"].astype(float)
    return said, 1.0 / said["task_id"].map(chance).astype(float)


def _index(inputs: Inputs, province: str, weights: Weights, cache: LinkCache) -> tuple[RegistryIndex, str]:
    """The index of the snapshot and the name of what it was made from."""
    words = place_words(province), local_words(province)
    version = index_version(inputs.snapshot.snapshot_id, weights, *words)
    build = partial(build_index, inputs.registry, weights, inputs.declared, *words, processors())
    return cache.index(version, weights, build), version


@dataclass(frozen=True)
class Search:
    """How shops find their businesses. version: names the index; alone: `score.alone` of the shipped model with that
    index; done: called when all shops were asked about."""

    version: str
    alone: Alone
    done: Callable[[], None] = lambda: None


def _here(inputs: Inputs, province: str, weights: Weights, cache: LinkCache) -> Search:
    """In this process, against one index of the whole registry."""
    index, version = _index(inputs, province, weights, cache)
    return Search(version, partial(alone, index=index, model=load_model(), threads=processors()))


def _pairs(
    shops: pd.DataFrame, listings: pd.DataFrame, search: Search, model: Model, floor: float, cache: LinkCache
) -> tuple[pd.DataFrame, Scored]:
    """Candidate pairs of all shops; only new and changed shops are scored."""
    basis = "\x1f".join([search.version, model.version, code_version()])
    scored = score_week(shops, listings, search.alone, basis, cache.before(basis), processors())
    if scored.scored:
        cache.keep(scored)
    return together(scored.pairs, scored.siblings, model, floor, scored.inputs), scored


def _brand_pairs(stand_ins: pd.DataFrame, goods: pd.DataFrame, search: Search, model: Model, floor: float) -> Any:
    """Candidate pairs of the brands of collective shops, all of them scored."""
    ordered = in_order(stand_ins)
    pairs, _ = search.alone(ordered, goods)
    return together(pairs, siblings_of(ordered, seller_keys(ordered)), model, floor, ordered)


def compute(
    inputs: Inputs,
    province: str,
    weights: Weights,
    tell: Tell = lambda _: None,
    cache: LinkCache | None = None,
    elsewhere: Callable[[Inputs], Search] | None = None,
) -> Computed:
    """Pairs and links of the inputs. cache: what may be kept between runs; the result is the same without it.

    elsewhere: where shops are compared if not in this process; the result is the same too.
    """
    cache = cache or LinkCache(None)
    tell("Indexing the registry")
    search = elsewhere(inputs) if elsewhere else _here(inputs, province, weights, cache)
    tell("Comparing shops with businesses")
    shipped, floor = load_model(), weights.decision.floor
    spread = sells_for_many(inputs.shops, inputs.listings, inputs.registry)
    is_collective = inputs.shops["is_collective"].astype(bool) | spread
    shops = inputs.shops.assign(is_collective=is_collective, **{PROVINCE: province})
    collective = shops["is_collective"].to_numpy(dtype=bool)
    pairs, scored = _pairs(shops[~collective], inputs.listings, search, shipped, floor, cache)
    stand_ins, goods = as_brand_shops(shops[collective], inputs.listings)
    stand_ins = stand_ins.assign(**{PROVINCE: province})
    brand_pairs = _brand_pairs(stand_ins, goods, search, shipped, floor)
    search.done()
    tell("Deciding")
    sampled, counts = _sample(inputs.judgements, inputs.registry)
    taught = teach(pairs, sampled, shipped, counts)
    model = taught.model if taught else shipped
    if taught:
        pairs, brand_pairs = apply(pairs, taught, shipped), apply(brand_pairs, taught, shipped)
    said = verdicts(inputs.judgements, inputs.registry)
    settled = settle(pairs, brand_pairs, goods, shops, said, weights, model.curve)
    return Computed(settled, scored.skipped, model, taught, scored.scored)


def _later_weeks(connection: Connection, week: str) -> tuple[str, ...]:
    """Weeks after this one that were linked before; rewinding forgot them."""
    done = select(runs.c.week).where(runs.c.verb == "link", runs.c.outcome == "done", runs.c.week > week).distinct()
    found = {row.week for row in connection.execute(done)}
    for table in (candidate_pairs, links):
        for column in (table.c.valid_from_week, table.c.valid_to_week):
            found |= {row[0] for row in connection.execute(select(column).where(column > week).distinct())}
    return tuple(sorted(found))


def _remember_model(connection: Connection, weights: Weights, model: Model) -> None:
    known = select(model_versions.c.model_version).where(model_versions.c.model_version == model.version)
    if connection.execute(known).first() is None:
        parameters = {"weights": dict(weights.parameters), "model": model.parameters()}
        values = {"model_version": model.version, "parameters": parameters, "first_used_at": utc_text(utc_now())}
        connection.execute(insert(model_versions).values(**values))


def _write(engine: Engine, week: str, settled: Settled, weights: Weights, model: Model) -> tuple[str, ...]:
    with transaction(engine) as connection:
        later = _later_weeks(connection, week)
        _remember_model(connection, weights, model)
        for table, keys, frame in (
            (candidate_pairs, PAIR_KEYS, settled.pairs),
            (links, LINK_KEYS, settled.links.assign(model_version=model.version)),
        ):
            left = _left_of_erased(connection, table, week)
            rewind(connection, table, {}, week)
            apply_week(connection, table, keys, _with(frame, left), week, {}, close_absent=True)
    return later


def _left_of_erased(connection: Connection, table: Table, week: str) -> pd.DataFrame:
    """Rows of shops that were erased later: nothing of them can be compared any more, so they stay as decided."""
    query = select(table).where(as_of(table, week), table.c.shop_id.startswith(PREFIX))
    frame = read_frame(connection, query)
    until = frame["shop_id"].map(erased_week) if len(frame) else frame["shop_id"]
    return frame[until > week].drop(columns=["valid_from_week", "valid_to_week", "digest"])


def _with(frame: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame.astype(object), left[list(frame.columns)]], ignore_index=True) if len(left) else frame


def _count(frame: pd.DataFrame) -> int:
    return len(frame[["marketplace", "shop_id"]].drop_duplicates())


def _before(engine: Engine, week: str, model: Model) -> tuple[str | None, pd.DataFrame]:
    """Another model that linked the week, and the links of the week as they are stored."""
    columns = (*(links.c[name] for name in LINK_KEYS), links.c.decision, links.c.model_version)
    with translate_errors(), engine.connect() as connection:
        frame = read_frame(connection, select(*columns).where(as_of(links, week)))
    others = sorted(set(frame["model_version"]) - {model.version})
    return ", ".join(others) or None, frame


def _waiting(engine: Engine, week: str) -> int:
    """Answers of later weeks."""
    with translate_errors(), engine.connect() as connection:
        return int(connection.execute(select(func.count()).where(judgements.c.week > week)).scalar_one())


@dataclass(frozen=True)
class _OneProcess:
    """Compares in this process, and takes a database that is away for what it is."""

    config: Config
    tell: Tell

    def patiently(self, work: Callable[[], Found]) -> Found:
        return work()

    def compute(self, inputs: Inputs, cache: LinkCache) -> Computed:
        return compute(inputs, self.config.region.code, load_weights(), self.tell, cache)


def _place(config: Config, scheduler: str | None, tell: Tell) -> "_OneProcess | ClusterLink":
    address = scheduler or config.cluster.scheduler
    if not address:
        return _OneProcess(config, tell)
    from pipelines.cluster.link import ClusterLink  # needs what is here

    return ClusterLink(config, address, tell)


def link_week(
    engine: Engine,
    config: Config,
    week: str,
    tell: Tell = lambda _: None,
    dry_run: bool = False,
    scheduler: str | None = None,
) -> LinkReport:
    """Links the shops that are open in the week and stores pairs and links from this week on.

    An earlier week than the latest forgets what later weeks found; the report names them. dry_run: nothing is stored.
    scheduler: of a cluster that compares instead of this process, default: the configured one; the rows are the same.
    Raises UsageError without a registry.
    """
    weights, place = load_weights(), _place(config, scheduler, tell)
    tell("Reading registry and shops")
    inputs = place.patiently(lambda: read_inputs(engine, week))
    # Ids belong to one database; a folder may serve several.
    own = sha256(str(engine.url).encode()).hexdigest()[:16]
    cache = LinkCache(config.data_dir / "cache" / "linkage" / own)
    found = place.compute(inputs, cache)
    model_before, stored = place.patiently(lambda: _before(engine, week, found.model))
    tell("Writing")
    later: tuple[str, ...] = ()
    if not dry_run:
        later = place.patiently(lambda: _write(engine, week, found.settled, weights, found.model))
    waiting = place.patiently(lambda: _waiting(engine, week))
    pairs, made = found.settled.pairs, found.settled.links
    return LinkReport(
        week=week,
        snapshot_id=inputs.snapshot.snapshot_id,
        model_version=found.model.version,
        shops=len(inputs.shops),
        businesses=len(inputs.registry),
        pairs=len(pairs),
        linked=_count(made[made["decision"] == "link"]),
        confirmed=_count(made[made["decision"] == "confirmed"]),
        review=_count(pairs[pairs["decision"] == "review"]),
        groups=int(made["group_id"].nunique()),
        later_judgements=waiting,
        later_weeks=later,
        skipped=found.skipped,
        reliability=found.taught.reliability if found.taught else None,
        scored=found.scored,
        model_before=model_before,
        moved=moved(stored, found.settled.links) if model_before else None,
    )
