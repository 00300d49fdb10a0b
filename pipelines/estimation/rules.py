"""What holds for every figure of a week: which marketplaces it covers, and whether a level may be published at all."""

from dataclasses import dataclass, replace

from pipelines.estimation.agreement import Agreement, cohen_kappa
from pipelines.estimation.inputs import WeekInputs

LEAST_TWICE = 10  # pairs coded twice from which their agreement says something


@dataclass(frozen=True)
class Rules:
    """status: carried where a covered marketplace stands with older data, else published. blocked: why no level may be
    published (`low_agreement`, `no_marketplace`), None where it may. covered, carried: slugs, in order.
    """

    status: str
    blocked: str | None
    agreement: Agreement
    covered: tuple[str, ...]
    carried: tuple[str, ...]


def rules_of(inputs: WeekInputs) -> Rules:
    """The rules of the week."""
    places = inputs.marketplaces
    is_covered = places["covered"].astype(bool)
    covered = tuple(sorted(places.loc[is_covered, "marketplace"]))
    carried = tuple(sorted(places.loc[is_covered & (places["state"] == "carried"), "marketplace"]))
    # That the shop is another business's says as much against this one as "tidak".
    first, second = (inputs.coding[name].replace("usaha lain", "tidak") for name in ("first", "second"))
    agreement = cohen_kappa(first, second, inputs.coding["weight"])
    blocked = "low_agreement" if agreement.tasks >= LEAST_TWICE and agreement.state == "low" else None
    if not covered:
        blocked = "no_marketplace"
    return Rules("carried" if carried else "published", blocked, agreement, covered, carried)


def of_marketplace(rules: Rules, state: str) -> Rules:
    """The rules for figures of one marketplace, which are carried only where its own data are."""
    return replace(rules, status="carried" if state == "carried" else "published")
