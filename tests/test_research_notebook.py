"""docs/notebooks/adoption.ipynb runs from the download of a release to its figure."""

import re
import shutil
from pathlib import Path

import pytest
from research_world import make, releases

nbformat = pytest.importorskip("nbformat")
NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "adoption.ipynb"
# Enough sellers for figures below the province.
ENOUGH = {"businesses": 4_000, "shops": 1_200, "weeks": 3}


def test_notebook_is_kept_without_outputs_and_without_anybodys_paths() -> None:
    held = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(held)
    code = [cell for cell in held.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not re.search(r"/(home|root|work|tmp|Users)/", NOTEBOOK.read_text("utf-8"))


@pytest.mark.prove
def test_notebook_goes_from_the_download_to_the_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    make(tmp_path / "data", **ENOUGH)
    released = releases(tmp_path / "data", "publik")[-1]
    archive = Path(shutil.make_archive(str(tmp_path / "release"), "zip", released.parent, released.name))
    monkeypatch.setenv("MONITOR_RELEASE", archive.as_uri())
    held = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(held, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in held.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = [output["data"].get("text/markdown", "") for output in shown if "data" in output]
    assert released.name in texts[0]
    assert re.search(r"In 2026-W42 about [\d,]+ registered businesses \(95% interval [\d,]+ to [\d,]+\)", texts[-1])
    pictures = [output["data"]["image/svg+xml"] for output in shown if "image/svg+xml" in output.get("data", {})]
    assert len(pictures) == 1
    assert "Present on a covered marketplace" in pictures[0]
