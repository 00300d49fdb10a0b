"""The first page in words: running head, one finding, at most five bullets, the box Sekilas; one model for all."""

from dataclasses import dataclass

from exports import changes, coverage_words, level_words, wording
from exports.base import plain
from exports.bridge import bridge
from exports.cells import figure_cell
from exports.facts import Facts, Figure
from exports.sentences import say
from exports.wording import Cell
from monitor.weeks import answer_by, published_on

PROBES_NEEDED = 10  # probe businesses that the system must have caught before a level is computed
PROBES_ADVISED = 200
LINKS_PER_OFFICE = 25  # shops of assisted businesses that every office is asked for
MOST_BULLETS = 5


@dataclass(frozen=True)
class Story:
    """head: the running head; scope: what is counted; glance: question and answer; figures: label, figure or word,
    explanation.

    world, us: what changed, apart for what happened and for what comes from how it was measured; bridge: rows about
    other figures in circulation.
    """

    series: str
    head: str
    scope: str
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
        pairs = [f"{question.rstrip('?')}: {answer}" for question, answer in self.glance]  # an answer may be a figure
        table = [cell for row in self.bridge for cell in row[2:]]
        said = [*self.bullets, *pairs, self.citing, *self.world, *self.us, *table, *(f[2] for f in self.figures)]
        return [self.head, self.scope, self.finding.capitalize(), *said]


def tell(facts: Facts) -> Story:
    """The story of a week, from its facts alone."""
    return Story(
        series=say("kepala.seri", provinsi=plain(facts.config.region.name).upper()),
        head=_head(facts),
        scope=_scope(facts),
        finding=_finding(facts).upper(),
        bullets=tuple(_bullets(facts)),
        glance=tuple(_glance(facts)),
        citing=citing(facts),
        figures=_figures(facts),
        world=tuple(changes.in_the_world(facts)),
        us=tuple(changes.because_of_us(facts)),
        bridge=tuple(bridge(facts)),
    )


# --- running head and finding ---------------------------------------------------------------------------------------


def _head(facts: Facts) -> str:
    year = int(facts.week[:4]) - int(facts.first_week[:4]) + 1
    return say(
        "kepala.nomor",
        nomor=wording.number(facts.issue),
        tahun=wording.roman(year),
        terbit=wording.day(published_on(facts.week)),
        pekan=wording.week_short(facts.week),
        hari=wording.week_days_long(facts.week),
        vintase=wording.VINTAGES[facts.vintage],
        registri=registry_line(facts),
    )


def registry_line(facts: Facts) -> str:
    """'Registri per 1 November 2026: 798.412 UMKM terdaftar.'"""
    if facts.registry_as_of is None or facts.registry_total is None:
        return say("kepala.registri_belum")
    total = wording.number(facts.registry_total)
    return say("kepala.registri", tanggal=wording.day(facts.registry_as_of), jumlah=total)


def _scope(facts: Facts) -> str:
    province, covered = plain(facts.config.region.name), sum(item.covered for item in facts.marketplaces)
    if not covered:
        return say("kepala.cakupan_belum", provinsi=province)
    return say("kepala.cakupan", provinsi=province, jumlah=wording.number(covered))


def _finding(facts: Facts) -> str:
    level = facts.province("E1")
    newly = [item for item in facts.marketplaces if changes.lost(item)]
    if newly:
        return say("judul.tidak_terbaca", lokapasar=coverage_words.named(newly, 3))
    if level.shown and level.value is not None:
        return _estimated(facts, level)
    verified = facts.province("E8")
    if not facts.is_first and verified.shown and verified.value:
        return say("judul.dipastikan", jumlah=wording.number(verified.value))
    return say("judul.mulai" if facts.is_first else "judul.belum")


def _estimated(facts: Facts, level: Figure) -> str:
    refused = [item for item in facts.marketplaces if item.state == "refused"]
    without = say("judul.tanpa", lokapasar=coverage_words.named(refused, 3)) if refused else ""
    change = say("judul.lama") if coverage_words.old(facts) else changes.headline(facts)
    province = plain(facts.config.region.name)
    return say("judul.perkiraan", jumlah=level_words.amount(level), provinsi=province, tanpa=without, perubahan=change)


# --- bullets --------------------------------------------------------------------------------------------------------


def _bullets(facts: Facts) -> list[str]:
    level = facts.province("E1")
    if not level.shown:
        why = [_detected(facts), _checked(facts), _why_no_level(facts, level)]
        return [*why, coverage_words.why_unread(facts), _comparison(facts)]
    if coverage_words.old(facts):
        return _with_old_readings(facts)
    shut = coverage_words.shut(facts)
    beyond = [f"{coverage_words.refusal(shut)} {coverage_words.excluded(facts)}"] if shut else []
    extra = beyond or changes.breaks(facts)[:1] or level_words.largest(facts)
    return [
        level_words.sentence(facts, level),
        *level_words.share(facts),
        changes.compared(facts),
        *extra,
        *[text for text in [coverage_words.not_measured(facts)] if text],
    ][:MOST_BULLETS]


def _with_old_readings(facts: Facts) -> list[str]:
    """Where marketplaces that had figures could not be read."""
    return [
        coverage_words.refusal(coverage_words.old(facts)),
        coverage_words.carried(facts),
        changes.compared(facts),
        coverage_words.until(facts),
        *coverage_words.still_not_measured(facts),
    ]


def _detected(facts: Facts) -> str:
    read, found = [item for item in facts.marketplaces if item.in_use], facts.province("D")
    if not read:
        return say("belum.belum_terbaca")
    where = wording.number(len(read))
    if found.status == "suppressed":
        return say("belum.dugaan_tersembunyi", lokapasar=where)
    if not found.value:
        return say("belum.tanpa_dugaan", lokapasar=where)
    return say("belum.terdeteksi", jumlah=wording.number(found.value), lokapasar=where)


def _checked(facts: Facts) -> str:
    if facts.judged == 0:
        return say("belum.belum_diperiksa")
    verified, judged = facts.province("E8"), wording.number(facts.judged)
    if verified.status == "suppressed":
        return say("belum.diperiksa_tersembunyi", diperiksa=judged)
    if not verified.value:
        return say("belum.diperiksa_nihil", diperiksa=judged)
    return say("belum.diperiksa", diperiksa=judged, jumlah=wording.number(verified.value))


def _why_no_level(facts: Facts, level: Figure) -> str:
    if facts.probes >= PROBES_ADVISED or level.reason not in ("no_probe", "too_few_probes"):
        reason = wording.REASONS.get(level.reason or "", wording.REASONS["not_computed"])
        return say("belum.sebab_lain", sebab=reason)
    number = wording.number(facts.probes)
    cause = say("belum.uji_sedikit", jumlah=number) if facts.probes else say("belum.tanpa_uji")
    return say("belum.sebab", sebab=cause, sedikitnya=str(PROBES_NEEDED), anjuran=str(PROBES_ADVISED))


def _comparison(facts: Facts) -> str:
    """About change while there is no level."""
    if facts.is_first or facts.province("E6_1").shown:
        return changes.compared(facts)
    if changes.differs(facts):
        return say("perubahan.tidak_dinyatakan_karena", sebab=say("perubahan.sebab_lokapasar"))
    return say("belum.bertambah")


# --- the box --------------------------------------------------------------------------------------------------------


def _glance(facts: Facts) -> list[tuple[str, str]]:
    return [
        (say("sekilas.berapa"), _how_many(facts)),
        (say("sekilas.yakin"), _how_sure(facts)),
        (say("sekilas.dibandingkan"), changes.briefly(facts)),
        (say("sekilas.tidak_diukur"), coverage_words.in_the_box(facts)),
        (say("sekilas.dilakukan"), _to_do(facts)),
    ]


def _how_many(facts: Facts) -> str:
    level, verified = facts.province("E1"), facts.province("E8")
    if level.shown and level.value is not None:
        name = "sekilas.jumlah_lama" if coverage_words.old(facts) else "sekilas.jumlah"
        return wording.capital(say(name, jumlah=level_words.amount(level)))
    if verified.status == "suppressed":
        return say("sekilas.belum_tersembunyi")
    if verified.value:
        return say("sekilas.belum", jumlah=wording.number(verified.value))
    return say("sekilas.belum_nihil")


def _how_sure(facts: Facts) -> str:
    level = facts.province("E1")
    if not level.shown or level.low is None or level.high is None:
        return say("sekilas.belum_dihitung")
    ends, grade = level_words.ends(level), wording.GRADES.get(level.grade or "")
    return (
        say("sekilas.kisaran", kisaran=ends, ketelitian=grade) if grade else say("sekilas.kisaran_saja", kisaran=ends)
    )


def _to_do(facts: Facts) -> str:
    refused = [item for item in coverage_words.old(facts) if (item.cause or "").startswith("refused")]
    if facts.province("E1").shown and refused:
        return say("sekilas.surat", lokapasar=coverage_words.named(refused))
    deadline = deadline_of(facts)
    if not facts.province("E1").shown:
        return say("sekilas.kirim", jumlah=str(LINKS_PER_OFFICE), tenggat=deadline)
    verified = facts.province("E8")
    sure = [say("sekilas.dipastikan", jumlah=wording.number(verified.value))] if verified.value else []
    return " ".join([_sheets(facts, deadline), *sure])


def _sheets(facts: Facts, deadline: str) -> str:
    rows = facts.reviews.get("open", 0)
    if not rows:
        return say("sekilas.periksa_kosong")
    many = rows > facts.config.review.weekly_rows  # more than one office is asked
    return say(f"sekilas.periksa{'_bersama' if many else ''}", jumlah=wording.number(rows), tenggat=deadline)


def deadline_of(facts: Facts) -> str:
    """'Jumat, 27 November 2026, pukul 15.00 WIB': the last moment for answers."""
    until = answer_by(facts.week, facts.config.review.deadline_days)
    zone = wording.ZONES.get(facts.config.region.time_zone, "waktu setempat")
    return say("sekilas.tenggat", hari=wording.weekday(until), zona=zone)


def citing(facts: Facts) -> str:
    """May the figures be quoted, and how."""
    if facts.practice:
        return say("kutip.latihan")
    if not facts.province("E1").shown:
        return say("kutip.belum")
    return say("kutip.jangan" if changes.differs(facts) else "kutip.boleh")


# --- main figures ---------------------------------------------------------------------------------------------------


def _figures(facts: Facts) -> tuple[tuple[str, Cell, str], ...]:
    level, share = facts.province("E1"), facts.province("E2")
    return (
        (wording.ESTIMATED, figure_cell(level), say("angka.perkiraan", kisaran=level_words.interval(level))),
        (wording.SHARE, _share_cell(share), say("angka.bagian", kisaran=level_words.share_interval(share))),
        (wording.VERIFIED, figure_cell(facts.province("E8")), say("angka.dipastikan")),
        (wording.DETECTED, figure_cell(facts.province("D")), say("angka.terdeteksi")),
    )


def _share_cell(share: Figure) -> Cell:
    cell = figure_cell(share)
    return wording.percent(share.value) if isinstance(cell, int) and share.value is not None else cell
