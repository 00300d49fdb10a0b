"""The first page in words: running head, one finding, at most five bullets, the box Sekilas; one model for all."""

from dataclasses import dataclass

from exports import changes, level_words, wording
from exports.bridge import bridge
from exports.cells import figure_cell
from exports.facts import Facts, Figure, MarketplaceState
from exports.wording import Cell

PROBES_NEEDED = 10  # probe businesses that the system must have caught before a level is computed
PROBES_ADVISED = 200
LINKS_PER_OFFICE = 25  # shops of assisted businesses that every office is asked for


@dataclass(frozen=True)
class Story:
    """head: the running head; glance: question and answer; figures: label, figure or word, explanation.

    world, us: what changed, apart for what happened and for what comes from how it was measured; bridge: rows about
    other figures in circulation.
    """

    series: str
    head: str
    finding: str
    bullets: tuple[str, ...]
    glance: tuple[tuple[str, str], ...]
    citing: str
    figures: tuple[tuple[str, Cell, str], ...]
    world: tuple[str, ...]
    us: tuple[str, ...]
    bridge: tuple[tuple[str, ...], ...]

    def texts(self) -> list[str]:
        """Every sentence, for the check of the wording."""
        pairs = [answer for _, answer in self.glance]
        table = [cell for row in self.bridge for cell in row[2:]]
        said = [*self.bullets, *pairs, self.citing, *self.world, *self.us, *table, *(f[2] for f in self.figures)]
        return [self.head, self.finding.capitalize(), *said]


def tell(facts: Facts) -> Story:
    """The story of a week, from its facts alone."""
    return Story(
        series=f"BULETIN PEKANAN KEHADIRAN UMKM {facts.config.region.name.upper()} DI LOKAPASAR",
        head=_head(facts),
        finding=_finding(facts).upper(),
        bullets=tuple(_bullets(facts)),
        glance=tuple(_glance(facts)),
        citing=_citing(facts),
        figures=_figures(facts),
        world=tuple(changes.in_the_world(facts)),
        us=tuple(changes.because_of_us(facts)),
        bridge=tuple(bridge(facts)),
    )


# --- running head and finding ---------------------------------------------------------------------------------------


def _head(facts: Facts) -> str:
    year = int(facts.week[:4]) - int(facts.first_week[:4]) + 1
    number = f"No. {facts.issue}/Th. {wording.roman(year)}, {wording.day(wording.published_on(facts.week))}."
    return (
        f"{number} Keadaan {wording.week_long(facts.week)}. {wording.VINTAGES[facts.vintage]}. {registry_line(facts)}"
    )


def registry_line(facts: Facts) -> str:
    """'Registri per 1 November 2026: 798.412 UMKM terdaftar.'"""
    if facts.registry_as_of is None or facts.registry_total is None:
        return "Registri belum ada."
    as_of, total = wording.day(facts.registry_as_of), wording.number(facts.registry_total)
    return f"Registri per {as_of}: {total} UMKM terdaftar."


def _finding(facts: Facts) -> str:
    level, refused = facts.province("E1"), _titles(facts, "refused")
    newly = [item.title for item in facts.marketplaces if changes.lost(item)]
    if newly:
        return f"{wording.some(newly, 3)} tidak terbaca; perubahan jumlah UMKM pekan ini tidak dinyatakan"
    if level.shown and level.value is not None:
        without = f" yang terbaca (tanpa {wording.some(refused, 3)})" if refused else ""
        change = changes.headline(facts)
        tail = f"; {change}" if change else ""
        number = level_words.amount(level)
        return f"Diperkirakan {number} UMKM {facts.config.region.name} hadir di lokapasar{without}{tail}"
    if facts.is_first:
        return "Pengukuran dimulai: jumlah UMKM di lokapasar belum dapat diperkirakan"
    verified = facts.province("E8")
    if verified.value:
        number = wording.number(verified.value)
        return f"Sekurang-kurangnya {number} UMKM sudah dipastikan; jumlah seluruhnya belum dapat diperkirakan"
    return "Jumlah UMKM di lokapasar belum dapat diperkirakan"


def _titles(facts: Facts, *states: str) -> list[str]:
    return [item.title for item in facts.marketplaces if item.state in states]


def _unread(facts: Facts) -> list[MarketplaceState]:
    """Marketplaces that still exist and are not in use, those that people ask about first."""
    order = {"refused": 0, "failed": 1}
    kinds = {"social": 0, "general": 1, "food": 2, "fashion": 3}
    found = [item for item in facts.marketplaces if not item.in_use and item.state != "closed"]
    return sorted(found, key=lambda item: (order.get(item.state, 2), kinds.get(item.kind, 9)))


# --- bullets --------------------------------------------------------------------------------------------------------


def _bullets(facts: Facts) -> list[str]:
    level = facts.province("E1")
    if not level.shown:
        why = [_detected(facts), _checked(facts), _why_no_level(facts, level)]
        return [*why, *_not_measured(facts), _comparison(facts)][:5]
    return [
        level_words.sentence(facts, level),
        *level_words.share(facts),
        changes.compared(facts),
        *level_words.largest(facts),
        *_not_measured(facts),
    ]


def _detected(facts: Facts) -> str:
    read = [item for item in facts.marketplaces if item.in_use]
    value = facts.province("D").value
    if not read:
        return "Pada pekan ini belum ada lokapasar (marketplace) yang terbaca sehingga belum ada dugaan baru."
    where = f"{wording.number(len(read))} lokapasar (marketplace)"
    if not value:
        return f"Sistem tidak memiliki dugaan baru yang menunggu pemeriksaan di {where} yang terbaca."
    return (
        f"Sistem mendeteksi {wording.number(value)} UMKM terdaftar yang diduga memiliki toko di {where}. "
        "Dugaan ini belum diperiksa dan sebagian keliru."
    )


def _checked(facts: Facts) -> str:
    verified = wording.number(facts.province("E8").value or 0)
    if facts.judged == 0:
        return "Petugas belum memeriksa satu pun dugaan; pemeriksaan dilakukan melalui lembar periksa."
    return (
        f"Petugas telah memeriksa {wording.number(facts.judged)} UMKM; {verified} UMKM dipastikan memiliki toko yang "
        f"buka. Angka {verified} adalah kemajuan pemeriksaan, bukan jumlah UMKM yang berjualan."
    )


def _why_no_level(facts: Facts, level: Figure) -> str:
    if facts.probes == 0:
        cause = "daftar uji (UMKM yang sudah diketahui memiliki toko) belum berisi satu UMKM pun"
    else:
        cause = f"daftar uji (UMKM yang sudah diketahui memiliki toko) baru berisi {wording.number(facts.probes)} UMKM"
    if facts.probes >= PROBES_ADVISED or level.reason not in ("no_probe", "too_few_probes"):
        return "Perkiraan jumlah dan persentase belum tersedia karena syarat perhitungannya belum terpenuhi."
    return (
        f"Perkiraan jumlah dan persentase belum tersedia. Penyebabnya, {cause}. Perhitungan memerlukan sedikitnya "
        f"{PROBES_NEEDED} UMKM dari daftar itu yang tertangkap sistem; yang dianjurkan sekitar {PROBES_ADVISED} UMKM."
    )


_UNREAD = {
    "refused": "{} menolak pembacaan otomatis.",
    "failed": "{} belum terbaca dengan lengkap.",
    "not_open": "{} tidak menyediakan daftar toko yang terbuka.",
    "not_crawled": "{} tidak dibaca pada pekan ini.",
}


def _not_measured(facts: Facts) -> list[str]:
    unread = _unread(facts)
    said = [
        pattern.format(wording.some([item.title for item in unread if item.state == state], 4))
        for state, pattern in _UNREAD.items()
        if any(item.state == state for item in unread)
    ]
    if said:
        said.append("Toko di sana belum kami ketahui.")
    old = [item for item in facts.marketplaces if item.state == "carried"]
    if old:
        names = wording.some([item.title for item in old], 4)
        said.append(f"Angka {names} memakai data lama, paling lama empat pekan.")
    return [" ".join(said)] if said else ["Semua lokapasar yang dicakup terbaca pekan ini."]


def _comparison(facts: Facts) -> str:
    """About change while there is no level."""
    if facts.is_first or facts.province("E6_1").shown:
        return changes.compared(facts)
    if changes.differs(facts):
        return "Perubahan dari pekan sebelumnya tidak dinyatakan karena lokapasar yang dapat dibaca berbeda."
    return (
        "Perubahan dari pekan sebelumnya tidak dinyatakan: jumlah yang dipastikan bertambah karena pemeriksaan "
        "bertambah, bukan karena lebih banyak UMKM berjualan."
    )


# --- the box --------------------------------------------------------------------------------------------------------


def _glance(facts: Facts) -> list[tuple[str, str]]:
    unread = wording.some([item.title for item in _unread(facts)], 6)
    return [
        ("Berapa?", _how_many(facts)),
        ("Seberapa yakin?", _how_sure(facts)),
        ("Dibandingkan dengan pekan lalu?", changes.briefly(facts)),
        ("Apa yang tidak diukur?", f"{unread}." if unread else "Semua lokapasar yang dicakup terbaca."),
        ("Apa yang perlu dilakukan?", _to_do(facts)),
    ]


def _how_many(facts: Facts) -> str:
    level, verified = facts.province("E1"), facts.province("E8")
    sure = "belum ada UMKM yang dipastikan petugas"
    if verified.value:
        sure = f"sekurang-kurangnya {wording.number(verified.value)} UMKM sudah dipastikan"
    if level.shown and level.value is not None:
        old = " Sebagian dari data lama." if level.status == "carried" else ""
        return f"Diperkirakan {level_words.amount(level)} UMKM; {sure}.{old}"
    return f"Belum tersedia; {sure}."


def _how_sure(facts: Facts) -> str:
    level = facts.province("E1")
    if not level.shown or level.low is None or level.high is None:
        return "Belum dapat dihitung."
    grade = f"; ketelitian {wording.GRADES[level.grade]}" if level.grade in wording.GRADES else ""
    return f"Kisaran 95 persen {level_words.ends(level)}{grade}."


def _to_do(facts: Facts) -> str:
    until = wording.answer_by(facts.week, facts.config.review.deadline_days)
    zone = wording.ZONES.get(facts.config.region.time_zone, "waktu setempat")
    deadline = f"paling lambat {wording.weekday(until)}, pukul 15.00 {zone}"
    if facts.province("E1").shown:
        return f"Setiap kantor mengisi lembar periksa {deadline}."
    return (
        f"Setiap kantor mengirim tautan toko {LINKS_PER_OFFICE} UMKM binaan yang sudah berjualan dan mengisi lembar "
        f"periksa {deadline}."
    )


def _citing(facts: Facts) -> str:
    if facts.province("E1").shown:
        if changes.differs(facts):
            return "Jangan mengutip pekan ini sebagai kenaikan atau penurunan."
        return "Boleh dikutip dengan menyebut pekan dan kisarannya."
    return "Angka pada halaman ini belum boleh dikutip di luar dinas."


def _figures(facts: Facts) -> tuple[tuple[str, Cell, str], ...]:
    level, share = facts.province("E1"), facts.province("E2")
    part: Cell = figure_cell(share)
    if share.shown and share.value is not None:
        part = wording.percent(share.value)
    return (
        (
            wording.ESTIMATED,
            figure_cell(level),
            f"Hasil hitung yang memperhitungkan salah cocok dan toko yang terlewat.{level_words.interval(level)}",
        ),
        (
            wording.SHARE,
            part,
            f"Perkiraan jumlah dibagi UMKM terdaftar menurut registri di atas.{level_words.share_interval(share)}",
        ),
        (
            wording.VERIFIED,
            figure_cell(facts.province("E8")),
            "Diperiksa petugas satu per satu. Angka ini bertambah apabila pemeriksaan bertambah; karena itu tidak "
            "dipakai untuk menyatakan naik atau turun.",
        ),
        (
            wording.DETECTED,
            figure_cell(facts.province("D")),
            "Tertaut otomatis oleh sistem; sebagian dugaan ini keliru. Tidak termasuk yang sudah dipastikan.",
        ),
    )
