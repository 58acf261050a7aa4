from pathlib import Path

import numpy as np
from command_line import Run
from PIL import Image


def test_a_folder_is_prepared_and_told_of(run: Run, folder: Path) -> None:
    (folder / "photos").mkdir()
    colours = np.random.default_rng(0).integers(0, 255, (100, 120, 3), np.uint8)
    Image.fromarray(colours).save(folder / "photos/a.png")
    (folder / "photos/b.png").write_bytes(b"no picture")
    ran = run("prepare", "photos", "ready", "--size", 64, "--jobs", 1)
    assert ran.code == 0, ran.err
    assert "1 left out: unreadable" in ran.err
    assert "1 kept in ready" in ran.err
    assert (folder / "ready/a.png.jpg").is_file()


def test_wrong_numbers_and_folders_are_one_line(run: Run, folder: Path) -> None:
    assert "at least 32" in run("prepare", "a", "b", "--size", 3).complaints[0]
    ran = run("prepare", "a", "b")
    assert (ran.code, len(ran.complaints)) == (1, 1)
