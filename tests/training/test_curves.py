import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from photochrom.training import curves
from photochrom.training.curves import CurveSheet, draw_curves

OLD = ("train_loss", "loss", "ciede2000", "ciede2000_grey", "ciede2000_ratio", "chroma_ratio")
SAMPLED = ("loss", "pixel_accuracy", "ciede2000", "chroma_ratio")
NEW = (*OLD, "pixel_accuracy", *(f"train_sample_{name}" for name in SAMPLED))
BINS = (*NEW, "bin_accuracy", "train_sample_bin_accuracy")


def history(*names, epochs=3):
    """Every figure has values of its own, by which its curve is known again."""
    return [
        {"epoch": e, "step": 10.0 * e} | {n: (BINS.index(n) + 1) / e for n in names}
        for e in range(1, epochs + 1)
    ]


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved."""
    figures = []
    save = Figure.savefig

    def remembered(self, *args, **kwargs):
        figures.append(self)
        save(self, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", remembered)
    return figures


def panels(figure):
    """Title -> label -> values, of what is visible."""
    return {
        axes.get_title(): {line.get_label(): list(line.get_ydata()) for line in axes.lines}
        for axes in figure.axes
        if axes.get_visible()
    }


def values(name, epochs=3):
    return [row[name] for row in history(name, epochs=epochs)]


def test_training_and_validation_are_drawn_in_four_panels(drawn, tmp_path):
    draw_curves(history(*BINS), tmp_path / "curves.png")
    assert panels(drawn[0]) == {
        "loss": {
            "training, mean over the epoch": values("train_loss"),
            "training, sample": values("train_sample_loss"),
            "validation": values("loss"),
        },
        "accuracy: pixels in the right bin": {
            "training, sample": values("train_sample_bin_accuracy"),
            "validation": values("bin_accuracy"),
        },
        "colour difference (CIEDE2000)": {
            "training, sample": values("train_sample_ciede2000"),
            "validation": values("ciede2000"),
            "grey, validation": values("ciede2000_grey"),
        },
        "chroma, share of the truth's": {
            "training, sample": values("train_sample_chroma_ratio"),
            "validation": values("chroma_ratio"),
        },
    }
    loss = next(axes for axes in drawn[0].axes if axes.get_title() == "loss")
    thin, *others = [line.get_linewidth() for line in loss.lines]
    assert all(thin < width for width in others)


def test_without_bins_the_accuracy_is_that_of_whole_numbers(drawn, tmp_path):
    draw_curves(history(*NEW), tmp_path / "curves.png")
    accuracy = panels(drawn[0])["accuracy: pixels with a and b exact"]
    assert accuracy == {
        "training, sample": values("train_sample_pixel_accuracy"),
        "validation": values("pixel_accuracy"),
    }


def test_a_history_of_before_accuracy_is_drawn_without_that_panel(drawn, tmp_path):
    draw_curves(history(*OLD), tmp_path / "curves.png")
    found = panels(drawn[0])
    assert len(found) == 3
    assert list(found["loss"]) == ["training, mean over the epoch", "validation"]


def test_epochs_without_a_figure_leave_a_gap(drawn, tmp_path):
    rows = history(*OLD, epochs=2) + history(*BINS, epochs=3)[2:]
    draw_curves(rows, tmp_path / "curves.png")
    (validation,) = (
        curves["validation"] for title, curves in panels(drawn[0]).items() if "accuracy" in title
    )
    assert np.isnan(validation[:2]).all()
    assert validation[2] == values("bin_accuracy")[2]


@pytest.mark.parametrize("epochs", [1, 75])
def test_the_file_is_a_whole_picture_that_is_written_anew(tmp_path, epochs):
    path = tmp_path / "curves.png"
    path.write_bytes(b"old")
    draw_curves(history(*BINS, epochs=epochs), path)
    with Image.open(path) as picture:
        picture.load()
        assert picture.width > picture.height > 500
    assert [file.name for file in tmp_path.iterdir()] == ["curves.png"]


def test_the_epoch_of_over_fitting_is_marked(tmp_path):
    validation, training = [9, 7, 6, 6.2, 6.5, 7], [9, 7, 6, 5, 4, 3]
    rows = [
        {"epoch": n + 1, "loss": v, "train_sample_loss": t, "ciede2000": v, "chroma_ratio": 0.5}
        for n, (v, t) in enumerate(zip(validation, training, strict=True))
    ]
    draw_curves(rows, tmp_path / "marked.png")
    draw_curves(rows[:4], tmp_path / "plain.png")
    dotted = [has_dotted_red(tmp_path / name) for name in ("marked.png", "plain.png")]
    assert dotted == [True, False]


def has_dotted_red(path):
    with Image.open(path) as picture:
        rgb = np.asarray(picture.convert("RGB")).astype(int)
    return bool((np.abs(rgb - (214, 39, 40)).sum(-1) < 12).any())  # matplotlib's C3


def test_curves_are_drawn_every_few_seconds_and_when_the_run_ends(drawn, tmp_path, monkeypatch):
    clock, rows, path = [0.0], history(*NEW, epochs=4), tmp_path / "curves.png"
    monkeypatch.setattr(curves.time, "monotonic", lambda: clock[0])
    with CurveSheet(path) as sheet:
        for count, clock[0] in ((1, 1), (2, 6), (3, 7), (4, 8)):
            sheet.show(rows[:count])
    with pytest.raises(KeyboardInterrupt), CurveSheet(path) as sheet:
        sheet.show(rows[:1])
        raise KeyboardInterrupt
    with CurveSheet(path):  # nothing new: a finished run that is started again
        pass
    epochs = [len(figure.axes[0].lines[0].get_ydata()) for figure in drawn]
    assert epochs == [2, 4, 1]
