"""The finished bulletin: read back, the same every time, nothing withheld in it, hostile text is text everywhere."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from bulletin_world import config_of, first_week, never_measured, normal_week, published, refused_week
from parsel import Selector
from report_world import HOSTILE, square_boundaries, with_boundaries

from exports import bulletin, wording
from exports.base import CheckError, Sources, plain
from exports.bulletin import on_request, paper, reading, trend, units
from exports.bulletin.html import to_page
from exports.controlled import controlled
from exports.facts import Facts, Figure
from exports.tables import AreaTable
from monitor.config import Config

MADE = (first_week, normal_week, refused_week, never_measured)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_of(tmp_path)


def with_figure(facts: Facts, key: tuple[str, str, str], figure: Figure) -> Facts:
    return replace(facts, figures={**facts.figures, key: figure})


def need(*tools: str) -> None:
    """Skips the test where one of these programs of poppler-utils is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def page_of(facts: Facts) -> Selector:
    return Selector(to_page(bulletin.content(facts, facts.week)).decode("utf-8"))


def told(facts: Facts) -> str:
    """The PDF as text without blanks."""
    need("pdftotext")
    text = reading.pdf_text(paper.to_pdf(bulletin.content(facts, facts.week)))
    assert text is not None
    return "".join(text.split())


# --- all five files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", MADE)
def test_finished_files_say_what_the_facts_say(config: Config, made: Callable[[Config], Facts]) -> None:
    facts = controlled(made(config))
    files = bulletin.files(facts, facts.week)
    assert len(bulletin.check(files, facts)) == 6
    assert {name.split("-")[0] for name in files} == {"buletin", "sekilas", "pesan"}


def test_same_facts_same_bytes(config: Config) -> None:
    facts = first_week(config)
    assert bulletin.files(facts, facts.week) == bulletin.files(facts, facts.week)


def test_without_a_reader_of_pdf_what_typst_placed_is_compared(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = first_week(config)
    files = bulletin.files(facts, facts.week)
    monkeypatch.setattr(reading.shutil, "which", lambda name: None)
    assert bulletin.check(files, facts)


def test_paper_is_a4_light_searchable_with_our_font(config: Config, tmp_path: Path) -> None:
    facts = normal_week(config)
    body = paper.to_pdf(bulletin.content(facts, facts.week))
    assert len(body) < reading.MOST_BYTES
    need("pdffonts", "pdfinfo")
    (tmp_path / "b.pdf").write_bytes(body)
    fonts = subprocess.run(["pdffonts", tmp_path / "b.pdf"], capture_output=True, check=True, text=True).stdout
    assert "Carlito" in fonts
    assert all(line.split()[-5:-4] == ["yes"] for line in fonts.splitlines()[2:])  # embedded
    about = subprocess.run(["pdfinfo", tmp_path / "b.pdf"], capture_output=True, check=True, text=True).stdout
    assert "(A4)" in about
    assert 2 <= int(about.split("Pages:")[1].split()[0]) <= 4


def test_practice_data_say_so_in_every_file(config: Config) -> None:
    facts = replace(first_week(config), practice=True)
    files = bulletin.files(facts, facts.week)
    assert bulletin.check(files, facts)
    assert files[f"pesan-{facts.week}.txt"].decode().startswith(wording.PRACTICE)
    assert page_of(facts).css("aside.practice::text").get() == wording.PRACTICE


def test_every_page_repeats_week_kind_scope_and_registry(config: Config) -> None:
    facts = normal_week(config)
    text = told(facts)
    pages = len(re.findall(r"Halaman\ddari", text))
    assert pages == 4
    for said in ("Keadaanpekanke-12", "Angkasementara.", "Registriper1November2026:798.412UMKMterdaftar."):
        assert text.count(said) >= pages


# --- five questions on page one -------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", MADE)
def test_page_one_answers_the_five_questions_in_the_box(
    config: Config, tmp_path: Path, made: Callable[[Config], Facts]
) -> None:
    """How many, how sure, compared with last week, what was not measured, what to do next."""
    need("pdftotext")
    facts = made(config)
    whole = bulletin.content(facts, facts.week)
    (tmp_path / "b.pdf").write_bytes(paper.to_pdf(whole))
    asked = ["pdftotext", "-raw", "-l", "1", tmp_path / "b.pdf", "-"]
    first = "".join(subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split())
    box = first[first.index("Sekilas") :]
    places = []
    for question, answer in whole.story.glance:
        places.append(box.index("".join(question.split()) + "".join(answer.split())))
    assert places == sorted(places)
    assert "".join(whole.story.citing.split()) in box


def test_message_is_the_agreed_one(config: Config) -> None:
    assert bulletin.content(normal_week(config), "2027-W12").message == (
        "*Kehadiran UMKM Banten di lokapasar, pekan ke-12 (22 s.d. 28 Maret 2027), angka sementara.* Perkiraan: 6.200 "
        "UMKM (kisaran antara 5.300 dan 7.300), sekitar 8 dari setiap 1.000 UMKM terdaftar. Dibandingkan dengan pekan "
        "lalu: belum dapat dipastikan naik atau turun. Tidak diukur: TikTok Shop, Facebook, Instagram, WhatsApp. Mohon "
        "dikutip lengkap dengan kisarannya.\nRegistri per 1 November 2026: 798.412 UMKM terdaftar.\n"
    )


# --- what is withheld -----------------------------------------------------------------------------------------------


def test_a_withheld_figure_is_a_word_in_every_place(config: Config) -> None:
    hidden = with_figure(normal_week(config), ("E8", "area", "3672"), Figure("suppressed", None))
    cells = [cell for cell in bulletin.content(hidden, hidden.week).shown() if cell.text == "Tidak ditampilkan"]
    assert len(cells) == 1
    assert cells[0].value is None
    assert "pelindungandata" in told(hidden)


def test_facts_that_still_hold_a_withheld_value_are_refused(config: Config) -> None:
    facts = normal_week(config)
    files = bulletin.files(facts, facts.week)
    leaking = with_figure(facts, ("E8", "area", "3672"), Figure("suppressed", 3.0))
    with pytest.raises(CheckError, match="E8 of area 3672 is suppressed but has a value"):
        bulletin.check(files, leaking)


def test_an_area_without_a_test_list_has_no_share(config: Config) -> None:
    facts = normal_week(config)
    row = page_of(facts).xpath("//tr[td[contains(., 'Kota Cilegon')]]//text()").getall()
    assert "Belum tersedia: daftar uji belum cukup" in row
    assert not [text for text in row if text.endswith("%") or "persen" in text]


# --- checks find what is wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'<data value="314"', b'<data value="315"', "The page does not say"),
        (b">1.600<", b">1.700<", "The page does not say"),
        (b"</main>", b"<script>1</script></main>", "<script>"),
        (b"<h1>", b'<h1 onclick="x">', "<onclick>"),
        (b"Terhadap empat pekan", b"Terhadap lima pekan", "The page does not say"),
    ],
)
def test_a_changed_page_is_found(config: Config, old: bytes, new: bytes, said: str) -> None:
    facts = normal_week(config)
    whole = bulletin.content(facts, facts.week)
    with pytest.raises(CheckError, match=said):
        reading._page(to_page(whole).replace(old, new), whole)


def test_paper_of_another_week_is_found(config: Config) -> None:
    need("pdftotext")
    facts = normal_week(config)
    other = with_figure(facts, ("D", "area", "3601"), published(111))
    with pytest.raises(CheckError, match="The PDF does not say"):
        reading._paper(paper.to_pdf(bulletin.content(other, other.week)), bulletin.content(facts, facts.week))


@pytest.mark.parametrize(
    ("bullet", "said"),
    [
        ("Diperkirakan 6,2 ribu UMKM hadir.", "6,2|2 ribu"),
        ("Diperkirakan 62.000 UMKM hadir.", "No figure says 62.000 UMKM"),
        ("Sebesar 7,80 persen hadir.", "No figure says 7,80 persen"),
    ],
)
def test_a_slip_of_units_is_found(config: Config, bullet: str, said: str) -> None:
    facts = normal_week(config)
    whole = bulletin.content(facts, facts.week)
    slipped = replace(whole, story=replace(whole.story, bullets=(bullet,)))
    with pytest.raises(CheckError, match=said):
        units.check(facts, slipped)


def test_a_share_that_is_not_the_level_is_found(config: Config) -> None:
    facts = with_figure(normal_week(config), ("E2", "province", "36"), published(0.078, 0.066, 0.091, "B"))
    with pytest.raises(CheckError, match="is not the level"):
        units.check(facts, bulletin.content(facts, facts.week))


# --- trend and map --------------------------------------------------------------------------------------------------


def test_trend_is_cut_where_weeks_do_not_compare(config: Config) -> None:
    facts = normal_week(config)
    row = {"week": "2027-W08", "kind": "model", "subject": "a", "note": "cara mencocokkan berubah"}
    whole = trend.trend(replace(facts, past_breaks=(row,)))
    assert whole is not None
    assert {point.segment for point in whole.points} == {0, 1}
    assert [week for _, week in whole.cuts] == ["2027-W08"]
    runs = trend._runs(whole)
    assert all(len({point.segment for point in run}) == 1 for run in runs)
    assert all(after.at == before.at + 1 for run in runs for before, after in pairwise(run))


def test_what_lies_long_before_a_break_is_not_drawn(config: Config) -> None:
    facts = normal_week(config)
    row = {"week": "2027-W02", "kind": "definition", "subject": "method", "note": "cara menghitung berubah"}
    whole = trend.trend(replace(facts, past_breaks=(row,)))
    assert whole is not None
    assert whole.points[0].week >= "2027-W02"
    assert not whole.cuts


def test_a_rough_week_has_a_band_and_no_point(config: Config) -> None:
    whole = trend.trend(normal_week(config))
    assert whole is not None
    assert {point.value is None for point in whole.points} == {True, False}


def test_no_trend_from_one_week_nor_from_confirmed_counts(config: Config) -> None:
    first = first_week(config)
    assert trend.trend(first) is None
    assert "Grafik ditampilkan setelah" in " ".join(page_of(first).xpath("//p/text()").getall())
    facts = normal_week(config)
    grown = with_figure(facts, ("E8", "province", "36"), published(9999))
    assert trend.trend(grown) == trend.trend(facts)


def test_map_by_boundaries_where_they_are_configured(config: Config, tmp_path: Path) -> None:
    path = square_boundaries(tmp_path / "batas.geojson")
    facts = normal_week(with_boundaries(config, path))
    page = page_of(facts)
    assert page.xpath("//div[@class='wide']//*[contains(@id, 'peta-')] | //div[@class='wide']//*[name()='path']")
    ids = page.xpath("//@id").getall()
    assert len(ids) == len(set(ids))


# --- hostile text ---------------------------------------------------------------------------------------------------


TYPST = '#panic("x") $a$ @ref *tebal* _miring_ `kode` \\ // ~ <label> [x]'


def hostile_week(config: Config) -> Facts:
    """Every name that comes from outside is hostile: programmes, marketplaces, areas, the office."""
    facts, texts = normal_week(config), [*HOSTILE, TYPST]
    figures = dict(facts.figures)
    for name in ("E1", "E2", "COHORT_DIFF", "E8", "D"):
        figure = figures.pop((name, "cohort", "Pelatihan PKK 2026"))
        figures |= {(name, "cohort", text): figure for text in texts}
    office = replace(facts.config.office, name=TYPST, contact=HOSTILE[0], signatory=HOSTILE[5])
    places = tuple(replace(item, title=text) for item, text in zip(facts.marketplaces, [*texts, *texts], strict=False))
    areas = dict(zip(facts.areas, texts[4:], strict=False))
    config = replace(facts.config, office=office)
    return replace(facts, figures=figures, marketplaces=places, areas=areas, config=config)


def test_hostile_text_is_text_everywhere(config: Config) -> None:
    facts = hostile_week(config)
    files = bulletin.files(facts, facts.week)
    assert bulletin.check(files, facts)
    body = files[f"buletin-{facts.week}.html"].decode("utf-8")
    page = Selector(body)
    assert not page.xpath("//script | //b | //link | //img | //@href")
    cells = [" ".join(cell.split()) for cell in page.xpath("//td/text()").getall()]
    assert {plain(text)[:99] for text in HOSTILE} <= {cell[:99] for cell in cells}
    hidden = {"\u202e", "\u200f", "\u200b", "\x07", "\x1b"}
    assert not hidden & set(body)
    assert len(files[f"buletin-{facts.week}.pdf"]) < reading.MOST_BYTES


def test_marks_of_the_messenger_are_taken_from_names(config: Config) -> None:
    facts = refused_week(config)
    places = tuple(replace(item, title="*Toko_~`x`") if item.slug == "shopee" else item for item in facts.marketplaces)
    message = bulletin.content(replace(facts, marketplaces=places), facts.week).message
    body = message.split(".*", 1)[1]
    assert not set("*_~`") & set(body)


# --- on request -----------------------------------------------------------------------------------------------------


def test_a_report_on_request_on_paper(config: Config) -> None:
    facts = replace(normal_week(config), practice=True)
    lines = ("Dalam triwulan I tahun 2027 telah diukur 12 pekan.", f"Angka {HOSTILE[4]} tidak dijalankan.")
    body = on_request.to_paper(
        facts, "Kehadiran UMKM di lokapasar, triwulan I tahun 2027", lines, AreaTable(Sources(facts))
    )
    text = "".join((reading.pdf_text(body) or "").split())
    assert not text or "KEHADIRANUMKMDILOKAPASAR,TRIWULANITAHUN2027" in text
    with pytest.raises(CheckError, match="breaks the rules"):
        on_request.to_paper(facts, "Judul", ("12 pekan telah diukur.",), AreaTable(Sources(facts)))
