"""The sections after the first page, in their fixed order."""

from collections.abc import Sequence
from dataclasses import replace

from exports import wording
from exports.base import Export, Sources, plain
from exports.bridge import HEADS
from exports.bulletin.content import Block, Section, Shown, Table, Terms, Text
from exports.bulletin.pictures import map_drawing, trend_drawing
from exports.bulletin.programmes import Programmes, names, programmes
from exports.bulletin.tables import shown_table
from exports.coverage_words import old, titles
from exports.facts import Facts, Figure
from exports.feed_template import letter
from exports.metadata import glossary
from exports.sentences import say
from exports.story import Story, registry_line
from exports.tables import AreaTable, MarketplaceTable, SectorTable
from exports.wording import capital
from monitor.marketplaces import catalogue

TERMS = (
    "lokapasar",
    "toko buka",
    "UMKM terdaftar",
    "sudah dipastikan (paling sedikit)",
    "terdeteksi sistem, belum diperiksa",
    "daftar uji",
    "memakai data lama",
    "tidak diukur",
    "tidak lagi terlihat",
    "baru ditemukan",
    "belum ditemukan",
    "ketelitian angka",
)


def sections(facts: Facts, story: Story, week: str) -> tuple[Section, ...]:
    areas, places, fields = _tables(facts, week)
    return (
        Section("perkembangan", say("tren.judul"), (trend_drawing(facts),)),
        Section("wilayah", "Kabupaten dan kota", (map_drawing(facts), areas)),
        Section("lokapasar", "Lokapasar", (places,)),
        Section("lapangan-usaha", "Lapangan usaha", (fields,)),
        Section("program", "Program", _programmes(facts, week)),
        Section("perubahan", "Apa yang berubah", _changed(story)),
        Section("belum-diketahui", "Yang belum kami ketahui", (Text(tuple(unknown(facts)), is_list=True),)),
        Section("cara-membaca", "Cara membaca", _reading(story)),
        *closing_sections(facts),
        *_letters(facts),
    )


def closing_sections(facts: Facts) -> tuple[Section, ...]:
    """How it was computed, and whom to ask."""
    return (
        Section("cara-menghitung", "Cara menghitung", (Text(tuple(_method(facts)), is_list=True),)),
        Section("kontak", "Kontak", (Text(tuple(_contact(facts))),)),
    )


def _tables(facts: Facts, week: str) -> list[Table]:
    """A note that stands below one table is not said again below the next."""
    made: list[Table] = []
    exports: tuple[type[Export], ...] = (AreaTable, MarketplaceTable, SectorTable)
    for export in exports:
        table = shown_table(export(Sources(facts)), week)
        said = {note for other in made for note in other.notes}
        made.append(replace(table, notes=tuple(note for note in table.notes if note not in said)))
    return made


def _programmes(facts: Facts, week: str) -> tuple[Block, ...]:
    said = Text(tuple(programmes(facts)), is_list=True)
    return (shown_table(Programmes(Sources(facts)), week), said) if names(facts) else (said,)


def _changed(story: Story) -> tuple[Block, ...]:
    return (
        Text(story.world, is_list=True, head="Pada UMKM dan tokonya"),
        Text(story.us, is_list=True, head="Pada cara kami mengukur"),
    )


# --- what is not known ----------------------------------------------------------------------------------------------

_WHY = {
    "refused": "cakupan.menolak",
    "failed": "cakupan.belum_lengkap",
    "not_open": "cakupan.tertutup",
    "not_crawled": "cakupan.tidak_dibaca",
}


def unknown(facts: Facts) -> list[str]:
    """What the figures do not say, with what is known about how much that is."""
    said = []
    for state, why in _WHY.items():
        names = titles([item for item in facts.marketplaces if item.state == state])
        if names:
            said.append(say(why, lokapasar=capital(wording.listed(names))))
    said += [say("cakupan.belum_diketahui")] if said else []
    said = [" ".join(said)] if said else []
    said += _shares(facts)
    said += _areas(facts)
    if not facts.province("E2_ALIVE").shown:
        said.append(say("tidak_tahu.registri"))
    if any(figure.status == "suppressed" and figure.reason != "few_detected" for figure in facts.figures.values()):
        said.append(say("tidak_tahu.tersembunyi"))
    gone = titles([item for item in facts.marketplaces if item.state == "closed"])
    return [*said, *([say("tidak_tahu.akhir", lokapasar=wording.listed(gone))] if gone else [])]


def _shares(facts: Facts) -> list[str]:
    said = [say("tidak_tahu.terlewat")]
    for name, figure in (("terlewat_angka", facts.province("E9")), ("di_luar", facts.province("ELSEWHERE"))):
        if figure.shown and figure.low is not None and figure.high is not None:
            said.append(say(f"tidak_tahu.{name}", **_of_hundred(figure)))
    return said


def _of_hundred(figure: Figure) -> dict[str, str]:
    value, low, high = (wording.number((end or 0) * 100) for end in (figure.value, figure.low, figure.high))
    return {"jumlah": value, "bawah": low, "atas": high}


def _areas(facts: Facts) -> list[str]:
    """Areas without an estimate of their own, by reason; while there are none at all the page has said so."""
    if not facts.province("E1").shown:
        return []
    named: dict[str, list[str]] = {}
    for code, name in facts.areas.items():
        figure = facts.figure("E1", "area", code)
        if not figure.shown and figure.status != "suppressed":
            reason = wording.REASONS.get(figure.reason or "", wording.REASONS["not_computed"])
            named.setdefault(reason, []).append(plain(name))
    return [say("tidak_tahu.wilayah", wilayah=wording.listed(names), sebab=reason) for reason, names in named.items()]


# --- how to read it -------------------------------------------------------------------------------------------------


def _reading(story: Story) -> tuple[Block, ...]:
    words = {term: meaning for term, _, meaning in glossary()}
    pairs = [(capital(term), words[term]) for term in TERMS if term in words]
    pairs.append(("Kisaran 95 persen", say("cara.kisaran")))
    rows = tuple(
        tuple(Shown(cell, label=HEADS[at], is_name=at == 0) for at, cell in enumerate(row)) for row in story.bridge
    )
    others = Table(tuple((head, "label") for head in HEADS), rows)
    return (Terms(tuple(pairs)), Text((), head="Mengapa berbeda dari angka lain"), others)


def _method(facts: Facts) -> list[str]:
    versions = {"versi": facts.method_version, "pencocokan": plain(facts.model_version or "belum ada")}
    base = {"diperiksa": wording.number(facts.judged), "uji": wording.number(facts.probes)}
    return [
        say("cara.sumber", registri=registry_line(facts)),
        say("cara.hadir"),
        say("cara.satuan"),
        say("cara.langkah"),
        say("cara.dasar", **base),
        say("cara.bulat"),
        say("cara.vintase") + " " + say("kutip.resmi"),
        say("cara.sektoral", **versions),
    ]


def _contact(facts: Facts) -> list[str]:
    office = facts.config.office
    said = [f"{plain(office.name)}."]
    if office.signatory:
        said.append(say("cara.penanggung", nama=plain(office.signatory)))
    if office.contact:
        said.append(say("cara.kontak", kontak=plain(office.contact)))
    return said


def _letters(facts: Facts) -> list[Section]:
    """The letter the province is asked to send, one for all: only the name of the marketplace differs."""
    asked: Sequence[str] = [item.slug for item in old(facts) if (item.cause or "").startswith("refused")]
    entries = [entry for slug in asked if (entry := catalogue().get(slug)) is not None]
    if not entries or not facts.province("E1").shown:
        return []
    names = wording.listed([entry.title for entry in entries])
    said = [text.replace(entries[0].title, "[nama lokapasar]") for text in letter(entries[0], facts.config)]
    body = Text(("Yth. Pimpinan pengelola [nama lokapasar]", "Dengan hormat,", *said, *_closing(facts)))
    blocks = (Text((say("surat.pengantar"),)), body)
    return [Section("surat", say("surat.judul", lokapasar=names), blocks, own_page=True)]


def _closing(facts: Facts) -> list[str]:
    contact = plain(facts.config.office.contact) or "[surel atau telepon kantor]"
    signed = plain(facts.config.office.signatory) or "[nama dan jabatan penanda tangan]"
    return [say("surat.penutup", kontak=contact), signed]
