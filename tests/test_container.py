"""The Dockerfile, step by step, without a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PORT = "8765"


def steps() -> list[tuple[str, str]]:
    """(instruction, what follows it), continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return [(name, " ".join(rest.split())) for name, rest in pairs]


def said(name: str) -> list[str]:
    return [rest for instruction, rest in steps() if instruction == name]


def copied() -> list[tuple[str, str]]:
    """(source, target) of everything that comes out of the checkout."""
    pairs = []
    for rest in said("COPY"):
        words = shlex.split(rest)
        if not words[0].startswith("--from"):
            *sources, target = words
            pairs += [(source, target) for source in sources]
    return pairs


def test_images_are_named_to_the_patch_and_no_stage_is_the_latest():
    images = [rest.split()[0] for rest in said("FROM")]
    assert len(images) == 2
    for image in images:
        assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", image)
    python = tuple(map(int, re.search(r"3\.\d+", images[0])[0].split(".")))
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert required == ">=3.11,<3.14"
    assert (3, 11) <= python < (3, 14)


def test_it_runs_as_somebody_who_owns_nothing_but_the_data():
    (user,) = said("USER")
    assert user not in ("root", "0")
    (made,) = [rest for rest in said("RUN") if "useradd" in rest]
    assert re.search(r"--uid 1\d{4} ", made)
    assert made.split(" && ")[0].endswith(f" {user}")
    assert f"--owner {user}" in made
    assert said("VOLUME") == ["/data"]
    order = [name for name, _ in steps()]
    assert order.index("USER") > len(order) - 1 - order[::-1].index("RUN")
    command = json.loads(said("CMD")[-1])
    assert command[command.index("--data") + 1].startswith("/data")


def test_what_is_copied_is_there_and_not_ignored():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    let_through = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert rules[0] == "*"
    assert let_through == {source for source, _ in copied()}
    for source, _ in copied():
        assert (ROOT / source).exists(), source


def test_what_the_wheel_is_made_of_is_copied():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"}
    needed |= {path.split("/")[0] for path in wheel["packages"]} | set(wheel["force-include"])
    assert needed <= {source for source, _ in copied()}
    (install,) = [rest for rest in said("RUN") if "pip install" in rest]
    assert "web" in project["project"]["optional-dependencies"]
    assert '".[web]"' in install
    assert "--constraint constraints.txt" in install


@pytest.mark.slow
def test_its_steps_make_a_service_that_its_own_health_check_finds_well(tmp_path):
    pytest.importorskip("uvicorn", reason="the web extra is not installed")
    build, site = tmp_path / "build", tmp_path / "site"
    for source, target in copied():
        copy_to(build / source if target == "./" else build / target, ROOT / source)
    program = install(build, site)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    here = {"/data/service": str(tmp_path / "data"), PORT: port, "0.0.0.0": "127.0.0.1"}
    command = [here.get(word, word) for word in json.loads(said("CMD")[-1])]
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", program, *command],
        env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    options, check = said("HEALTHCHECK")[0].split(" CMD ")
    name, *arguments = json.loads(check)
    assert "--interval" in options
    assert name == "python"
    changed = [word.replace(PORT, port).replace("timeout=4", "timeout=60") for word in arguments]
    health = [sys.executable, *changed]
    try:
        first = process.stderr.readline()
        assert first.strip() == f"http://127.0.0.1:{port}", first + process.stderr.read()
        assert subprocess.run(health).returncode == 0
        assert (tmp_path / "data/service.db").is_file()
    finally:
        process.terminate()
        process.communicate()
    assert subprocess.run(health, capture_output=True).returncode != 0


def install(build: Path, site: Path) -> str:
    """What the wheel would put into place, and the program behind the entry point."""
    project = tomllib.loads((build / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        copy_to(site / Path(package).name, build / package)
    for source, target in wheel["force-include"].items():
        copy_to(site / target, build / source)
    (entry,) = json.loads(said("ENTRYPOINT")[0])
    module, _, function = project["project"]["scripts"][entry].partition(":")
    return (
        f"import sys, {module} as m; from pathlib import Path; "
        f"assert Path(m.__file__).is_relative_to({str(site)!r}); sys.exit(m.{function}())"
    )


def copy_to(target: Path, source: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)
