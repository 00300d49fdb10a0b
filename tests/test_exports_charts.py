"""Chart and map: from the shipped tiles or the configured boundaries."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from parsel import Selector
from report_world import AREAS, square_boundaries, with_boundaries

from exports import charts, wording
from monitor.config import Config
from monitor.errors import InputError

VALUES = [(code, f"Kabupaten {code}", number * 100) for number, code in enumerate(AREAS)]


def texts(svg: str) -> list[str]:
    return Selector(svg).xpath("//text()").getall()


def test_tiles_show_every_area_with_its_figure() -> None:
    shown = texts(charts.tile_map(VALUES))
    assert set(charts.short_names().values()) <= set(shown)
    assert {wording.number(number * 100) for number in range(8)} <= set(shown)


def test_a_word_stands_where_there_is_no_figure() -> None:
    values = [*VALUES[:-1], (AREAS[-1], "Kota", wording.SUPPRESSED)]
    assert {"tidak", "ditampilkan"} <= set(texts(charts.tile_map(values)))


def test_another_province_gets_tiles_without_a_layout() -> None:
    values = [(f"32{number:02d}", f"Kabupaten <b>{number}", number) for number in range(1, 11)]
    shown = texts(charts.tile_map(values))
    assert "Kabupaten <b>1" in shown
    assert len([text for text in shown if text.startswith("Kabupaten")]) == 10


@pytest.mark.parametrize(("key", "dotted"), [("kode", True), ("kode", False), ("kode_kabkota", True)])
def test_boundaries_by_code_with_or_without_dots(config: Config, tmp_path: Path, key: str, dotted: bool) -> None:
    path = square_boundaries(tmp_path / "batas.geojson", key, dotted)
    shown = texts(charts.boundary_map(VALUES, with_boundaries(config, path, key)))
    assert set(charts.short_names().values()) <= set(shown)


def test_boundaries_beside_the_configuration_file(config: Config, tmp_path: Path) -> None:
    square_boundaries(tmp_path / "batas.geojson")
    named = with_boundaries(replace(config, source=tmp_path / "monitor.toml"), Path("batas.geojson"))
    assert charts.boundary_map(VALUES, named)


def test_no_boundaries_no_map(config: Config) -> None:
    assert charts.boundary_map(VALUES, config) == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("bukan json", "not a GeoJSON"),
        ("[]", "not a GeoJSON"),
        ('{"features": [{"properties": null}]}', "not a GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "hold no shape with kode = 3601"),
    ],
)
def test_unusable_boundaries_are_one_sentence(
    config: Config, tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "batas.geojson"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=message):
        charts.boundary_map(VALUES, with_boundaries(config, path))


def test_label_lies_inside_the_largest_part(config: Config, tmp_path: Path) -> None:
    from exports.boundaries import label_point

    small = [[[10.0, 10.0], [10.1, 10.0], [10.1, 10.1], [10.0, 10.1], [10.0, 10.0]]]
    hook = [[[0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4], [0, 0]]]
    assert label_point({"type": "MultiPolygon", "coordinates": [small, hook]})[0] < 4


@pytest.mark.parametrize(
    ("figures", "named"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0], ["0"]),
        ([0, 1, 2, 0, 0, 0, 0, 0], ["0", "1", "2 ke atas"]),
        ([0, 100, 30, 60, 80, 0, 0, 0], ["0 s.d. 25", "26 s.d. 50", "51 s.d. 75", "76 ke atas"]),
    ],
)
def test_legend_names_the_shades_in_use(figures: list[int], named: list[str]) -> None:
    values = [(code, code, figure) for code, figure in zip(AREAS, figures, strict=True)]
    assert [text for _, text in charts.legend(values)] == named


def test_drawings_are_the_same_every_time() -> None:
    assert charts.tile_map(VALUES) == charts.tile_map(VALUES)


def test_tiles_are_for_the_shipped_province() -> None:
    layout = json.loads(charts.TILES_FILE.read_text())["areas"]
    assert sorted(layout) == AREAS
    assert len({(tile["column"], tile["row"]) for tile in layout.values()}) == 8
