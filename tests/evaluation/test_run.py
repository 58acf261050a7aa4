"""Rows are measured once, in order, by one protocol; a folder of another one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded, save_coloured
from measuring import Half, Listener, evaluation, measure

from photochrom.errors import ModelError, OptionError, OutputError
from photochrom.evaluation.colorizers import Answer, Painters, find_entrants
from photochrom.evaluation.judging import Judging
from photochrom.evaluation.pictures import OpenedPicture, list_pictures
from photochrom.evaluation.rows import RowFile
from photochrom.evaluation.run import (
    PROTOCOL,
    Evaluation,
    missing_rows,
    prepare_folder,
    run,
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return save_coloured(tmp_path / "photos", 6)


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_colorizer_meets_every_picture_in_order(photos: Path, jobs: int) -> None:
    half, path = Half(), photos.parent / "rows.jsonl"
    listener = measure(evaluation(photos, [half], jobs=jobs), path)
    rows = list(RowFile(path))
    assert listener.rows == len(rows) == 18
    assert [(row.picture, row.colorizer) for row in rows[:4]] == [
        ("00.png", "half"), ("00.png", "grey"), ("00.png", "truth"), ("01.png", "half"),
    ]  # fmt: skip
    assert [row.picture for row in rows] == sorted(row.picture for row in rows)
    truth = coloured(0) / np.float32(255)
    by_name = {row.colorizer: row for row in rows[:3]}
    assert by_name["truth"].figures["redness"] == pytest.approx(truth[..., 0].mean(), rel=1e-6)
    half_red = (truth[..., 0] + truth.mean(-1)) / 2
    assert by_name["half"].figures["redness"] == pytest.approx(half_red.mean(), rel=1e-5)
    assert by_name["half"].seconds == 0.25
    assert by_name["grey"].seconds is None


def test_what_is_there_is_not_measured_again(photos: Path) -> None:
    path = photos.parent / "rows.jsonl"
    measure(evaluation(photos, [Half()]), path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:7]) + lines[7][:30])  # killed while writing the eighth
    half = Half()
    listener = measure(evaluation(photos, [half]), path)
    assert listener.rows == 11
    assert half.asked == ["03.png", "04.png", "05.png"]
    again = path.read_bytes().splitlines(keepends=True)
    assert again[:7] == lines[:7]
    assert len(again) == 18
    assert len({row.key for row in RowFile(path)}) == 18
    assert measure(evaluation(photos, [Half()]), path).rows == 0


def test_a_colorizer_that_comes_later_is_measured_alone(photos: Path) -> None:
    path = photos.parent / "rows.jsonl"
    first, later = Half("first"), Half("later")
    measure(evaluation(photos, [first]), path)
    listener = measure(evaluation(photos, [first, later]), path)
    assert listener.rows == len(later.asked) == 6
    assert len(first.asked) == 6


def test_two_names_for_one_thing_share_a_row(photos: Path) -> None:
    one, other = Half("half"), Half("half")
    other.label = "twin"
    other.fingerprint = lambda picture: "made half"  # type: ignore[method-assign]
    listener = measure(evaluation(photos, [one, other]), photos.parent / "rows.jsonl")
    assert listener.rows == 18
    assert other.asked == []


def test_pictures_that_cannot_be_judged_by_are_told_and_left_out(photos: Path) -> None:
    (photos / "01.png").write_bytes(b"no picture")
    (photos / "02.png").write_bytes(encoded(coloured(2)[..., 0]))
    path = photos.parent / "rows.jsonl"
    listener = measure(evaluation(photos), path)
    assert listener.rows == 8
    assert [reason.split(":")[0] for reason in listener.reasons] == ["01.png", "02.png"]
    assert {row.picture for row in RowFile(path)} == {"00.png", "03.png", "04.png", "05.png"}


def test_rows_before_an_error_stay(photos: Path) -> None:
    half, path = Half(), photos.parent / "rows.jsonl"
    paint = half.open()

    def stumble(picture: OpenedPicture) -> Answer:
        if picture.listed.name == "03.png":
            raise ModelError("it stumbled")
        return paint(picture)

    half.open = lambda: stumble  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="it stumbled"):
        measure(evaluation(photos, [half]), path)
    assert len(list(RowFile(path))) == 9


def test_few_pictures_are_in_memory_at_once(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the first is, no more than two pictures a job are read ahead."""
    from photochrom.evaluation import run as run_module

    read = []

    def counted(*arguments: object) -> object:
        for item in original(*arguments):  # type: ignore[arg-type]
            read.append(item)
            yield item

    original = run_module.read_set
    monkeypatch.setattr(run_module, "read_set", counted)
    seen_at_first_row = []

    class Watching(Listener):
        def row_done(self) -> None:
            seen_at_first_row.append(len(read))

    wanted = evaluation(photos, jobs=1)
    with RowFile(photos.parent / "rows.jsonl") as rows:
        run(wanted, rows, missing_rows(wanted, rows), Painters(wanted.entrants), Watching())
    assert seen_at_first_row[0] <= 2
    assert len(read) == 6


def test_a_folder_is_made_once_and_taken_again(photos: Path, tmp_path: Path) -> None:
    protocol = evaluation(photos).protocol
    folder = tmp_path / "deep/report"
    prepare_folder(folder, protocol)
    assert json.loads((folder / PROTOCOL).read_text()) == protocol
    (folder / "rows.jsonl").write_text("rows")
    prepare_folder(folder, protocol)
    assert (folder / "rows.jsonl").read_text() == "rows"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": 128}, r"at another size \(40 there, 128 asked for\)"),
        ({"figures": ["psnr"]}, r"of other figures \(redness there, psnr asked for\)"),
        (
            {"networks": {"frechet": "a"}},
            r"by other networks \(none there, frechet: a asked for",
        ),
        ({"data_sha256": "0", "pictures": 9}, r"other pictures \(6 of photos there, 9 of photos"),
        ({"photochrom": "9.9"}, "another version of photochrom"),
    ],
)
def test_error_for_a_folder_of_another_protocol_unless_forced(
    photos: Path, tmp_path: Path, change: dict[str, object], told: str
) -> None:
    protocol, folder = evaluation(photos).protocol, tmp_path / "report"
    prepare_folder(folder, protocol)
    (folder / "rows.jsonl").write_text("rows")
    with pytest.raises(OutputError, match=told) as raised:
        prepare_folder(folder, protocol | change)
    assert "--force" in str(raised.value)
    assert (folder / "rows.jsonl").exists()
    prepare_folder(folder, protocol | change, force=True)
    assert not (folder / "rows.jsonl").exists()
    prepare_folder(folder, protocol | change)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_error_for_a_damaged_protocol(photos: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / PROTOCOL).write_text(content)
    with pytest.raises(OutputError, match="not a readable protocol"):
        prepare_folder(tmp_path / "report", evaluation(photos).protocol)


def test_error_for_a_file_or_somebody_else_s_folder(photos: Path) -> None:
    protocol = evaluation(photos).protocol
    for force in (False, True):
        with pytest.raises(OutputError, match="holds files, but no evaluation"):
            prepare_folder(photos, protocol, force=force)
        with pytest.raises(OutputError, match="is a file"):
            prepare_folder(photos / "00.png", protocol, force=force)


@pytest.mark.parametrize("options", [{"size": 31}, {"size": 4000}, {"jobs": 0}])
def test_error_for_options_out_of_range(photos: Path, options: dict[str, int]) -> None:
    pictures = list_pictures(photos)
    with pytest.raises(OptionError, match=next(iter(options))):
        Evaluation(pictures, find_entrants(["grey"], pictures), Judging({}), **options)
