"""The notebooks in examples/ run from top to bottom on tiny data."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from coloured_pictures import save_coloured

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))

TINY = {
    "train_your_own": 'RECIPE, CHANGES, PICTURES = "tiny", ["schedule.epochs=1"], "photos"',
    "compare_models": 'PHOTOS, SHOWN, SIDE = "photos", 2, 48',
    "restore_old_photographs": 'SCANS, SHOWN, LONG_SIDE = "photos", 1, 32',
}
"""What each notebook is told in place of its own settings."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks")
    save_coloured(folder / "photos", 16)
    return folder


def test_there_are_three_and_each_is_run() -> None:
    assert {path.stem for path in NOTEBOOKS} == TINY.keys()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    assert sum("parameters" in cell.metadata.get("tags", ()) for cell in cells) == 1


# the kernel's own libraries warn of one another
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_run_from_top_to_bottom(
    path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(path, as_version=4)
    place = next(
        index for index, cell in enumerate(notebook.cells)
        if "parameters" in cell.metadata.get("tags", ())
    )  # fmt: skip
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(TINY[path.stem]))
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(photos)}}
    )
    client.execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    assert not any(out.output_type == "error" for out in outputs)
