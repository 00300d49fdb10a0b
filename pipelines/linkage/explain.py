"""Why a shop is linked to a business, or to none: the candidates, their bits, and the reason, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.linkage.decide import STRONG
from pipelines.linkage.score import COMPARISONS
from pipelines.linkage.weights import Weights

RIVAL_BITS = 4.0  # a second business this close divides the odds noticeably
WORDS = {
    "name": "name",
    "owner": "owner",
    "place": "place",
    "product": "product",
    "phone": "phone",
    "nib": "NIB",
    "label": "permit",
    "declared": "declared account",
}


def bits_of(evidence: Mapping[str, Any]) -> dict[str, str]:
    """Comparison -> ``level +bits`` for the table; "" where one side says nothing."""
    cells = {"prior": f"{evidence.get('prior', 0.0):+.1f}"}
    for name in COMPARISONS:
        found = evidence.get(name)
        cells[name] = f"{found[0]} {found[1]:+.1f}" if found else ""
    return cells


def _strongest(evidence: Mapping[str, Any]) -> str:
    named = [(evidence[name][1], WORDS[name], evidence[name][0]) for name in COMPARISONS if name in evidence]
    named.sort(key=lambda entry: (-abs(entry[0]), entry[1]))
    return ", ".join(f"{name} {level.replace('_', ' ')} {bits:+.1f} bits" for bits, name, level in named)


def _without_link(best: Mapping[str, Any], rival: Mapping[str, Any] | None, weights: Weights) -> str:
    limits = weights.decision
    evidence = best["evidence"]
    place = (evidence.get("place") or [None])[0]
    if best["agreements"] < 2:
        return f"only {best['agreements']} independent agreement(s), and a link needs two"
    if not any(name in evidence and evidence[name][1] > 0 for name in STRONG):
        return "place and product agree, but neither name, owner nor an identifier does"
    if place in ("other_area", "other_district"):
        return f"it is registered in another {'kab/kota' if place == 'other_area' else 'kecamatan'}"
    if rival is not None and best["weight"] - rival["weight"] < RIVAL_BITS:
        return f"business {rival['business_id']} is nearly as good ({rival['weight']:+.1f} bits)"
    if best["weight"] < limits.link:
        return f"{best['weight']:+.1f} bits are too few; a link needs {limits.link_settled:+.1f} to {limits.link:+.1f}"
    return "the registered name is not rare enough, or more shops than one business runs carry it"


def verdict(candidates: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], weights: Weights) -> list[str]:
    """Sentences why the winner won or nobody did.

    candidates: rows of `candidate_pairs` with the best first; links: rows of `links` of the shop.
    """
    if not candidates and not links:
        return ["Nobody: no business shares a rare word, an identifier or a declared account with this shop."]
    sentences = []
    for link in links:
        judgement = (link["evidence"] or {}).get("judgement")
        if link["decision"] == "confirmed" and judgement:
            sentences.append(f"Business {link['business_id']}: a person answered so in task {judgement[1]}.")
        else:
            sentences.append(f"Business {link['business_id']}: {_strongest(link['evidence'])}.")
    if sentences or not candidates:
        return sentences
    best = candidates[0]
    others = [entry for entry in candidates[1:] if entry["group_id"] != best["group_id"]]
    judged = best["evidence"].get("judgement")
    if judged and judged[0] == "no":
        return [f"Nobody: a person answered in task {judged[1]} that business {best['business_id']} does not run it."]
    if judged and judged[0] == "split":
        return [f"Nobody: reviewers disagree about business {best['business_id']}."]
    reason = _without_link(best, others[0] if others else None, weights)
    return [f"Nobody: the best candidate is business {best['business_id']}, but {reason}."]
