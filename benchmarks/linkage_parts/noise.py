"""What happens to texts on their way to a list or a page, in the world kept apart; every share grows with `scale`.

`scale` is 0 for no noise at all, 1 for the usual amount, 2 for the hardest. Rows to change are drawn at once; only
those are touched.
"""

from collections.abc import Callable

import numpy as np

from .names import HEADS_OF_ALL, SUFFIXES, Ints, Rng, Texts, zipf

_KEYS = "qwertyuiopasdfghjklzxcvbnm"
_LEET = str.maketrans("aeiosg", "431059")
# Old and new spelling, and what people write for it; one replacement a text.
_SPELLING = (
    ("j", "dj"), ("u", "oe"), ("y", "j"), ("kh", "h"), ("sy", "s"), ("f", "p"), ("v", "f"), ("z", "j"), ("x", "ks"),
    ("q", "k"), ("k", "q"), ("iy", "y"), ("aa", "a"), ("au", "o"), ("ai", "e"), ("th", "t"), ("dh", "d"), ("ll", "l"),
)  # fmt: skip
_SHORT = {
    "Warung": "Wrg", "Toko": "Tk", "Berkah": "Bkh", "Jaya": "Jy", "Makmur": "Mkmr", "Mandiri": "Mdr", "Rumah": "Rmh",
    "Sejahtera": "Sjhtr", "Keripik": "Krpk", "Collection": "Col", "Sumber": "Sbr", "Rejeki": "Rjk", "Putra": "Ptr",
    "Dapur": "Dpr", "Makan": "Mkn", "Official": "Offc", "Bengkel": "Bkl", "Catering": "Ctrg", "Muhammad": "M",
    "Abdul": "Abd",
}  # fmt: skip


def changed(rng: Rng, texts: Texts, share: float, change: Callable[[Rng, str], str]) -> Texts:
    """The texts with `share` of them changed."""
    found = texts.copy()
    for row in np.flatnonzero(rng.random(len(texts)) < share):
        found[row] = change(rng, texts[row])
    return found


def mistyped(rng: Rng, text: str) -> str:
    """One letter left out, doubled, swapped or hit beside, never the first."""
    if len(text) < 5:
        return text
    at, kind = int(rng.integers(1, len(text) - 1)), int(rng.integers(0, 4))
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[: at + 1] + text[at:]
    if kind == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + _KEYS[int(rng.integers(0, 26))] + text[at + 1 :]


def respelt(rng: Rng, text: str) -> str:
    usable = [(old, new) for old, new in _SPELLING if old in text[1:]]
    if not usable:
        return text
    old, new = usable[int(rng.integers(0, len(usable)))]
    return text[0] + text[1:].replace(old, new, 1)


def leet(rng: Rng, text: str) -> str:
    return text[:1] + text[1:].translate(_LEET) if rng.random() < 0.3 else text[:1] + text[1:].replace("a", "4")


def shortened(rng: Rng, text: str) -> str:
    words = text.split()
    if rng.random() < 0.7 or len(words) < 2:
        return " ".join(_SHORT.get(word, word) for word in words)
    return f"{words[0]} {words[1][0]}" + "".join(f" {word}" for word in words[2:])


def headless(rng: Rng, text: str) -> str:
    """Without the first word where it is a head noun or a legal form, or sometimes whatever it is."""
    first, _, rest = text.partition(" ")
    known = first in HEADS_OF_ALL or first in {"CV", "UD", "PT", "Keripik", "Kue", "Batik", "Kopi", "Hijab", "Bengkel"}
    return rest if rest and (known or rng.random() < 0.3) else text


def suffixed(rng: Rng, text: str) -> str:
    return f"{text} {SUFFIXES[int(zipf(rng, 1, len(SUFFIXES), 0.9, 1.0)[0])]}"


def squeezed(_: Rng, text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def underscored(_: Rng, text: str) -> str:
    return "_".join(text.lower().split())


def decorated(rng: Rng, text: str) -> str:
    return (f"★{text}★", f"{text}.id", f"{text} ✨", f"[{text}]", f"{text}!!")[int(rng.integers(0, 5))]


def shop_names(rng: Rng, names: Texts, scale: float) -> Texts:
    """Names as they end up on a page."""
    for share, change in (
        (0.35, headless),
        (0.07, shortened),
        (0.10, respelt),
        (0.08, mistyped),
        (0.36, suffixed),
        (0.02, leet),
        (0.02, decorated),
    ):
        names = changed(rng, names, min(share * scale, 0.9), change)
    look = rng.random(len(names)) / max(scale, 1e-9)
    names = _rows(names, look < 0.09, squeezed)
    names = _rows(names, (look >= 0.09) & (look < 0.11), underscored)
    names = _rows(names, (look >= 0.11) & (look < 0.24), lambda _, text: text.lower())
    return _rows(names, (look >= 0.24) & (look < 0.36), lambda _, text: text.upper())


def _rows(texts: Texts, chosen: np.ndarray, change: Callable[[Rng, str], str]) -> Texts:
    none = np.random.Generator(np.random.PCG64(0))
    found = texts.copy()
    for row in np.flatnonzero(chosen):
        found[row] = change(none, texts[row])
    return found


def usernames(rng: Rng, texts: Texts, digits_share: float) -> Texts:
    """Glued or with a sign between, at most 30 signs, digits behind some."""
    sign = rng.choice(["", "", "", "_", ".", "-"], len(texts))
    numbers: Ints = rng.integers(1, 999, len(texts))
    with_digits = rng.random(len(texts)) < digits_share
    made = []
    for text, glue, number, has_digits in zip(texts, sign, numbers, with_digits, strict=True):
        kept = "".join(letter if letter.isalnum() and letter.isascii() else " " for letter in text.lower())
        made.append(glue.join(kept.split())[:30] + (str(number) if has_digits else ""))
    return np.array(made, dtype=object)
