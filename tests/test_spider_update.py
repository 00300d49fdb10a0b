"""A bundle of spiders on a frozen program: used after its cases were read, refused when damaged, taken back at once."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import spider_update
from monitor.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few cases, so that checking them is quick; the spiders and the catalogue are whole."""
    path = tmp_path_factory.mktemp("bundle") / "spiders.zip"
    whole = path.with_name("whole.zip")
    assert spider_update.pack(whole, NOW) > 100
    kept = ("tests/recorded/tokopedia/", "tests/recorded/lazada/")
    return changed(whole, path, lambda name, body: None if "recorded" in name and not name.startswith(kept) else body)


def changed(source: Path, target: Path, change, mend: bool = True) -> Path:  # type: ignore[no-untyped-def]
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != spider_update.MANIFEST}
        manifest = json.loads(archive.read(spider_update.MANIFEST))
    kept = {name: new for name, body in files.items() if (new := change(name, body)) is not None}
    if mend:
        manifest["files"] = {name: spider_update.hashlib.sha256(body).hexdigest() for name, body in kept.items()}
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(spider_update.MANIFEST, json.dumps(manifest))
        for name, body in kept.items():
            archive.writestr(name, body)
    return target


def catalogue_title(data: Path, slug: str = "lazada") -> str:
    """What a new process of the program sees."""
    imports = f"from monitor.marketplaces import marketplace; import spiders.{slug} as s"
    code = f"{imports}; print(marketplace('{slug}').title, s.__file__)"
    environ = {**os.environ, "MONITOR_DATA_DIR": str(data)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_bundle_stands_before_what_is_shipped_until_it_is_removed(bundle: Path, tmp_path: Path) -> None:
    renamed = changed(
        bundle,
        tmp_path / "new.zip",
        lambda name, body: (
            body.replace(b'title = "Lazada"', b'title = "Lazada Baru"') if name.endswith("marketplaces.toml") else body
        ),
    )
    data = tmp_path / "data"
    shipped = catalogue_title(data)
    folder = spider_update.install(renamed, data)
    assert spider_update.active(data) == folder
    assert catalogue_title(data) == f"Lazada Baru {folder / 'spiders/lazada.py'}"
    assert spider_update.install(renamed, data) == folder, "again changes nothing"
    assert spider_update.remove(data)
    assert not spider_update.remove(data)
    assert catalogue_title(data) == shipped


def test_a_bundle_whose_cases_are_read_differently_is_refused(bundle: Path, tmp_path: Path) -> None:
    wrong = changed(
        bundle,
        tmp_path / "wrong.zip",
        lambda name, body: body.replace(b'"name"', b'"nama"') if name == "spiders/pages/lazada.py" else body,
    )
    with pytest.raises(InputError, match=r"does not fit this program \(case lazada/.* is read differently\)"):
        spider_update.install(wrong, tmp_path / "data")
    assert spider_update.active(tmp_path / "data") is None
    broken = changed(
        bundle,
        tmp_path / "broken.zip",
        lambda name, body: b"import nothing_there" if name == "spiders/base.py" else body,
    )
    with pytest.raises(InputError, match="ModuleNotFoundError"):
        spider_update.install(broken, tmp_path / "data")
    assert [path.name for path in (tmp_path / "data" / "spiders").iterdir()] == []


def test_hostile_and_damaged_bundles_are_refused(bundle: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    damaged = changed(
        bundle,
        tmp_path / "damaged.zip",
        lambda name, body: body + b" " if name == "spiders/base.py" else body,
        mend=False,
    )
    with pytest.raises(InputError, match="is damaged"):
        spider_update.install(damaged, data)
    for number, name in enumerate(("../out.py", "spiders/../../out.py", "/etc/out", "monitor/config.py")):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(spider_update.MANIFEST, json.dumps({"files": {name: ""}}))
            archive.writestr(name, b"x")
        with pytest.raises(InputError, match="does not belong"):
            spider_update.install(path, data)
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match="is no bundle"):
        spider_update.install(tmp_path / "no.zip", data)
    with pytest.raises(InputError, match="cannot be read"):
        spider_update.install(tmp_path / "missing.zip", data)
    assert not (tmp_path / "out.py").exists()
    assert spider_update.active(data) is None
