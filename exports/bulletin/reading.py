"""Reads the finished files of a bulletin back and compares them with the figures and with the rules of the wording."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path

from exports import wording
from exports.base import CheckError, plain
from exports.bulletin import paper, units
from exports.bulletin.content import Bulletin, Table
from exports.bulletin.making import bounded, content
from exports.bulletin.programmes import shown_name
from exports.facts import Facts

MOST_BYTES = 1_500_000  # of the PDF
_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "header",
    "main",
    "footer",
    "aside",
    "section",
    "p",
    "data",
}
_TAGS |= {"h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "figure", "figcaption"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
_TAGS |= {"svg", "g", "path", "rect", "text", "line", "tspan", "defs", "clippath"}
_PNG = b"\x89PNG\r\n\x1a\n"


def check(files: Mapping[str, bytes], facts: Facts) -> list[str]:
    """Names of the checks passed. Raises CheckError naming the figure or the sentence that is wrong.

    facts: of the controlled class, as the files were made from.
    """
    facts = bounded(facts)
    bulletin, week = content(facts, facts.week), facts.week
    _withheld(facts, bulletin)
    _words(facts, bulletin)
    units.check(facts, bulletin)
    _page(files[f"buletin-{week}.html"], bulletin)
    _paper(files[f"buletin-{week}.pdf"], bulletin)
    _message(files[f"pesan-{week}.txt"], bulletin)
    for name in (f"buletin-{week}.png", f"sekilas-{week}.png"):
        if not files[name].startswith(_PNG):
            raise CheckError(f"{name} is not a picture; nothing was published.")
    return [
        "buletin: angka yang tidak ditampilkan tidak tertulis",
        "buletin: kata dan kalimat sesuai pedoman",
        "buletin: satuan dan besaran angka",
        "buletin: halaman dibaca ulang, angka sama, tanpa skrip",
        "buletin: PDF dibaca ulang, angka sama",
        "buletin: pesan dan gambar dibaca ulang",
    ]


def check_paper(body: bytes, bulletin: Bulletin, facts: Facts) -> None:
    """The same for other content on paper. Raises CheckError."""
    _withheld(facts, bulletin)
    _words(facts, bulletin)
    _paper(body, bulletin)


# --- figures and words ----------------------------------------------------------------------------------------------


def _withheld(facts: Facts, bulletin: Bulletin) -> None:
    """Nothing that is suppressed may have a value here, and where it would stand there is a word."""
    for (estimand, kind, code), figure in facts.figures.items():
        if figure.status == "suppressed" and (figure.value, figure.low, figure.high) != (None, None, None):
            raise CheckError(
                f"{estimand} of {kind} {code} is suppressed but has a value; the bulletin wants controlled facts."
            )
    for cell in bulletin.shown():
        if cell.value is None and not cell.text.strip():
            raise CheckError(f"The bulletin has an empty place at '{cell.label}'; it needs a word.")


def _words(facts: Facts, bulletin: Bulletin) -> None:
    """Our own sentences; names from outside are not ours to judge."""
    outside = [plain(item.title) for item in facts.marketplaces]
    outside += [shown_name(code) for _, kind, code in facts.figures if kind == "cohort"]
    office = facts.config.office
    outside += [plain(text) for text in (office.name, office.contact, office.signatory, facts.config.region.name)]
    outside += [plain(name) for name in (*facts.areas.values(), *facts.sectors.values())]
    names = re.compile(
        "|".join(re.escape(name) for name in sorted(set(outside), key=len, reverse=True) if name) or r"(?!)"
    )
    for text in bulletin.sentences():
        wrong = wording.faults(names.sub("Nama", text))
        if wrong:
            raise CheckError(f"A sentence of the bulletin breaks the rules of the wording: {wrong[0]}.")


# --- the page -------------------------------------------------------------------------------------------------------


class _Reader(HTMLParser):
    """Collects tags, attributes, figures marked with <data>, and the text that is seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.figures: dict[str, tuple[str, str]] = {}
        self.seen: list[str] = []
        self._open: tuple[str, str] | None = None
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self._hidden = tag == "style"
        if tag == "data":
            given = dict(attrs)
            self._open = (given.get("id") or "", given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.figures[self._open[0]] = (self._open[1], data)
            self._open = None
        if not self._hidden:
            self.seen.append(data)


def _page(body: bytes, bulletin: Bulletin) -> None:
    reader = _Reader()
    reader.feed(body.decode("utf-8"))
    strange = sorted(reader.tags - _TAGS) + sorted(
        name for name in reader.attributes if name.startswith("on") or name in ("href", "src", "style", "xlink:href")
    )
    if strange:
        raise CheckError(f"The page holds <{strange[0]}>, which does not belong there; nothing was published.")
    wanted = {cell.key: (str(cell.value), cell.text) for cell in bulletin.shown() if cell.value is not None}
    if reader.figures != wanted:
        key = next(key for key in (*wanted, *reader.figures) if reader.figures.get(key) != wanted.get(key))
        raise CheckError(f"The page does not say {_brief(wanted.get(key))} at {key}; nothing was published.")
    _holds("The page", _squeezed(" ".join(reader.seen)), bulletin)


def _brief(found: tuple[str, str] | None) -> str:
    return found[1] if found else "nothing"


# --- paper ----------------------------------------------------------------------------------------------------------


def _paper(body: bytes, bulletin: Bulletin) -> None:
    if not body.startswith(b"%PDF-"):
        raise CheckError("The bulletin's PDF is none; nothing was published.")
    if len(body) > MOST_BYTES:
        raise CheckError(f"The bulletin's PDF has {len(body)} bytes, more than {MOST_BYTES}; nothing was published.")
    text = pdf_text(body)
    if text is not None:
        _holds("The PDF", _squeezed(text), bulletin, paper.printable)
        return
    placed = paper.placed(bulletin)  # no reader of PDF on this machine: what Typst has placed
    wanted = {
        cell.key: cell.text for cell in bulletin.shown() if cell.value is not None
    }  # figures are drawn as they are
    if placed != wanted:
        key = next(key for key in (*wanted, *placed) if placed.get(key) != wanted.get(key))
        raise CheckError(f"The PDF does not say {wanted.get(key, 'nothing')} at {key}; nothing was published.")


def pdf_text(body: bytes) -> str | None:
    """The text of a PDF in the order it was written; None where pdftotext is not installed."""
    if shutil.which("pdftotext") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bulletin.pdf"
        path.write_bytes(body)
        done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=False, timeout=60)
    if done.returncode != 0:
        raise CheckError("The bulletin's PDF cannot be read back; nothing was published.")
    return done.stdout.decode("utf-8", "replace")


def _holds(what: str, text: str, bulletin: Bulletin, drawn: Callable[[str], str] = str) -> None:
    """Every sentence and every row of figures of the bulletin stands in the text."""
    for sentence in _readable(bulletin):
        if _squeezed(drawn(sentence)) not in text:
            raise CheckError(f"{what} does not say '{sentence[:60]}'; nothing was published.")
    for block in bulletin.blocks():
        if isinstance(block, Table):
            for row in block.rows:
                _row_holds(what, text, [_squeezed(drawn(cell.text)) for cell in row], row[0].text)


def _readable(bulletin: Bulletin) -> Iterable[str]:
    """What must be readable everywhere, of what is our own or cleaned."""
    story = bulletin.story
    yield from (story.series, story.head, story.scope, story.finding, story.citing, *story.bullets)
    yield from (answer for _, answer in story.glance)
    yield from (*story.world, *story.us)
    if bulletin.practice:
        yield bulletin.practice


def _row_holds(what: str, text: str, cells: list[str], name: str) -> None:
    """The cells of a row follow one another."""
    if "".join(cells) not in text:
        raise CheckError(f"{what} does not say the figures in the row of '{name[:40]}'; nothing was published.")


def _squeezed(text: str) -> str:
    """Without blanks: where lines are broken says nothing."""
    return re.sub(r"\s+", "", text)


# --- message --------------------------------------------------------------------------------------------------------


def _message(body: bytes, bulletin: Bulletin) -> None:
    if body.decode("utf-8") != bulletin.message:
        raise CheckError("The message does not say what the bulletin says; nothing was published.")
    if bulletin.practice and not bulletin.message.startswith(bulletin.practice):
        raise CheckError("The message does not say that its data are for practice; nothing was published.")
