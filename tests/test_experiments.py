"""Experiments are listed, run, resumed and judged, and the page says what their results say."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_experiments import write_project

import experiment_density  # isort: skip
import experiment_grid  # isort: skip
import experiment_judging  # isort: skip
import experiment_run  # isort: skip
import experiment_segmentation  # isort: skip
import experiment_table  # isort: skip
import experiments  # isort: skip

from photochrom import catalog, metrics
from photochrom.color import lab_to_rgb
from photochrom.data.batches import lab_from_bytes
from photochrom.data.decoded import decode_pictures
from photochrom.errors import DataError
from photochrom.evaluation.density import FitOptions, fit_density, load_density

ROOT = Path(__file__).parents[1]


def enter(root: Path, tiny_model: Path, patch: pytest.MonkeyPatch) -> None:
    """Works in a small project from now on; the tiny model is the default one."""
    write_project(root)
    patch.chdir(root)
    patch.setenv("PHOTOCHROM_DATA", str(root / "data"))
    patch.setenv("PHOTOCHROM_MODELS", str(root / "models"))
    patch.setattr(catalog, "BUNDLED", {})
    (root / "models").mkdir()
    shutil.copy(tiny_model, root / "models" / f"{catalog.DEFAULT_MODEL}.onnx")
    patch.setattr(experiment_table, "RECIPES", root / "recipes")
    table = experiment_table.load_table(root / "table.yaml")
    patch.setattr(experiments, "load_table", lambda: table)
    patch.setattr(experiments, "PAGE", root / "experiments.md")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_model):
    """A project with one row run."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("finished")
        enter(root, tiny_model, patch)
        assert command("run", "small") == 0
    yield root
    torch.set_num_threads(threads)


@pytest.fixture
def project(tmp_path, tiny_model, monkeypatch):
    """A small table with its recipes and data, and nothing run."""
    threads = torch.get_num_threads()
    enter(tmp_path, tiny_model, monkeypatch)
    yield tmp_path
    torch.set_num_threads(threads)


@pytest.fixture
def small(project, finished):
    """The project with one row run."""
    for folder in ("runs", "results"):
        shutil.copytree(finished / folder, project / folder)
    return project


def command(*arguments: str) -> int:
    shared = ("--runs", "runs", "--results", "results", "--threads", "1", "--accelerator", "cpu")
    return experiments.main([*arguments, *shared])


def result_of(name: str) -> dict:
    return json.loads(Path("results", f"{name}.json").read_text())


def test_a_row_is_trained_judged_and_written_down(small):
    result = result_of("small")
    assert (result["name"], result["system"], result["budget"]) == ("small", "S1", "cpu")
    assert result["seed"] == 5
    data = result["data"]
    assert (data["used"], data["full"]) == (20, 24)  # shortened to 20 of the 24 there are
    assert data["training"] + data["held_out"] == 20
    training = result["training"]
    assert (training["steps"], training["pictures_shown"]) == (8, 32)
    assert training["full_pictures_shown"] == round(50 * 24 * data["training"] / 20)
    assert training["wall_seconds"] > 0 and training["seconds_per_picture"] > 0
    assert [row["epoch"] for row in result["history"]] == [1, 2]
    assert result["published"] == {"psnr": {"train": None, "test": 27.4}}
    assert result["default_model"]["name"] == catalog.DEFAULT_MODEL
    assert {"photochrom", "torch", "python"} <= result["versions"].keys()
    assert str(small) not in Path("results", "small.json").read_text()  # no place of this machine


def test_figures_are_the_means_of_what_every_picture_has(small):
    result = result_of("small")
    for who in ("row", "default", "grey"):
        for figure, values in result["pictures"][who].items():
            assert len(values) == result["test"]["pictures"]
            known = [value for value in values if value is not None]
            if not known:  # the pictures have no region that could be blotched
                assert result["figures"][who][figure] is None
                continue
            mean, low, high = result["figures"][who][figure]
            assert mean == pytest.approx(np.mean(known), rel=1e-3)
            assert low <= mean <= high


def test_grey_and_truth_are_judged_as_the_metrics_say(project):
    pictures = decode_pictures([project / "data" / "loose"], 32, project / "cache", jobs=1)
    found = experiment_judging.judge({"grey": experiment_judging.no_colour}, pictures)
    lab = lab_from_bytes(pictures.take([3]))[0].movedim(0, -1).numpy()
    truth, grey = lab_to_rgb(lab), lab_to_rgb(lab * (1, 0, 0))
    assert found["grey"]["psnr"][3] == pytest.approx(metrics.psnr(grey, truth), rel=1e-4)
    assert found["grey"]["ab_mse"][3] == pytest.approx(np.square(lab[..., 1:]).mean(), rel=1e-4)
    assert found["grey"]["ab_mse_128"][3] * 128**2 == pytest.approx(found["grey"]["ab_mse"][3])
    assert found["truth"]["ciede2000"] == [0] * 24
    assert found["truth"]["exact_accuracy"] == found["truth"]["bin_accuracy"] == [1] * 24
    assert found["truth"]["colourfulness"][3] == pytest.approx(metrics.colourfulness(truth))


def test_a_selection_takes_one_source_of_a_shard_and_test_pictures_of_their_own(project):
    assert command("run", "other") == 0
    result = result_of("other")
    assert result["data"]["used"] == result["data"]["full"] == 10  # lights, and no shades
    assert result["test"]["pictures"] == 7
    assert result["overrides"][0] == "optim.lr=1e-4"
    assert result["recipe"]["optim"]["lr"] == 1e-4


def test_all_rows_of_a_system_are_judged_by_one_density(project, monkeypatch):
    monkeypatch.setattr(experiment_density, "SIDE", 16)
    monkeypatch.setattr(experiment_density, "FIT", FitOptions(steps=3, batch=4))
    text = Path("table.yaml").read_text()
    Path("table.yaml").write_text(text.replace("    cpu:", "    density: true\n    cpu:", 1))
    table = experiment_table.load_table(Path("table.yaml"))
    monkeypatch.setattr(experiments, "load_table", lambda: table)
    fits = []
    monkeypatch.setattr(
        experiment_density, "fit_density", lambda *a: fits.append(a) or fit_density(*a)
    )
    assert command("run", "small", "other") == 0
    assert len(fits) == 1 and len(fits[0][0]) == 24  # the system's pictures, none left out
    small, other = result_of("small"), result_of("other")
    assert small["test"]["density"] == other["test"]["density"]
    density = load_density(next(Path("runs").glob("density-*.pt")))
    assert "loose, 24 pictures" in density.observer().name in Path("experiments.md").read_text()
    pictures = decode_pictures([project / "data" / "loose"], 32, project / "cache", jobs=1)
    networks = experiment_judging.Networks(density=density)
    found = experiment_judging.judge({"grey": experiment_judging.no_colour}, pictures, networks)
    assert found["truth"]["density_gap"] == [0] * 24
    grey = lab_to_rgb(lab_from_bytes(pictures.take([3]))[0].movedim(0, -1).numpy() * (1, 0, 0))
    expected = density.observer().observe(grey)[0]
    assert found["grey"]["density"][3] == pytest.approx(expected)
    gap = abs(expected - found["truth"]["density"][3])
    assert found["grey"]["density_gap"][3] == pytest.approx(gap)


def save_labelled(folder: Path, count: int = 20) -> None:
    """Pictures whose red half, left or right or below, is what is looked for."""
    for name in ("pictures", "labels"):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        label = np.full((64, 64), 3, np.uint8)
        label[(slice(32), slice(None))[:: 1 if index % 2 else -1]] = 1
        picture = np.where(label[..., None] == 1, (200, 30, 40), (60, 110, 60))
        picture = np.clip(picture + rng.integers(-20, 20, picture.shape), 0, 255).astype(np.uint8)
        label[30:34, 30:34] = 0  # where nobody said
        Image.fromarray(picture).save(folder / "pictures" / f"{index:02}.jpg")
        Image.fromarray(label).save(folder / "labels" / f"{index:02}.png")


def test_miou_is_that_of_one_network_fitted_to_labelled_pictures(project, monkeypatch):
    monkeypatch.setattr(experiment_segmentation, "STEPS", 30)
    monkeypatch.setattr(experiment_segmentation, "BATCH", 4)
    save_labelled(project / "data" / "halves")
    text = Path("table.yaml").read_text()
    text = text.replace("    cpu:", "    segmentation: halves\n    cpu:", 1)
    Path("table.yaml").write_text(text.replace("[psnr,", "[psnr, miou,"))
    table = experiment_table.load_table(Path("table.yaml"))
    monkeypatch.setattr(experiments, "load_table", lambda: table)
    assert command("run", "small") == 0
    result = result_of("small")
    name = result["test"]["segmentation"]
    assert "fitted to halves, 18 pictures, 30 steps" in name in Path("experiments.md").read_text()
    # it finds what it was shown, and is opened again by the name that the row has
    observer = experiment_segmentation.segmentation_of("halves", Path("runs"))
    assert observer.name == name
    seen = np.asarray(Image.open(project / "data" / "halves" / "pictures" / "00.jpg")) / 255
    label = np.asarray(Image.open(project / "data" / "halves" / "labels" / "00.png"))
    found = observer.observe(seen)
    assert (found == (label == 1))[label > 0].mean() > 0.95
    # figures of the whole set: one number, and the truth's is perfect
    assert result["figures"]["truth"]["miou"] == [1.0]
    (grey,) = result["figures"]["grey"]["miou"]
    assert 0 <= grey <= 1
    page = Path("experiments.md").read_text()
    assert f"| grey pictures | {result['test']['pictures']} pictures" in page
    assert f" {grey:.3f} |" in page and "mIoU (higher is better)" in page


def test_rows_have_no_miou_without_labelled_pictures(small):
    result = result_of("small")
    assert result["test"]["segmentation"] is None
    assert result["figures"]["row"]["miou"] is None


def test_folders_without_labels_are_told(project):
    (project / "data" / "halves" / "pictures").mkdir(parents=True)
    with pytest.raises(DataError, match=r"has no labels/NAME\.png"):
        experiment_segmentation.segmentation_of("halves", Path("runs"))
    save_labelled(project / "data" / "few", 3)
    with pytest.raises(DataError, match="few: 3 labelled pictures; at least 10"):
        experiment_segmentation.segmentation_of("few", Path("runs"))


GRID = """
grids:
  small_grid:
    experiment: small
    about: Learning rates.
    grid: ["optim.lr=1e-2,1e-5", "data.batch=4,8"]
    cpu: {set: [schedule.epochs=1]}
claims:"""


@pytest.fixture
def with_grid(project, monkeypatch):
    """A table with a grid."""
    text = Path("table.yaml").read_text()
    Path("table.yaml").write_text(text.replace("\nclaims:", GRID))
    table = experiment_table.load_table(Path("table.yaml"))
    monkeypatch.setattr(experiments, "load_table", lambda: table)
    return project


def test_a_grid_is_trained_at_every_point_and_the_best_stands_first(with_grid, capsys):
    assert command("list") == 0
    assert "S1  small_grid  grid, to do" in capsys.readouterr().out
    assert command("run", "small_grid") == 0
    result = experiment_grid.read_grids(Path("results"))["small_grid"]
    points = result["points"]
    values = {(point["values"]["optim.lr"], point["values"]["data.batch"]) for point in points}
    assert values == {(1e-2, 4), (1e-2, 8), (1e-5, 4), (1e-5, 8)}
    ratios = [point["best"]["ciede2000_ratio"] for point in points]
    assert ratios == sorted(ratios)
    assert all(point["best"]["step"] == 4 for point in points)  # its own budget, and the system's
    page = Path("experiments.md").read_text()
    best = points[0]
    cells = f"{best['values']['optim.lr']:g} | {best['values']['data.batch']}"
    head = page.index("### Grid search: `small_grid`")
    assert f"| {cells} | {best['best']['ciede2000']:.2f} | {ratios[0]:.3f} |" in page[head:]
    data = result["data"]
    assert data["training"] + data["held_out"] == 20
    told = f"{data['training']} pictures of 32 px, {data['held_out']} held out"
    assert told in page[head:]
    assert "small_grid  grid, done, cpu budget" in (command("list"), capsys.readouterr().out)[1]
    # rows are what they were, and a grid is none
    assert not Path("results/small_grid.json").exists()


def test_a_finished_grid_is_not_trained_again(with_grid):
    assert command("run", "small_grid") == 0
    first = Path("results/grids/small_grid.json").read_text()
    assert command("run", "small_grid") == 0
    assert Path("results/grids/small_grid.json").read_text() == first


def test_a_grid_that_others_are_still_training_has_no_result_yet(with_grid, monkeypatch, capsys):
    # all that is left is claimed by somebody else
    monkeypatch.setattr(experiment_grid.Sweep, "train_next", lambda *_: None)
    assert command("run", "small_grid") == 1
    assert "4 points are still with other processes" in capsys.readouterr().err
    assert not Path("results/grids").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("experiment: small", "experiment: smal", "small_grid: no experiment 'smal'"),
        ("  small_grid:", "  other:", "other: a grid and an experiment have one name"),
    ],
)
def test_a_grid_over_nothing_is_refused(with_grid, old, new, message):
    path = Path("table.yaml")
    head, grids = path.read_text().split("grids:")
    path.write_text(f"{head}grids:{grids.replace(old, new, 1)}")
    with pytest.raises(experiment_table.OptionError, match=message):
        experiment_table.load_table(path)


def test_a_grid_with_an_unknown_key_is_told_before_anything_runs(with_grid, monkeypatch, capsys):
    path = Path("table.yaml")
    path.write_text(path.read_text().replace("optim.lr=1e-2,1e-5", "optim.speed=1,2"))
    table = experiment_table.load_table(path)
    monkeypatch.setattr(experiments, "load_table", lambda: table)
    assert command("run", "small", "small_grid") == 1
    assert "optim.speed" in capsys.readouterr().err
    assert not Path("runs/small-cpu").exists()


def test_precision_can_be_that_of_the_machine(small, monkeypatch, capsys):
    shutil.rmtree("runs/small-cpu")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert command("run", "small", "--precision", "bf16-mixed") == 0
    assert result_of("small")["recipe"]["precision"] == "bf16-mixed"
    assert "(--precision 32-true)" in capsys.readouterr().err
    assert command("list") == 0
    assert "other settings" not in capsys.readouterr().out


def test_a_stopped_row_goes_on_where_it_was(project, finished, monkeypatch, capsys):
    epoch_done = experiment_run.Clock.epoch_done

    def stop_after_first(clock, row):
        epoch_done(clock, row)
        if row["epoch"] == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(experiment_run.Clock, "epoch_done", stop_after_first)
    assert command("run", "small") == 130
    assert "goes on" in capsys.readouterr().err
    assert not Path("results/small.json").exists()  # no result of half a run
    assert command("list") == 0
    assert "small  begun (cpu)" in capsys.readouterr().out
    monkeypatch.setattr(experiment_run.Clock, "epoch_done", epoch_done)
    assert command("run", "small") == 0
    halves = result_of("small")
    whole = json.loads((finished / "results" / "small.json").read_text())
    assert halves["figures"] == whole["figures"]
    assert halves["history"] == whole["history"]


def test_a_finished_row_is_judged_anew_without_being_trained(small):
    first, clock = result_of("small"), Path("runs/small-cpu/clock.json").read_text()
    Path("results/small.json").unlink()
    assert command("run", "small") == 0
    second = result_of("small")
    assert second["figures"] == first["figures"]
    assert Path("runs/small-cpu/clock.json").read_text() == clock
    assert second["training"]["steps"] == first["training"]["steps"]
    assert second["training"]["wall_seconds"] == pytest.approx(
        first["training"]["wall_seconds"], abs=0.2
    )


def test_a_row_is_filled_from_nothing_but_its_own_run(small, capsys):
    # a run folder of other settings, then of another row's name
    note = Path("runs/small-cpu/row.json")
    begun = json.loads(note.read_text())
    note.write_text(json.dumps({**begun, "pictures": "others"}))
    assert command("run", "small") == 1
    assert "begun with another pictures" in capsys.readouterr().err
    shutil.copy("results/small.json", "results/other.json")
    assert command("list") == 1
    assert "is the result of small" in capsys.readouterr().err


def test_a_shortened_run_does_not_replace_a_full_one(small, capsys):
    path = Path("results/small.json")
    path.write_text(path.read_text().replace('"budget": "cpu"', '"budget": "full"'))
    assert command("run", "small") == 1
    assert "full run" in capsys.readouterr().err


def test_the_list_tells_what_is_done_and_what_is_not(small, capsys):
    assert command() == 0
    printed = capsys.readouterr().out
    assert "S1  small  done, cpu budget" in printed
    assert "S1  other  to do" in printed
    assert "1 of 2 rows done, 1 of 1 claims open" in printed


def test_the_list_tells_where_the_settings_have_changed_since(small, capsys):
    path = Path("recipes/small.yaml")
    path.write_text(path.read_text().replace("batch: 4", "batch: 5"))
    assert command() == 0
    assert "with other settings than now" in capsys.readouterr().out


def test_the_page_sets_published_figures_beside_ours(small):
    assert command("page") == 0
    page = Path("experiments.md").read_text()
    result = result_of("small")
    psnr, low, high = result["figures"]["row"]["psnr"]
    assert f"| `small` | ours, shortened | {psnr:.2f} [{low:.2f}, {high:.2f}] |" in page
    assert "|  | published | 27.40 |  |  |" in page
    grey = result["figures"]["grey"]
    words = f"| grey pictures | {result['test']['pictures']} pictures of 32 px | "
    assert f"{words}{grey['psnr'][0]:.2f} | {grey['ciede2000'][0]:.2f}" in page
    assert "| **default model** |" in page
    assert "seed 5" in page and "cpu budget" in page and result["date"] in page
    assert (
        "| S1 | One is more colourful than the other. | **open** | not run yet (other). |" in page
    )
    assert "Not run yet: `other`." in page
    assert "photochrom palette loose/" in page
    shown = "![Both of them.](experiments/small.jpg)\n\nBoth of them. `photochrom compare loose/`"
    assert shown in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("run", "smal"), "no experiment 'smal'; there are small, other"),
        (("run",), "name at least one experiment"),
    ],
)
def test_a_wrong_name_is_told_before_anything_runs(project, wrong, message, capsys):
    assert command(*wrong) == 1
    assert message in capsys.readouterr().err


def test_missing_data_are_told_by_the_name_of_the_folder(project, monkeypatch, capsys):
    shutil.rmtree("data/loose")
    assert command("run", "small") == 1
    assert "no folder 'loose'" in capsys.readouterr().err
    monkeypatch.delenv("PHOTOCHROM_DATA")
    assert command("run", "small") == 1
    assert "PHOTOCHROM_DATA is not set" in capsys.readouterr().err


def test_a_claim_about_an_unknown_row_is_refused(project):
    path = Path("table.yaml")
    path.write_text(path.read_text().replace("less: other", "less: anyone"))
    with pytest.raises(experiment_table.OptionError, match="no experiment 'anyone'"):
        experiment_table.load_table(path)


def test_every_row_of_the_real_table_fits_its_recipe_at_both_budgets():
    table = experiment_table.load_table()
    for name in table.experiments:
        row = experiment_table.resolve(table, name, "cpu")
        assert row.recipe.schedule.epochs < row.full.schedule.epochs
        assert row.recipe.network.name == row.full.network.name
        assert set(table.systems[row.system].figures) <= experiment_judging.SHOWN.keys()
    for system in table.systems.values():
        for picture in system.pictures:
            assert (ROOT / "docs" / "experiments" / picture.file).is_file()
    for grid in table.grids.values():
        for budget in experiment_table.BUDGETS:
            assert len(experiment_grid.points_of(table, grid, budget)[1]) > 1


def test_the_committed_page_is_what_the_committed_results_say(tmp_path):
    page = tmp_path / "experiments.md"
    table = experiment_table.load_table()
    experiments.write_experiments_page(table, ROOT / "experiments", page)
    assert page.read_text() == (ROOT / "docs" / "experiments.md").read_text()
