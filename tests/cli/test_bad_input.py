"""Everything that can be wrong: one line that says what, the right exit code, nothing lost."""

from __future__ import annotations

import os
import resource
import signal
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Run, files_below, make_picture, start
from tiny_model import write_tiny_model


def truncated_jpeg(path: Path) -> None:
    make_picture(path, 300, 200)
    path.write_bytes(path.read_bytes()[:2000])


def header_bomb(path: Path) -> None:
    """A PNG of a hundred bytes that claims 60000 x 60000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content + chunk(b"IEND", b""))


BAD: dict[str, tuple[str, Callable[[Path], object]]] = {
    "truncated JPEG": ("bad.jpg", truncated_jpeg),
    "empty file": ("bad.jpg", lambda path: path.write_bytes(b"")),
    "text named .jpg": ("bad.jpg", lambda path: path.write_text("dear diary")),
    "header bomb": ("bad.png", header_bomb),
    "folder named .jpg": ("bad.jpg", lambda path: (path / "sub").mkdir(parents=True)),
    "missing file": ("bad.jpg", lambda path: None),
    "dangling link": ("bad.jpg", lambda path: path.symlink_to("nowhere")),
    "drawing": ("bad.png", lambda path: path.write_text("<svg width='9' height='9'/>")),
}


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind != "folder named .jpg"])
def test_a_bad_file_is_one_line_and_the_rest_goes_on(
    colorize: Run, folder: Path, kind: str
) -> None:
    name, make = BAD[kind]
    make(folder / name)
    make_picture(folder / "good.png")
    ran = colorize(name, "good.png", "-o", "out")
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert name in ran.complaints[0]
    assert "unexpected" not in ran.complaints[0]
    assert "1 done, 1 failed" in ran.err
    assert files_below(folder / "out") == {"good.png"}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_alone_leaves_nothing_behind(colorize: Run, folder: Path, kind: str) -> None:
    name, make = BAD[kind]
    make(folder / name)
    before = files_below(folder)
    ran = colorize(name)
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert files_below(folder) == before


def test_too_many_pixels_is_a_limit_that_can_be_set(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png", 100, 100)
    ran = colorize("a.png", "--max-pixels", 9999)
    assert ran.code == 1
    assert "a.png" in ran.complaints[0]
    assert colorize("a.png", "--max-pixels", 10000).code == 0


def test_an_output_folder_that_cannot_be_made_is_told(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    (folder / "file").write_text("precious")
    ran = colorize("a.png", "-o", "file/out")
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert "file" in ran.complaints[0]
    assert (folder / "file").read_text() == "precious"


def test_a_folder_that_may_not_be_written_is_told(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_picture(folder / "a.png")
    (folder / "out").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    ran = colorize("a.png", "-o", "out")
    assert ran.code == 1
    assert "Permission denied" in ran.complaints[0]


@pytest.mark.parametrize("output", ["a.png", "./a.png", "link.png", "."])
@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_the_picture_is_never_its_own_result(
    colorize: Run, folder: Path, output: str, overwrite: tuple[str, ...]
) -> None:
    content = make_picture(folder / "a.png").read_bytes()
    (folder / "link.png").symlink_to("a.png")
    ran = colorize("a.png", "-o", output, *overwrite)
    assert ran.code == 2
    assert len(ran.complaints) == 1
    assert "take the place" in ran.complaints[0]
    assert (folder / "a.png").read_bytes() == content
    assert (folder / "link.png").is_symlink()


def test_a_second_name_of_the_same_file_is_not_overwritten(colorize: Run, folder: Path) -> None:
    content = make_picture(folder / "a.png").read_bytes()
    os.link(folder / "a.png", folder / "b.png")
    ran = colorize("a.png", "-o", "b.png", "--overwrite")
    assert ran.code == 1
    assert "same file" in ran.complaints[0]
    assert (folder / "b.png").read_bytes() == content


def test_a_folder_into_itself_is_refused_before_anything_is_done(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "in/a.png")
    ran = colorize("in", "-o", "in", "--overwrite")
    assert ran.code == 2
    assert files_below(folder) == {"in/a.png"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "31"], "32"),
        (["--vividness", "1.5"], "1"),
        (["--vividness", "nan"], "1"),
        (["--saturation", "-1"], "0"),
        (["--variants", "0"], "1 to 16"),
        (["--seed", "-1"], "seed is -1; it must lie in 0"),
        (["--hue-guard", "voilet"], "did you mean 'violet'"),
        (["--hue-guard", "280-400"], "0 to 360"),
        (["--variants", "17"], "1 to 16"),
        (["--jobs", "0"], "at least 1"),
        (["--threads", "0"], "at least 1"),
        (["--max-pixels", "0"], "at least 1"),
        (["--quality", "101"], "100"),
        (["--quality", "0"], "1"),
        (["--format", "bmp"], "webp"),
        (["--suffix", ""], "suffix is empty"),
        (["-o", "x.xyz"], "known are .jpg, .png"),
        (["-o", "x.jpg", "--format", "png"], "--format says png"),
        (["--size", "big"], "--size"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_the_range(
    run: Run, tiny_model: Path, folder: Path, arguments: list[str], told: str
) -> None:
    make_picture(folder / "a.png")
    ran = run("colorize", "a.png", "--model", tiny_model, *arguments)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert told in ran.complaints[0]
    assert files_below(folder) == {"a.png"}


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (["a.png", "b.png"], "one.jpg"),
        (["."], "one.jpg"),
        (["a.png", "b.png"], "-"),
        (["-", "a.png"], "out"),
        (["-"], "out"),
        (["a.png"], "plainfile"),
    ],
)
def test_outputs_that_cannot_be_meant_are_refused(
    colorize: Run, folder: Path, inputs: list[str], output: str
) -> None:
    make_picture(folder / "a.png")
    make_picture(folder / "b.png")
    (folder / "plainfile").write_text("x")
    ran = colorize(*inputs, "-o", output)
    assert ran.code == 2
    assert len(ran.complaints) == 1


def test_an_unknown_model_is_answered_with_a_suggestion(
    run: Run, tiny_model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOCHROM_MODELS", str(tiny_model.parent))
    make_picture(folder / "a.png")
    ran = run("a.png", "--model", "tinny")
    assert ran.code == 1
    assert "did you mean 'tiny'?" in ran.complaints[0]
    assert run("a.png", "--model", "tiny").code == 0


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07\x12\x00"])
def test_a_model_file_that_is_none_is_told(run: Run, folder: Path, content: bytes) -> None:
    make_picture(folder / "a.png")
    (folder / "bad.onnx").write_bytes(content)
    ran = run("a.png", "--model", "bad.onnx")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "bad.onnx" in ran.complaints[0]


def test_variants_of_a_model_with_one_answer_are_refused(run: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    write_tiny_model(folder / "plain.onnx", with_logits=False)
    ran = run("a.png", "--model", "plain.onnx", "--variants", 2)
    assert ran.code == 2
    assert "one answer only" in ran.complaints[0]
    assert run("a.png", "--model", "plain.onnx").code == 0


def test_a_mistake_of_our_own_costs_one_picture_and_no_traceback(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_picture(folder / "a.png")
    make_picture(folder / "b.png")
    from photochrom.colorizer import ColorizeResult

    save = ColorizeResult.save

    def fail_for_a(result: ColorizeResult, target: Path, *rest: object) -> None:
        if Path(target).name == "a.png":
            raise ZeroDivisionError("oh")
        save(result, target, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ColorizeResult, "save", fail_for_a)
    ran = colorize("a.png", "b.png", "-o", "out")
    assert ran.code == 1
    assert ran.complaints == ["photochrom: a.png: unexpected ZeroDivisionError: oh"]
    assert files_below(folder / "out") == {"b.png"}


def test_a_full_disk_leaves_no_half_file(tiny_model: Path, folder: Path) -> None:
    make_picture(folder / "a.png", 300, 300)
    (folder / "out").mkdir()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    process = start(["colorize", "a.png", "-o", "out", "--model", tiny_model], preexec_fn=limit)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"Traceback" not in errors
    assert errors.count(b"photochrom: ") == 1
    assert files_below(folder) == {"a.png"}
