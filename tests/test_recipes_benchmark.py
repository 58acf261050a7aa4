"""The table of recipes tells what each one costs, and which of them failed."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import recipes  # noqa: E402

SMALL = """
network: {name: skip_autoencoder, options: {widths: [8, 8]}}
precision: 32-true
data: {side: 32, crop: 32, batch: 8}
loss: {mean_squared_error: 1.0}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project with two small recipes and no network to download; one of them cannot work."""
    threads = torch.get_num_threads()
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "small.yaml").write_text(SMALL)
    (tmp_path / "recipes" / "wrong.yaml").write_text(SMALL.replace("squared", "cubed"))
    monkeypatch.setattr(recipes, "ROOT", tmp_path)
    monkeypatch.setattr(recipes, "PAGE", tmp_path / "recipes.md")
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for index in range(20):
        colour = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(colour).resize((40, 32)).save(tmp_path / "pictures" / f"{index}.png")
    yield tmp_path
    torch.set_num_threads(threads)


def cells(line):
    return line.removeprefix("| ").removesuffix(" |").split(" | ")


def test_a_run_prints_the_protocol_and_a_row_a_recipe_and_writes_the_page(root, capsys):
    data = str(root / "pictures")
    arguments = ["--data", data, "--steps", "3", "--batch", "4", "--threads", "1", "--write"]
    assert recipes.main(arguments) == 1  # one of them failed
    printed, log = capsys.readouterr()
    written = recipes.PAGE.read_text()
    assert printed.strip() in written
    assert written.startswith("# Recipes\n\nEvery recipe at its real network size")
    small, wrong = (line for line in printed.splitlines() if line.startswith(("| sm", "| wr")))
    what, costs = cells(small)[:7], cells(small)[7:]
    assert what == ["small", "skip_autoencoder", "0.00", "32-true", "pictures", "4", "3"]
    seconds, first, second, megabytes, exported = costs
    assert float(seconds) >= 0 and float(first) > 0 and float(second) > 0
    assert float(megabytes) == pytest.approx(0.0, abs=0.1)
    assert exported.startswith("ok, chroma ")
    assert wrong.endswith(" failed |") and "no loss 'mean_cubed_error'" in log
    assert small.count("|") == wrong.count("|")
    assert root.name not in printed  # no path of this machine


def test_a_download_is_replaced_and_the_table_says_so():
    options = recipes._parser().parse_args(["--data", "x"])
    path = BENCHMARKS.parent / "recipes" / "s2_huber.yaml"
    recipe, name = recipes._shortened(path, options)
    assert recipe.network.options["encoder"] == "lite0"
    assert name == "vgg_autoencoder (EfficientNet-Lite0 for VGG-19)"
    assert recipe.data.batch == 32  # its own
    assert (recipe.schedule.epochs, recipe.schedule.steps_per_epoch) == (2, 30)


def test_steps_are_timed_without_what_lies_between_epochs(monkeypatch):
    times = iter([0.0, 1.0, 2.0, 50.0, 52.0])
    monkeypatch.setattr(recipes.time, "process_time", lambda: next(times))
    watch = recipes.Stopwatch()
    for step in range(5):
        watch.step_done(step, 5, 0.0)
        if step == 2:
            watch.epoch_done({"ciede2000_ratio": 0.9})
    assert watch.seconds == [1.0, 1.0, 2.0]
    assert watch.ratios == [0.9]


def test_rows_are_kept_and_a_second_run_measures_only_what_is_missing(root, capsys, monkeypatch):
    arguments = [
        "--data", str(root / "pictures"), "--steps", "2", "--threads", "1",
        "--rows", str(root / "rows.json"), "--recipes", "small",
    ]  # fmt: skip
    assert recipes.main([*arguments, "--precision", "bf16-mixed"]) == 0
    first = capsys.readouterr().out
    assert " bf16-mixed " in first
    monkeypatch.setattr(recipes, "measure", None)
    assert recipes.main(arguments) == 0
    assert capsys.readouterr().out == first
