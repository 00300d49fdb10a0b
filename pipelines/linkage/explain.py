"""Why a shop is linked to a business, or to none: the candidates, their bits, and the reason, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.linkage.decide import COMPARISONS, SETTLING, STRONG
from pipelines.linkage.weights import Weights

RIVAL_BITS = 4.0  # a second business this close divides the odds noticeably
ELSEWHERE = {"other_area": "another kab/kota", "other_district": "another kecamatan"}
WORDS = {
    "name": "name",
    "owner": "owner",
    "place": "place",
    "product": "product",
    "phone": "phone",
    "nib": "NIB",
    "label": "permit",
    "declared": "declared account",
    "pattern": "all of this together",
    "sibling": "another shop of the seller or business",
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
    """Why the best candidate is not linked, the weightiest reason first."""
    evidence, weight = best["evidence"], best["weight"]
    agreed = evidence.get("agrees", [])
    level = (evidence.get("place") or [None])[0]
    settled = any(name in SETTLING for name in agreed)
    needed = weights.decision.link_settled if settled else weights.decision.link
    needed += evidence.get("pattern", ("", 0.0))[1]  # see decide.py
    if best.get("probability") is not None:
        return f"its probability is {best['probability']:.2f}, and a link needs {weights.decision.link_probability:.2f}"
    if level in ELSEWHERE and not settled:
        return f"it is registered in {ELSEWHERE[level]}"
    if best["agreements"] < 2:
        only = f"only one independent agreement ({agreed[0]})" if agreed else "no independent agreement"
        return f"there is {only}, and a link needs two"
    if not any(name in STRONG for name in agreed):
        return f"only {' and '.join(agreed)} agree, not a rare name, the owner or an identifier"
    if weight < needed:
        return f"{weight:+.1f} bits are too few: with {' and '.join(agreed)} agreeing a link needs {needed:+.1f}"
    if rival is not None and weight - rival["weight"] < RIVAL_BITS:
        return f"business {rival['business_id']} is nearly as good ({rival['weight']:+.1f} bits against {weight:+.1f})"
    return "more shops of this marketplace carry the name than one business runs"


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
