"""The template and the letter for marketplaces that cannot be read: `feed` reads the template back."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

from exports import wording
from exports.feed_template import COLUMNS, to_letter, write_template
from monitor.cli import app
from monitor.config import Config
from monitor.crawl.store import read_crawl
from monitor.errors import StoreError
from monitor.feed.handover import hand_over
from monitor.marketplaces import catalogue, marketplace

TODAY = date(2026, 11, 21)


def test_a_filled_template_is_read_back(config: Config, tmp_path: Path) -> None:
    book_path, csv_path, _ = write_template(tmp_path / "out", marketplace("tiktok_shop"), config, TODAY)
    book = load_workbook(book_path)
    place = ["Kabupaten Serang", "Ciruas", "1234567890123", "", ""]
    row = ["7494630673243474538", "Dapur Melati", "dapur-melati", None, *place, "Emping manis | Opak", "12"]
    book["Data"].append([*row, "2024-05-17", "aktif", ""])
    book.save(book_path)
    with csv_path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerow(["8", "Toko Tutup", "", "", "Kota Serang", *[""] * 7, "tutup", ""])
    found = [
        read_crawl(config.crawls_dir / hand_over(config, path, "tiktok_shop", "2026-11-20", True).crawl_id)
        for path in (book_path, csv_path)
    ]
    shop = found[0].shops.iloc[0]
    assert (shop["shop_id"], shop["name"], shop["city"]) == ("7494630673243474538", "Dapur Melati", "Kabupaten Serang")
    assert list(shop["area_codes"]) == ["3604"]
    assert found[0].listings["title"].tolist() == ["Emping manis", "Opak"]
    assert {row["kind"] for row in shop["identifiers"]} == {"nib"}
    assert found[1].shops.iloc[0]["status"] == "closed"


@pytest.mark.parametrize("slug", sorted(slug for slug, entry in catalogue().items() if entry.support != "closed"))
def test_every_entry_has_a_letter_in_plain_indonesian(config: Config, slug: str) -> None:
    document = Document(io.BytesIO(to_letter(marketplace(slug), config, TODAY)))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert marketplace(slug).title in text
    assert "21 November 2026" in text
    assert "tidak meminta NIK, NPWP, nomor telepon" in text
    for paragraph in document.paragraphs:
        assert wording.faults(paragraph.text) == []


def test_the_template_asks_for_nothing_personal() -> None:
    assert not {"phone", "owner_name", "address"} & {asked.field for asked in COLUMNS}


def test_the_verb_writes_it_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    run = CliRunner()
    asked = ["feed", "--marketplace", "shopee", "--template", str(tmp_path / "surat")]
    assert run.invoke(app, asked).exit_code == 0
    assert sorted(path.suffix for path in (tmp_path / "surat").iterdir()) == [".csv", ".docx", ".xlsx"]
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_template(tmp_path / "file", marketplace("shopee"), config, TODAY)
