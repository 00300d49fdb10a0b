"""What the database knows about change: the two weeks of the panel, and shops that ended since the week before."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, select

from monitor.database import read_frame
from monitor.intervals import as_of
from monitor.private_store import estimates, links, observations
from monitor.shop_states import live_shops
from monitor.weeks import shift_week, week_days
from pipelines.estimation.answers import judged_groups
from pipelines.estimation.change import exits, panel_flow
from pipelines.estimation.flows import LAGS
from pipelines.estimation.inputs import COLUMNS, blank
from pipelines.estimation.strata import group_scores
from pipelines.load_panel import panel_pair
from pipelines.measure_pairs import SHOP, scored
from pipelines.review_read import Answers

ENDED = ("closed", "gone")
LEFT = ("left",)  # kind of draw that stands for groups that left
CHUNK = 500


@dataclass(frozen=True)
class Panel:
    """The three frames of the inputs about the panel."""

    panel: pd.DataFrame
    shown: pd.DataFrame
    states: pd.DataFrame


def models_of(connection: Connection, week: str) -> tuple[str, ...]:
    """Versions of the models that made the week's links, ordered."""
    found = connection.execute(select(links.c.model_version).where(as_of(links, week)).distinct()).scalars()
    return tuple(sorted(found))


def bases_of(connection: Connection, week: str) -> tuple[str, ...]:
    """The same without what judgements of the weeks made of them: `evidence-2-1f3a` of `evidence-2-1f3a+77c0`.

    That part is learned anew every week. It moves scores a little, and with them strata, but says nothing else of a
    pair: figures of two weeks with one base compare (`_candidates`).
    """
    return tuple(sorted({version.partition("+")[0] for version in models_of(connection, week)}))


def read_panel(connection: Connection, week: str, given: Answers, pairs: pd.DataFrame, live: pd.DataFrame) -> Panel:
    """Both lags. pairs: candidates of the week on open shops; live: these shops."""
    parts = [_lag(connection, week, lag, given, pairs, live) for lag in LAGS]
    joined = [pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True)]
    return Panel(
        joined[0].astype(dict(COLUMNS["panel"])),
        joined[1].astype(dict(COLUMNS["panel_shown"])),
        joined[2].astype(dict(COLUMNS["panel_states"])),
    )


def _lag(
    connection: Connection,
    week: str,
    lag: int,
    given: Answers,
    pairs: pd.DataFrame,
    live: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    earlier = shift_week(week, -lag)
    compared = panel_pair(connection, week, earlier)
    slugs = " ".join(sorted(compared.queries["marketplace"].unique()))
    reason = None
    if compared.queries.empty:
        reason = "no_panel"
    elif bases_of(connection, week) != bases_of(connection, earlier):
        reason = "model_changed"
    row = {"lag": lag, "reason": reason, "marketplaces": slugs, "queries": len(compared.queries)}
    state = pd.DataFrame([row])
    if reason:
        return blank("panel"), blank("panel_shown"), state
    shops = compared.shops
    every = _candidates(pairs, scored(connection, earlier))
    now = every.merge(shops.loc[shops["now"], SHOP], on=SHOP).merge(live[SHOP], on=SHOP)
    then = every.merge(shops.loc[shops["then"], SHOP], on=SHOP)
    flow = panel_flow(now, then)
    sides = [
        _side(now, flow.arrived, given, week).assign(side="arrived"),
        _side(then, flow.left, given, week, LEFT).assign(side="left"),
    ]
    panel = pd.concat(sides, ignore_index=True).assign(lag=lag)
    shown = now[["group_id", *SHOP]].drop_duplicates().assign(lag=lag)
    return panel[list(COLUMNS["panel"])], shown[list(COLUMNS["panel_shown"])], state


def _candidates(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """Pairs that are candidates in either week, with the score of now where it has one.

    One set for both sides: a pair that crosses the floor because scores moved, or whose business came into the registry
    or left it, neither arrives nor leaves while its shop is shown.
    """
    columns = ["group_id", *SHOP, "business_id", "score"]
    every = pd.concat([now[columns], then[columns]], ignore_index=True)
    return every.drop_duplicates(["group_id", *SHOP, "business_id"]).reset_index(drop=True)


def _side(
    pairs: pd.DataFrame, groups: tuple[int, ...], given: Answers, week: str, represent: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Groups of one side with their score and judgement: group_id, score, d (None: not judged), is_known, weight."""
    own = pairs[pairs["group_id"].isin(groups)]
    columns = ["group_id", "score", "d", "is_known", "weight"]
    if own.empty:
        return pd.DataFrame(columns=columns)
    scores = group_scores(own).reset_index()
    asked = (given.tasks, given.judgements, given.undone, own, given.draws, given.frames, week)
    judged = judged_groups(*asked) if represent is None else judged_groups(*asked, represent=represent)
    decided = judged[~judged["is_ambiguous"]]
    found = scores.merge(decided[["group_id", "d", "is_known", "weight"]], on="group_id", how="left")
    d = found["d"].astype(object)
    known = found["is_known"].eq(True).fillna(False).astype(bool)
    return found.assign(d=d.where(d.notna(), None), is_known=known, weight=found["weight"].fillna(1.0))[columns]


# --- exits ----------------------------------------------------------------------------------------------------------


def read_leavers(connection: Connection, week: str, given: Answers, live: pd.DataFrame) -> pd.DataFrame:
    """Groups whose last open shop ended in the week: `inputs.COLUMNS["leavers"]`. live: shops open in the week."""
    before = shift_week(week, -1)
    query = select(observations.c.marketplace, observations.c.shop_id, observations.c.state)
    newly = observations.c.valid_from_week == week
    ended = read_frame(connection, query.where(newly, observations.c.state.in_(ENDED)))
    if ended.empty:
        return blank("leavers")
    then = scored(connection, before)
    open_then = live_shops(connection, before, ())
    then = then.merge(open_then[SHOP], on=SHOP)
    touched = then.merge(ended[SHOP], on=SHOP)["group_id"].unique()
    own = then[then["group_id"].isin(touched)]
    states = own.merge(ended, on=SHOP, how="left").merge(live[SHOP].assign(is_live=True), on=SHOP, how="left")
    is_live = states["is_live"].eq(True).fillna(False)
    has_ended = states["state"].isin(ENDED)
    # A shop that neither ended nor was seen is unknown: not seen is not gone.
    state = states["state"].where(has_ended, "unknown").mask(is_live & ~has_ended, "live")
    gone = exits(states.assign(state=state, has_ended=has_ended))
    found = _side(own, gone, given, week, LEFT)
    return found[list(COLUMNS["leavers"])].astype(dict(COLUMNS["leavers"]))


# --- earlier weeks --------------------------------------------------------------------------------------------------


def read_earlier(connection: Connection, week: str, province: str, weeks: int = 26) -> pd.DataFrame:
    """E1 and E2 of the province in earlier weeks that have a flash and a final: `inputs.COLUMNS["earlier"]`.

    The flash is the one of the report: what was measured again later, with answers that had come in, is none that could
    have held or missed.
    """
    table = estimates.c
    names = (table.week, table.estimand, table.vintage, table.revision, table.value, table.details, table.made_at)
    query = select(*names).where(
        table.estimand.in_(("E1", "E2")), table.domain_kind == "province", table.domain_code == province,
        table.week < week, table.week >= shift_week(week, -weeks), table.vintage.in_(("flash", "final")),
        table.value.is_not(None),
    )  # fmt: skip
    found = read_frame(connection, query.order_by(table.revision))
    again = [
        vintage == "flash" and made[:10] >= week_days(shift_week(then, 2))[0].isoformat()
        for then, vintage, made in zip(found["week"], found["vintage"], found["made_at"], strict=True)
    ]
    keys = ["week", "estimand", "vintage"]
    # One that was reported late has no other.
    newest = found.assign(again=again).sort_values("again", ascending=False, kind="stable")
    newest = newest.drop_duplicates(keys, keep="last")
    flash, final = (newest[newest["vintage"] == vintage] for vintage in ("flash", "final"))
    made = [(details or {}).get("computed") or {} for details in flash["details"]]
    flash = flash.assign(**{f"flash_{name}": [entry.get(name) for entry in made] for name in ("value", "low", "high")})
    keys = ["week", "estimand"]
    both = flash.merge(final[[*keys, "value"]].rename(columns={"value": "final_value"}), on=keys)
    return both[list(COLUMNS["earlier"])].astype(dict(COLUMNS["earlier"])).sort_values(keys, ignore_index=True)


def probes_then(connection: Connection, week: str, province: str) -> tuple[int, int] | None:
    """n and m of the province in the week before, as last computed; None where it was not measured."""
    table = estimates.c
    query = select(table.details).where(
        table.estimand == "E9", table.domain_kind == "province", table.domain_code == province,
        table.week == shift_week(week, -1),
    )  # fmt: skip
    found = connection.execute(query.order_by(table.made_at.desc(), table.revision.desc()).limit(1)).scalar()
    return (int(found["probes"]), int(found["probes_detected"])) if found else None
