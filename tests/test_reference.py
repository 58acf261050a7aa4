"""The pure matching, on made features; then whole pictures with the bundled model."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom import ColorizeOptions, Colorizer
from photochrom.color import ciede2000, rgb_to_lab
from photochrom.decoding import probabilities
from photochrom.errors import InputError, ModelError, OptionError
from photochrom.palette import gamut_palette
from photochrom.photo import merge_chroma, open_photo, write_photo
from photochrom.reference import ReferenceColours, reference_change

PHOTOS = Path(__file__).parent.parent / "examples/photos"
PALETTE = gamut_palette(10)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def three_kinds():
    """Features of a picture of three kinds of places, (4, 6, 3), and which kind each is."""
    kind = np.arange(24).reshape(4, 6) % 3
    return np.eye(3, dtype=np.float32)[kind], kind


def shares_about(ab, spread=15.0):
    """(4, 6, Q) a distribution around one colour everywhere."""
    squared = ((PALETTE.centers - np.float32(ab)) ** 2).sum(-1)
    return np.broadcast_to(probabilities(-squared / (2 * spread**2)), (4, 6, len(PALETTE)))


def test_each_kind_of_place_takes_the_colour_of_its_kind():
    features, kind = three_kinds()
    colours = np.float32([[30, 10], [-20, 20], [0, -30]])
    ab = np.full((4, 6, 2), 5, np.float32)
    known = ReferenceColours(np.eye(3, dtype=np.float32), colours)
    change = reference_change(features, ab, known, None, None)
    assert np.abs(ab + change - colours[kind]).max() < 0.1


def test_a_place_like_nothing_in_the_reference_stays():
    features, kind = three_kinds()
    known = ReferenceColours(np.eye(3, dtype=np.float32)[:1], np.float32([[30, 10]]))
    change = reference_change(features, np.zeros((4, 6, 2), np.float32), known, None, None)
    assert np.abs(change[kind != 0]).max() < 0.01
    assert np.abs(change[kind == 0] - (30, 10)).max() < 0.1


def test_the_model_s_distribution_holds_back_what_it_takes_for_impossible():
    features, _ = three_kinds()
    known = ReferenceColours(np.eye(3, dtype=np.float32), np.full((3, 2), (0, 60), np.float32))
    ab = np.zeros((4, 6, 2), np.float32)
    likely = reference_change(features, ab, known, shares_about((0, 50)), PALETTE)
    unlikely = reference_change(features, ab, known, shares_about((0, -10)), PALETTE)
    assert np.abs(likely - (0, 60)).max() < 0.1
    assert (np.hypot(*np.moveaxis(unlikely, -1, 0)) < 0.5 * 60).all()
    assert (unlikely[..., 1] > 0.3 * 60).all()  # but it still works


@given(st.integers(0, 100))
def test_a_place_goes_towards_colours_of_the_reference_and_never_beyond(seed):
    rng = np.random.default_rng(seed)
    features = unit(rng.normal(size=(4, 6, 5)))
    ab = rng.uniform(-40, 40, (4, 6, 2)).astype(np.float32)
    colours = rng.uniform(-40, 40, (7, 2)).astype(np.float32)
    known = ReferenceColours(unit(rng.normal(size=(7, 5))), colours)
    after = ab + reference_change(features, ab, known, shares_about((0, 0)), PALETTE)
    low = np.minimum(ab, colours.min(0)) - 1e-3
    high = np.maximum(ab, colours.max(0)) + 1e-3
    assert ((after >= low) & (after <= high)).all()


def test_places_that_are_compared_bit_by_bit_give_the_same(monkeypatch):
    rng = np.random.default_rng(3)
    features = unit(rng.normal(size=(4, 6, 5)))
    ab = rng.uniform(-40, 40, (4, 6, 2)).astype(np.float32)
    known = ReferenceColours(unit(rng.normal(size=(7, 5))), ab[0].repeat(2, 0)[:7])
    whole = reference_change(features, ab, known, shares_about((0, 0)), PALETTE)
    for pairs in (1, 35, 70):
        monkeypatch.setattr("photochrom.reference.MOST_COMPARED", pairs)
        found = reference_change(features, ab, known, shares_about((0, 0)), PALETTE)
        assert np.array_equal(found, whole)


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(threads=1)


@pytest.fixture(scope="module")
def coloured(colorizer, tmp_path_factory):
    """The example photographs, which are grey, in colours that no model would guess."""
    folder = tmp_path_factory.mktemp("coloured")
    for name in ("coffee", "rocket", "cat"):
        photo = open_photo(PHOTOS / f"{name}.jpg")
        ab = colorizer.read(colorizer.see(photo), 1, ColorizeOptions(vividness=0.8))[0]
        turned = np.stack([-ab[..., 1], ab[..., 0]], -1)  # each hue by 90 degrees
        write_photo(merge_chroma(photo, turned), photo, folder / f"{name}.png")
    return folder


def error(result, path):
    truth = rgb_to_lab(np.asarray(Image.open(path).convert("RGB")))
    return float(ciede2000(rgb_to_lab(result.to_array()[..., :3]), truth).mean())


@pytest.mark.parametrize("name", ["coffee", "rocket", "cat"])
def test_a_picture_s_own_colours_come_back_by_itself_as_reference(colorizer, coloured, name):
    path = coloured / f"{name}.png"
    plain = error(colorizer.colorize(path), path)
    own = error(colorizer.colorize(path, ColorizeOptions(reference=path)), path)
    assert own < 0.6 * plain


def test_a_reference_of_something_else_changes_little(colorizer, coloured):
    plain = rgb_to_lab(colorizer.colorize(PHOTOS / "cat.jpg").to_array())
    options = ColorizeOptions(reference=coloured / "rocket.png")
    other = rgb_to_lab(colorizer.colorize(PHOTOS / "cat.jpg", options).to_array())
    assert float(ciede2000(other, plain).mean()) < 1.5


def test_one_half_of_a_picture_teaches_the_other(colorizer, coloured, tmp_path):
    with Image.open(coloured / "coffee.png") as image:
        middle = image.width // 2
        image.crop((0, 0, middle, image.height)).save(tmp_path / "left.png")
        image.crop((middle, 0, image.width, image.height)).save(tmp_path / "right.png")
    right = tmp_path / "right.png"
    plain = error(colorizer.colorize(right), right)
    taught = colorizer.colorize(right, ColorizeOptions(reference=tmp_path / "left.png"))
    assert error(taught, right) < 0.9 * plain


def test_any_kind_of_reference_gives_the_same_and_is_matched_once_for_many(colorizer, coloured):
    path = coloured / "coffee.png"
    target = np.asarray(Image.open(PHOTOS / "rocket.jpg").convert("L"))
    photo = open_photo(path)
    kinds = [path, str(path), path.read_bytes(), photo]
    found = [colorizer.colorize(target, ColorizeOptions(reference=kind)).ab for kind in kinds]
    assert all(np.array_equal(found[0], other) for other in found[1:])
    before = colorizer.known.cache_info().hits
    colorizer.colorize(target, ColorizeOptions(reference=photo))
    assert colorizer.known.cache_info().hits == before + 1


def test_variants_follow_the_reference_and_differ(colorizer, coloured):
    path = PHOTOS / "rocket.jpg"
    options = ColorizeOptions(reference=coloured / "rocket.png")
    first, second = colorizer.variants(path, 2, options)
    assert np.array_equal(first.ab, colorizer.colorize(path, options).ab)
    assert np.abs(first.ab - second.ab).mean() > 0.5


def test_a_grey_or_missing_reference_and_a_model_without_features_are_one_line_errors(
    colorizer, coloured, tiny_model, tmp_path
):
    path, grey = coloured / "coffee.png", PHOTOS / "coffee.jpg"
    for model, reference, kind, told in (
        (colorizer, grey, OptionError, "must be in colour"),
        (colorizer, tmp_path / "no.png", InputError, "no.png"),
        (Colorizer(tiny_model, threads=1), path, ModelError, "no features"),
    ):
        with pytest.raises(kind, match=told) as caught:
            model.colorize(path, ColorizeOptions(reference=reference))
        assert "\n" not in str(caught.value)
