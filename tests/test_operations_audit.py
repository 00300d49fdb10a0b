"""The audit pack: the matrix names everything there is, flows and picture are one, hosts tell no password."""

import ast
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from monitor.config import BackupOptions, RetentionOptions, load_config
from monitor.private_store import metadata

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
MATRIX = PAGE.partition("## Who may what")[2].partition("## Where data")[0]
PROTECTION = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pack() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_pack", ROOT / "docs" / "audit" / "pack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def named(text: str) -> set[str]:
    """What stands in backticks in the first cell of a table's rows."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def folders() -> set[str]:
    """Names below the data folder: `data_dir / "..."` anywhere in the program, and folders that options name."""
    found = {BackupOptions().folder, "private.sqlite", "results.sqlite"}
    for package in ("monitor", "pipelines", "exports", "spiders"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)) if "data_dir" in text else ():
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                    left, right = ast.unparse(node.left), node.right
                    if left.endswith("data_dir") and isinstance(right, ast.Constant):
                        found.add(str(right.value))
    return found


def test_the_matrix_names_every_table_of_the_private_store() -> None:
    tables = named(MATRIX.partition("### Tables")[2].partition("### Processes")[0])
    assert tables == set(metadata.tables)


def test_the_matrix_names_every_folder_of_the_data_folder() -> None:
    assert folders() - named(MATRIX.partition("### Files")[2].partition("### Tables")[0]) == set()


def test_every_unit_is_among_the_processes() -> None:
    units = {path.name for path in (ROOT / "docs" / "systemd").glob("*.service")}
    assert named(MATRIX.partition("### Processes")[2]) == units


def test_page_and_picture_are_those_of_the_flows(pack: ModuleType) -> None:
    found = pack.flows()
    hint = "run: python docs/audit/pack.py flows"
    assert pack.page(PAGE, found) == PAGE, hint
    assert pack.picture(found) == pack.PICTURE.read_text(encoding="utf-8"), hint


def test_flows_hold_to_the_document_on_data_protection(pack: ModuleType) -> None:
    found = pack.flows()
    for flow in found["flows"]:
        assert {flow["from"], flow["to"]} <= set(found["places"])
        for option in flow["keeps"]:
            assert hasattr(RetentionOptions(), option)
            assert f"`{option}`" in PROTECTION
    verbs = {verb.strip() for flow in found["flows"] for verb in flow["verb"].split(",")}
    steps = PROTECTION.partition("## 5.")[2].partition("## 6.")[0]
    for line in steps.splitlines()[4:]:
        for command in re.findall(r"`([^`]+)`", line.split("|")[2] if line.startswith("|") else ""):
            # Steps inside one store move nothing to another place.
            assert command in verbs or command == "link", command


def test_hosts_tell_neither_passwords_nor_tokens(
    pack: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MONITOR_DATABASE_URL", "postgresql://monitor:rahasia@db.kantor.example/monitor")
    monkeypatch.setenv("https_proxy", "http://user:rahasia@proxy.kantor.example:3128")
    (tmp_path / "monitor.toml").write_text(
        '[crawl]\nuser_agent_contact = "a@b.example"\n[crawl.terms_checked_on]\njakmall = 2026-11-20\n'
    )
    addresses = load_config().messages_file
    addresses.parent.mkdir()
    addresses.write_text("mailtos://user:rahasia@mail.kantor.example\ntgram://123:rahasia/456\n")
    addresses.chmod(0o600)
    found = dict(pack.hosts())
    assert found["www.jakmall.com"] == "crawl jakmall"
    assert found["mail.kantor.example"] == "messages (mailtos)"
    assert found["api.telegram.org"] == "messages (tgram)"
    assert found["db.kantor.example"] == "private store"
    assert found["proxy.kantor.example"] == "proxy (https)"
    assert "rahasia" not in str(found)


def test_the_bill_keeps_what_the_list_names(pack: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("Ini_Paket==1.0 \\\n    --hash=sha256:00\n    # via lain\n")
    document = {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [{"bom-ref": "a", "name": "ini-paket"}, {"bom-ref": "b", "name": "pytest"}],
        "dependencies": [{"ref": "root", "dependsOn": ["a", "b"]}, {"ref": "b"}],
    }
    (tmp_path / "sbom.json").write_text(json.dumps(document))
    made = pack.bill(tmp_path / "sbom.json", tmp_path / "list.txt")
    assert [one["name"] for one in made["components"]] == ["ini-paket"]
    assert made["dependencies"] == [{"ref": "root", "dependsOn": ["a"]}]
    assert pack.without_licence(made) == ["ini-paket"]
