import numpy as np
import pytest
from PIL import Image

from photochrom.color import ciede2000
from photochrom.colorizer import Colorizer
from photochrom.data.decoded import DecodedPictures
from photochrom.options import ColorizeOptions
from photochrom.training.comparison import HEADING, draw_comparison, judge


@pytest.fixture(scope="module")
def seen():
    """Eight pictures of 64 pixels, decoded: smooth lightness, one colour each."""
    generator = np.random.default_rng(0)
    squares = np.empty((8, 64, 64, 3), np.uint8)
    squares[..., 0] = np.linspace(40, 220, 64)[:, None]
    squares[..., 1:] = generator.integers(108, 158, (8, 1, 1, 2))
    names = tuple("abcdefgh")
    return DecodedPictures((squares[:3], squares[3:]), names, names)


def test_the_figures_are_those_of_what_the_model_gives_a_user(tiny_model, seen):
    judged = judge("tiny", tiny_model, seen, 64)
    colorizer = Colorizer(tiny_model)
    for index in (0, 5):
        stored = seen.take([index])[0].astype(np.float32)
        lab = stored * (1 / 2.55, 1, 1) - (0, 128, 128)
        ab = colorizer.predict_chroma(lab[..., 0].astype(np.float32), ColorizeOptions(size=64))
        coloured = np.concatenate([lab[..., :1], ab], -1)
        assert judged.difference[index] == pytest.approx(ciede2000(coloured, lab).mean(), rel=1e-4)
        grey = ciede2000(lab * (1, 0, 0), lab).mean()
        assert judged.grey[index] == pytest.approx(grey, rel=1e-4)
        assert judged.truth[index] == pytest.approx(np.hypot(*(lab[0, 0, 1:])), rel=1e-4)
        assert judged.chroma[index] == pytest.approx(np.hypot(*ab.T).mean(), rel=1e-4)
    told = f"colour difference {judged.difference.mean():.2f}, "
    assert str(judged).startswith(told)
    assert f"{judged.difference.mean() / judged.grey.mean():.3f} of grey's" in str(judged)


def test_a_sheet_has_six_rows_of_grey_base_new_and_truth(tiny_model, seen, tmp_path):
    base, new = (judge(name, tiny_model, seen, 64) for name in ("base", "a-name-beyond-its-panel"))
    draw_comparison(base, new, seen, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        sheet = np.asarray(picture)
    assert sheet.shape == (HEADING + 6 * 64, 4 * 64, 3)
    grey, first, second, truth = np.split(sheet[HEADING:].astype(int), 4, 1)
    assert np.ptp(grey, axis=-1).max() <= 1
    assert np.array_equal(first, second)
    assert np.abs(first - truth).max() > 10
    # the first picture's own colour, at its own lightness
    lab = seen.take([0])[0, 32, 32].astype(float) * (1 / 2.55, 1, 1) - (0, 128, 128)
    from skimage.color import lab2rgb

    assert np.abs(truth[32, 32] - 255 * lab2rgb(lab)).max() < 2
