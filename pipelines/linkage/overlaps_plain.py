"""What `overlaps.py` measures, said with sets of words: slow, and easy to check. The tests hold the two together."""

from collections.abc import Sequence

import numpy as np

from pipelines.linkage.blocking import Candidates
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.labels import Labels
from pipelines.linkage.overlap_loops import ROUNDING
from pipelines.linkage.overlaps import MEASURES
from pipelines.linkage.shops import ShopTable
from pipelines.linkage.words import Floats

Row = dict[str, float]


def _labels(labels: Labels, business: int) -> list[tuple[int, list[int]]]:
    return [
        (label, labels.words[labels.first[label] : labels.first[label + 1]].tolist())
        for label in range(labels.start[business], labels.start[business + 1])
    ]


class Plain:
    """Asked for one pair after the other."""

    def __init__(self, shops: ShopTable, index: RegistryIndex) -> None:
        self.shops, self.index, self.words = shops, index, index.vocabulary
        self.people = self.words.people

    def _joint(self, words: Sequence[int], bits: Floats, labels: Labels) -> float:
        rarity, base = self.index.weights.rarity, max(len(self.words.words), 1)
        sizes = {int(key): int(size) for key, size in zip(labels.pairs.keys, labels.pairs.size, strict=True)}
        keys = [min(a, b) * base + max(a, b) for n, a in enumerate(words) for b in words[:n]]
        counts = np.array([sizes[key] for key in keys if key in sizes], dtype=np.int64)
        alone = float(bits[list(words)].sum())
        rarest = max([*bits[list(words)], *rarity.bits(counts, self.index.group_count)], default=0.0)
        best = min(float(rarest), alone)
        return best + self.index.weights.name.extra_share * (alone - best)

    def _try(self, label: int, name: list[int], text: set[int], all_bits: float) -> tuple[float, Row, list[int]] | None:
        core, rare, weights = self.words.core_bits, self.words.rare_bits, self.index.weights.name
        shared = [word for word in name if word in text]
        if not shared:
            return None
        joint = self._joint(shared, self.words.name_bits, self.index.names)
        every, own = float(core[name].sum()), float(core[shared].sum())
        share, of_text = own / every if every else 0.0, own / all_bits if all_bits else 0.0
        if share >= ROUNDING and of_text >= ROUNDING:
            alone = float(self.words.name_bits[shared].sum())
            joint = max(joint, min(float(self.index.names.same_bits[label]), alone))
        row = {
            "name_joint": joint,
            "name_left": every - own,
            "name_share": share,
            "text_share": of_text,
            "name_rare": min(float(rare[shared].sum()), joint),
            "name_gone": float(rare[[word for word in name if word not in text]].sum()),
        }
        return joint - weights.left_business * (every - own) - weights.left_shop * (all_bits - own), row, shared

    def measure(self, shop: int, business: int) -> tuple[Row, int, int]:
        """The measures that are not 0, and label and text of the best name."""
        by_text, goods = self.shops.by_text, self.shops.goods.words
        texts = [set(by_text.value[by_text.row == shop * 2 + text].tolist()) for text in (0, 1)]
        bits = [float(self.shops.text_bits[shop * 2 + text]) for text in (0, 1)]
        titles = set(goods.value[goods.row == shop].tolist())
        names = _labels(self.index.names, business)
        products = set(self.index.products.value[self.index.products.row == business].tolist())
        owner = next((words for _, words in _labels(self.index.owners, business)), [])
        row: Row = {}
        best, label, side, used = -np.inf, -1, -1, list[int]()
        for number, name in names:
            for text in (0, 1):
                found = self._try(number, name, texts[text], bits[text])
                if found and found[0] > best:
                    best, label, side, used = found[0], number, text, found[2]
                    row = found[1]
        row |= self._owner(owner, texts, used) | self._left(texts, bits, side, owner, products, [n for _, n in names])
        row |= self._elsewhere(names, label, side, texts, titles)
        row |= self._together([name for _, name in names], texts[0] | texts[1], titles, row.get("name_joint", 0.0))
        row["name_same"] = float(self.index.names.same_bits[label]) if label >= 0 else 0.0
        row["owner_same"] = float(self.index.owners.same_bits[self.index.owners.start[business]]) if owner else 0.0
        row["text_bits"] = bits[0]
        shown = [word for word in products if word not in used and word in titles | texts[0] | texts[1]]
        row["product_word"] = max(self.words.product_bits[shown], default=0.0)
        return row, label, side

    def _owner(self, owner: list[int], texts: list[set[int]], used: list[int]) -> Row:
        worth = self.words.owner_bits
        free = [word for word in owner if word not in used]
        shared = [word for word in free if word in texts[0] | texts[1]]
        row = {"owner_free": float(worth[free].sum())}
        row["owner_sides"] = float(sum(any(word in text for word in shared) for text in texts))
        if shared:
            row["owner_joint"] = self._joint(shared, worth, self.index.owners)
            row["owner_count"] = float(len(shared))
            row["owner_share"] = float(worth[shared].sum() / worth[owner].sum()) if worth[owner].sum() else 0.0
        return row

    def _left(
        self, texts: list[set[int]], bits: list[float], side: int, owner: list[int], products: set[int],
        names: list[list[int]],
    ) -> Row:  # fmt: skip
        explained = {*owner, *products, *(word for name in names for word in name)}
        row: Row = {}
        for text in (0, 1):
            known = {word for word in texts[text] if word >= 0}
            left = bits[text] - float(self.words.core_bits[sorted(known & explained)].sum())
            row["text_left" if text == max(side, 0) else "other_left"] = max(left, 0.0)
            if owner:
                row["person_name" if text == 0 else "person_user"] = float(self.people[sorted(known - explained)].sum())
        return row

    def _elsewhere(
        self, names: list[tuple[int, list[int]]], label: int, side: int, texts: list[set[int]], titles: set[int]
    ) -> Row:
        best = next((name for number, name in names if number == label), [])
        row = {"other_text": 0.0, "other_name": 0.0, "title_word": 0.0}
        for number, name in names:
            for word in name:
                in_texts = word in texts[0] | texts[1]
                if number == label and word in texts[1 - side]:
                    row["other_text"] = max(row["other_text"], float(self.words.name_bits[word]))
                if in_texts and number != label and word not in best:
                    row["other_name"] = max(row["other_name"], float(self.words.rare_bits[word]))
                if not in_texts and word in titles:
                    row["title_word"] = max(row["title_word"], float(self.words.rare_bits[word]))
        return row

    def _together(self, names: list[list[int]], shown: set[int], titles: set[int], joint: float) -> Row:
        row = {"title_more": 0.0, "title_whole": 0.0}
        for name in names:
            shared = [word for word in name if word in shown | titles]
            if name and len(shared) == len(name):
                row["title_whole"] = 1.0
            if set(shared) - shown:
                more = self._joint(shared, self.words.name_bits, self.index.names) - joint
                row["title_more"] = max(row["title_more"], more)
        return row


def plain_overlaps(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> Floats:
    """pair x MEASURES."""
    plain = Plain(shops, index)
    values = np.zeros((len(pairs.shop), len(MEASURES)))
    for place, (shop, business) in enumerate(zip(pairs.shop.tolist(), pairs.business.tolist(), strict=True)):
        row, _, _ = plain.measure(shop, business)
        values[place] = [row.get(name, 0.0) for name in MEASURES]
    return values
