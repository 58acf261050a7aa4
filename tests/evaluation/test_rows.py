"""Rows come back as they were written, whatever ends the run that wrote them."""

from __future__ import annotations

import errno
import math
from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import DataError, OutputError
from photochrom.evaluation.rows import Row, RowFile


def row(number: int) -> Row:
    rng = np.random.default_rng(number)
    arrays = {
        "floats": rng.normal(size=5).astype(np.float32),
        "counts": rng.integers(0, 9, (3, 4)).astype(np.uint32),
        "observed/miou": rng.integers(0, 9, (2, 2)),
    }
    return Row(
        f"topic/\N{LATIN SMALL LETTER U WITH DIAERESIS}\udcff/{number}.png", "c" * 64, "general",
        "f" * 64, {"psnr": rng.normal(), "ratio": math.nan}, 0.1, "resized from 3 x 4", arrays,
    )  # fmt: skip


def write(path: Path, numbers: range) -> None:
    with RowFile(path) as rows:
        for number in numbers:
            rows.add(row(number))


def test_a_row_comes_back_to_the_last_bit() -> None:
    before = row(0)
    after = Row.from_line(before.as_line())
    assert after.key == before.key
    assert after.figures["psnr"] == before.figures["psnr"]
    assert math.isnan(after.figures["ratio"])
    assert (after.seconds, after.note) == (before.seconds, before.note)
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], array)
        assert after.arrays[name].dtype == array.dtype


def test_rows_are_added_behind_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    assert list(RowFile(path)) == []
    write(path, range(3))
    first = path.read_bytes()
    write(path, range(3, 5))
    assert path.read_bytes().startswith(first)
    assert [found.key for found in RowFile(path)] == [row(n).key for n in range(5)]
    assert RowFile(path).keys() == {row(n).key for n in range(5)}


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_torn_last_line_is_cut_off_before_more_are_added(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "rows.jsonl"
    write(path, range(3))
    whole = path.read_bytes()
    path.write_bytes(whole + row(3).as_line()[:-cut])
    assert len(list(RowFile(path))) == 3
    write(path, range(3, 4))
    assert path.read_bytes() == whole + row(3).as_line()


@pytest.mark.parametrize("damage", [b"{}\n", b"[1]\n", b"text\n", b'{"picture": \n'])
def test_error_for_a_damaged_line_in_the_middle(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(row(0).as_line() + damage + row(1).as_line())
    with pytest.raises(DataError, match="line 2 is damaged"):
        list(RowFile(path))


def test_error_for_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, content: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    rows = RowFile(tmp_path / "rows.jsonl")
    monkeypatch.setattr(rows, "_file", Full())
    with pytest.raises(OutputError, match="No space left on device"):
        rows.add(row(0))


def test_error_for_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), RowFile(tmp_path / "none/rows"):
        pass
