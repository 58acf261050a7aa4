"""`photochrom serve`: one line with its address, a warning where there is reason, a clean end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from command_line import Run, start

pytest.importorskip("uvicorn", reason="the web extra is not installed")

from photochrom.serving import listen


def serving(data: Path, *options: object) -> tuple[subprocess.Popen[bytes], str]:
    """A running service, and the first line that it prints."""
    # warnings are no errors here: uvicorn and the libraries under it have their own
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
    process = start(["serve", "--port", "0", "--data", data, *options], env=environment)
    return process, process.stderr.readline().decode()


def finish(process: subprocess.Popen[bytes], how: int) -> str:
    process.send_signal(how)
    return process.communicate()[1].decode()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_and_ends_when_told_to(tmp_path, how):
    process, first = serving(tmp_path / "data")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\s*", first)
    with urllib.request.urlopen(f"{first.strip()}/healthz", timeout=60) as answer:
        assert answer.status == 200  # which it gives as soon as it can
    said = finish(process, how)
    assert "Traceback" not in said
    assert "warning" not in said
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGTERM)
    assert not list((tmp_path / "data").glob("*.db-wal"))


@pytest.mark.parametrize(("options", "warned"), [((), True), (("--token", "secret"), False)])
def test_an_open_service_without_a_token_is_warned_of(tmp_path, options, warned):
    process, first = serving(tmp_path / "data", "--host", "0.0.0.0", *options)
    assert first.startswith("http://0.0.0.0:")
    second = process.stderr.readline().decode() if warned else ""
    said = second + finish(process, signal.SIGINT)
    assert ("--token would ask who" in said) == warned
    assert "secret" not in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--keep-hours", "0"], "keep-hours is 0.0; it must be above 0"),
        (["--max-seconds", "nan"], "seconds is nan; it must be above 0"),
        (["--max-megapixels", "-1"], "pixels is -1000000; it must be above 0"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_error_for_wrong_options(run: Run, tmp_path, options, said):
    ran = run("serve", "--data", tmp_path / "data", *options)
    assert ran.code == 2
    assert said in ran.complaints[0]


def test_error_for_a_taken_address(run: Run, tmp_path):
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ran = run("serve", "--port", port, "--data", tmp_path / "data")
    assert ran.code == 1
    assert f"127.0.0.1:{port}: " in ran.complaints[0]
    assert "another --port" in ran.complaints[0]


def test_error_for_a_folder_that_another_service_uses(run: Run, tmp_path):
    process, _ = serving(tmp_path / "data")
    ran = run("serve", "--port", 0, "--data", tmp_path / "data")
    finish(process, signal.SIGINT)
    assert ran.code == 1
    assert "another service uses this folder; another --data would work" in ran.complaints[0]
