"""The program as a whole: help, versions, errors, warnings, and what is not loaded for them."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import Run, make_picture

import photochrom.cli
from photochrom.cli.app import COMMANDS, app, expand_short_form
from photochrom.cli.console import messages, printable, warnings_as_messages
from photochrom.errors import GreyResultWarning, OptionError, PhotoWarning, UnreadableError

HEAVY = ("torch", "onnxruntime", "pyvips", "PIL", "numpy", "yaml", "lightning_fabric")


@pytest.mark.parametrize("argument", ["", "--help", "colorize --help", "train --help", "--version"])
def test_help_loads_nothing_heavy(argument: str) -> None:
    code = (
        "import sys; from photochrom.cli import main; code = main(sys.argv[1:]);"
        f"loaded = [m for m in {HEAVY} if m in sys.modules];"
        "sys.exit(f'{code} {loaded}' if code or loaded else 0)"
    )
    command = [sys.executable, "-c", code, *argument.split()]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_alone_it_shows_the_help_with_examples(run: Run) -> None:
    alone = run()
    assert alone.code == 0
    assert alone.out.strip() == run("--help").out.strip()
    assert "photochrom photo.jpg" in alone.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples_or_commands(run: Run, command: str) -> None:
    ran = run(command, "-h")
    assert ran.code == 0
    assert "Examples" in ran.out or "Commands" in ran.out


def test_the_table_of_commands_is_complete() -> None:
    named = {c.callback.__name__ for c in app.registered_commands if c.callback}
    assert named | {str(g.name) for g in app.registered_groups} == set(COMMANDS)


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").out == f"photochrom {version('photochrom')}\n"


@pytest.mark.parametrize(
    ("given", "colours"),
    [
        ("photo.jpg", True),
        ("missing.TIFF -o x", True),
        ("-", True),
        ("there", True),
        ("--size 64 photo.jpg", True),
        ("-o out photo.jpg", True),
        ("--json there", True),
        ("colorize photo.jpg", False),
        ("demo photo.jpg", False),
        ("models", False),
        ("--help", False),
        ("--version", False),
        ("--nonsense", False),
        ("colourize photo.jpg", False),
        ("", False),
    ],
)
def test_the_short_form_is_for_pictures(folder: Path, given: str, colours: bool) -> None:
    (folder / "there").mkdir()
    arguments = given.split()
    expected = ["colorize", *arguments] if colours else arguments
    assert expand_short_form(arguments) == expected


def test_a_command_wins_over_a_folder_of_its_name(folder: Path) -> None:
    (folder / "demo").mkdir()
    assert expand_short_form(["demo"]) == ["demo"]


def test_a_mistyped_command_is_answered_with_a_suggestion(run: Run) -> None:
    ran = run("colourize")
    assert ran.code == 2
    assert "colorize" in ran.complaints[0]
    assert len(ran.err.splitlines()) == 1


def raising(error: BaseException) -> object:
    def command(_: object) -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (UnreadableError("a.jpg: is empty"), 1, "photochrom: a.jpg: is empty\n"),
        (OptionError("size is 1; it must be 32 to 2048"), 2, "photochrom: size is 1; it must be"),
        (ValueError("two\nlines"), 1, "photochrom: unexpected ValueError: two lines; this is a"),
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 1, "photochrom: unexpected MemoryError"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    monkeypatch.setattr(photochrom.cli, "_run", raising(error))
    ran = run("x")
    assert ran.code == code
    assert ran.err.startswith(told)
    assert len(ran.err.splitlines()) <= 1


def test_a_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_DEBUG", "1")
    monkeypatch.setattr(photochrom.cli, "_run", raising(UnreadableError("a.jpg")))
    with pytest.raises(UnreadableError):
        photochrom.cli.main(["x"])


def test_our_warnings_are_one_line_each_and_those_of_others_are_not_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with warnings_as_messages():
        for number in range(2):
            warnings.warn(f"{number}.jpg: nearly grey", GreyResultWarning, stacklevel=1)
            warnings.warn(f"{number}.tif: has 3 pages", PhotoWarning, stacklevel=1)
            warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err.splitlines() == [
        "photochrom: warning: 0.jpg: nearly grey",
        "photochrom: warning: 0.tif: has 3 pages",
        "photochrom: warning: 1.jpg: nearly grey",
        "photochrom: warning: 1.tif: has 3 pages",
    ]


def test_what_cannot_be_encoded_is_spelled_out() -> None:
    assert printable("a\nb\x1b[0m", messages) == "a\\nb\\x1b[0m"
    assert printable("caf\udce9.jpg", messages) == "caf\\udce9.jpg"


def test_a_long_line_is_not_broken(run: Run, folder: Path) -> None:
    name = "x" * 200 + ".jpg"
    assert len(run("colorize", name, "--model", "none").err.splitlines()) == 1


def test_a_name_too_long_for_the_disk_is_one_line(run: Run, tiny_model: Path, folder: Path) -> None:
    make_picture(folder / "a.png")
    ran = run("a.png", "x" * 5000 + ".png", "--model", tiny_model, "-o", "out")
    assert ran.code == 1
    assert "1 done, 1 failed" in ran.err
