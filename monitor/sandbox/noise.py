"""What people do to names and numbers when they type them: the disorder that linkage has to see through."""

from bisect import bisect_right

from monitor.sandbox.draws import Draws
from monitor.sandbox.vocabulary import words

_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"}


def typo(draws: Draws, text: str) -> str:
    """One letter dropped, doubled or swapped with its neighbour, never the first."""
    if len(text) < 4:
        return text
    at = draws.between(1, len(text) - 2)
    kind = draws.below(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def leet(draws: Draws, text: str) -> str:
    """One kind of letter written as a digit: `k0pi`, `b4rokah`."""
    present = [letter for letter in _LEET if letter in text[1:].lower()]
    if not present:
        return text
    letter = draws.pick(present)
    return text[0] + text[1:].replace(letter, _LEET[letter])


def respell(draws: Draws, text: str, table: dict[str, str], probability: float) -> str:
    return " ".join(table[word] if word in table and draws.chance(probability) else word for word in text.split())


def slug(text: str, separator: str = "-") -> str:
    """Lower case, letters and digits only, the rest one separator."""
    kept = "".join(sign if sign.isalnum() and sign.isascii() else " " for sign in text.lower())
    return separator.join(kept.split())


def glued(text: str) -> str:
    return slug(text, "")


def shop_name_noise(draws: Draws, name: str, difficulty: float) -> str:
    """A shop name as it ends up on a page; `difficulty` 0 leaves it alone, 0.5 is the usual amount."""
    scale, customs = 2 * difficulty, draws.customs
    name = respell(draws, name, words().spellings, customs.respelt * scale)
    if draws.chance(customs.abbreviated * scale):
        name = respell(draws, name, words().abbreviations, 1.0)
    if draws.chance(customs.typo * scale):
        name = typo(draws, name)
    if draws.chance(customs.leet * scale):
        name = leet(draws, name)
    look = bisect_right(customs.looks, draws.unit() / max(scale, 0.01))
    if look == 0:
        return glued(name)
    if look == 1:
        return slug(name, "_")
    if look == 2:
        return name.lower()
    return name.upper() if look == 3 else name


def written_phone(draws: Draws, phone: str) -> str:
    """One of the ways a seller prints 08xxxxxxxxxx."""
    rest = phone[1:]
    forms = (
        f"{phone[:4]}-{phone[4:8]}-{phone[8:]}",
        f"{phone[:4]} {phone[4:8]} {phone[8:]}",
        f"+62{rest}",
        f"wa.me/62{rest}",
        phone,
    )
    return draws.pick(forms)


def written_pirt(draws: Draws, pirt: str) -> str:
    """One of the ways a seller prints a 15-digit P-IRT number."""
    forms = (
        f"P-IRT {pirt[:13]}-{pirt[13:]}",
        f"PIRT No. {pirt}",
        f"P.IRT: {pirt[:13]} {pirt[13:]}",
        f"PIRT {pirt[:13]}-{pirt[13:]}",
        f"P-IRT No {pirt}",
    )
    return draws.pick(forms)
