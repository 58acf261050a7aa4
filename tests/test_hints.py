import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import ColorizeOptions, Colorizer, Hint
from photochrom.color import rgb_to_lab
from photochrom.errors import (
    InputError,
    MissingDependencyError,
    OptionError,
    OutputError,
    PhotochromError,
)
from photochrom.hints import (
    hinted_change,
    hinted_share,
    hints_from_json,
    read_hints,
    write_hints,
)

fractions = st.floats(0, 1)
colours = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


def flat(value, height=60, width=80):
    return np.full((height, width), value, np.float32)


def halves(left, right, height=96, width=128):
    """A lightness with an edge in the middle."""
    return np.hstack([flat(left, height, width // 2), flat(right, height, width // 2)])


def no_chroma(L):
    return np.zeros((*L.shape, 2), np.float32)


# --- what a hint is


@given(fractions, fractions, colours, st.floats(0.001, 0.5))
@settings(max_examples=50)
def test_hints_go_to_json_and_back(x, y, rgb, radius):
    colour = "#" + bytes(rgb).hex()
    hints = (Hint(x, y, colour, radius=radius), Hint(x, y, keep=True), Hint(x, y, ab=(-3.5, 40)))
    content = json.loads(json.dumps([hint.as_json() for hint in hints]))
    assert hints_from_json(content) == hints


def test_the_colour_wanted_is_its_a_and_b():
    lab = rgb_to_lab(np.array([176, 58, 46], np.uint8))
    assert Hint(0, 0, "#b03a2e").wanted == pytest.approx(tuple(lab[1:].tolist()))
    assert Hint(0, 0, "#B03A2E").wanted == Hint(0, 0, "#b03a2e").wanted
    assert Hint(0, 0, ab=(np.float32(1), 2)).wanted == (1, 2)
    assert Hint(0, 0, keep=True).wanted is None


def test_a_file_of_hints_is_written_whole_and_read_again(tmp_path):
    hints = (Hint(0.25, 0.5, "#336699", radius=0.02), Hint(1, 0, keep=True))
    write_hints(hints, tmp_path / "a.json")
    assert read_hints(tmp_path / "a.json") == hints
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "photochrom_hints": 1,
        "hints": [
            {"x": 0.25, "y": 0.5, "radius": 0.02, "color": "#336699"},
            {"x": 1, "y": 0, "radius": 0.01, "keep": True},
        ],
    }
    with pytest.raises(OutputError):
        write_hints(hints, tmp_path / "nowhere/a.json")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"x": 1.5, "y": 0, "color": "#000000"}, "x is 1.5; it must lie in 0 to 1"),
        ({"x": 0, "y": float("nan"), "color": "#000000"}, "y is nan"),
        ({"x": 0, "y": True, "color": "#000000"}, "y is True"),
        ({"x": 0, "y": "0.5", "color": "#000000"}, "y is '0.5'"),
        ({"x": 0, "color": "#000000"}, "y is missing"),
        ({"x": 0, "y": 0, "color": "red"}, "color is 'red'; it must be \"#rrggbb\""),
        ({"x": 0, "y": 0, "color": 7}, "color is 7"),
        ({"x": 0, "y": 0, "color": "#000000", "radius": 0}, "radius is 0; it must be above 0"),
        ({"x": 0, "y": 0, "color": "#000000", "radius": 2}, "radius is 2"),
        ({"x": 0, "y": 0, "ab": [1, 2, 3]}, "must be two numbers"),
        ({"x": 0, "y": 0, "ab": [1, 999]}, "b is 999"),
        ({"x": 0, "y": 0, "keep": "yes"}, "keep is 'yes'; it must be true or false"),
        ({"x": 0, "y": 0}, "give a color, or an ab, or keep"),
        ({"x": 0, "y": 0, "color": "#000000", "keep": True}, "one of them"),
        ({"x": 0, "y": 0, "colour": "#000000"}, "unknown 'colour'; known are x, y"),
        ("red", "it must be an object"),
        (None, "it must be an object"),
    ],
)
def test_a_wrong_entry_is_named_with_its_file_in_one_line(tmp_path, entry, told):
    good = {"x": 0, "y": 0, "color": "#000000"}
    path = tmp_path / "my hints.json"
    path.write_text(json.dumps({"photochrom_hints": 1, "hints": [good, entry]}))
    with pytest.raises(OptionError) as caught:
        read_hints(path)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{path}: hint 2")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not JSON"),
        ("\x00\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("3", "no list of hints"),
        ('"hints"', "no list of hints"),
        ("{}", 'must say "photochrom_hints": 1'),
        ('{"photochrom_hints": 2, "hints": []}', 'must say "photochrom_hints": 1'),
        ('{"photochrom_hints": 1}', "no list of hints"),
        (json.dumps([{}] * 1001), "at most 1000"),
        (" " * 1_000_001, "no file of hints"),
    ],
)
def test_what_is_no_file_of_hints_is_refused_in_one_line(tmp_path, content, told):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(PhotochromError, match=told) as caught:
        read_hints(path)
    assert "x.json" in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_of_hints_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.json: cannot be read"):
        read_hints(tmp_path / "nowhere.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["x", "y", "color", "ab", "keep", "hints"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_json_whatever_leads_to_another_error(content):
    try:
        hints_from_json(content)
    except OptionError as error:
        assert "\n" not in str(error)


# --- how its colour spreads


@given(fractions, fractions, st.floats(-60, 60), st.floats(-60, 60))
@settings(max_examples=15)
def test_a_flat_picture_takes_the_colour_of_a_small_spot_wholly(x, y, a, b):
    L = flat(60)
    change = hinted_change(no_chroma(L), L, [Hint(x, y, ab=(a, b), radius=0.005)])
    apart = np.hypot(*np.moveaxis(change - np.float32((a, b)), -1, 0))
    assert (apart <= 0.2 * np.hypot(a, b) + 0.1).mean() > 0.9


@pytest.mark.parametrize("shape", [(192, 256), (192, 1500), (40, 41)])
def test_a_large_flat_region_is_covered_from_its_corner_and_what_is_behind_an_edge_stays(shape):
    L = halves(70, 45, *shape)
    middle = L.shape[1] // 2
    change = hinted_change(no_chroma(L), L, [Hint(0.01, 0.01, ab=(30, -40))])
    within = np.hypot(*np.moveaxis(change[:, :middle] - np.float32((30, -40)), -1, 0))
    assert (within < 0.2 * 50).mean() > 0.9
    assert np.abs(change[:, middle + 4 :]).max() < 1


def test_a_region_with_grain_and_shading_is_covered_too():
    rng = np.random.default_rng(0)
    L = halves(70, 40) + rng.normal(0, 1, (96, 128)).astype(np.float32)
    L[:, :64] -= np.linspace(0, 12, 96, dtype=np.float32)[:, None]  # a sky towards the horizon
    change = hinted_change(no_chroma(L), L, [Hint(0.1, 0.1, ab=(0, -40))])
    assert (np.abs(change[:, :62, 1] + 40) < 8).mean() > 0.9
    assert np.abs(change[:, 70:]).max() < 1


def test_each_region_takes_the_colour_of_its_own_hint():
    L = halves(70, 40)
    hints = [Hint(0.2, 0.5, ab=(30, 0)), Hint(0.8, 0.5, ab=(0, -30))]
    change = hinted_change(no_chroma(L), L, hints)
    assert np.abs(change[:, :60] - np.float32((30, 0))).max() < 3
    assert np.abs(change[:, 68:] - np.float32((0, -30))).max() < 3


def test_within_one_region_the_nearer_hint_wins_and_a_kept_spot_stops_the_other():
    L = flat(50)
    change = hinted_change(no_chroma(L), L, [Hint(0.1, 0.5, ab=(40, 0)), Hint(0.9, 0.5, keep=True)])
    assert change[30, 15, 0] > 35
    assert abs(change[30, 72, 0]) < 0.5
    assert np.all(np.diff(change[30, 8:72, 0]) < 0.1)


def test_a_place_that_is_already_as_wanted_does_not_go_beyond():
    L, ab = flat(50), np.zeros((60, 80, 2), np.float32)
    # half of one cloth was made blue; what models say changes over many pixels
    ab[..., 1] = np.interp(np.arange(80), [25, 55], [-40, 0])
    change = hinted_change(ab, L, [Hint(0.2, 0.5, ab=(0, 0))])
    after = ab + change
    assert np.abs(after).max() < 8  # and the grey half did not turn yellow


def test_the_later_of_two_hints_on_one_spot_counts():
    L = flat(50)
    hints = [Hint(0.5, 0.5, ab=(40, 0)), Hint(0.5, 0.5, ab=(0, 40))]
    change = hinted_change(no_chroma(L), L, hints)
    assert np.allclose(change, hinted_change(no_chroma(L), L, hints[1:]))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 1)])
def test_the_smallest_pictures_have_hints_too(shape):
    L = flat(50, *shape)
    change = hinted_change(no_chroma(L), L, [Hint(1, 1, ab=(10, 20))])
    assert np.allclose(change, (10, 20), atol=0.1)


@given(fractions, fractions, st.integers(0, 5))
@settings(max_examples=15)
def test_no_change_goes_beyond_those_of_the_hints(x, y, seed):
    rng = np.random.default_rng(seed)
    L = rng.uniform(0, 100, (30, 40)).astype(np.float32)
    hints = [Hint(x, y, ab=(30, -20)), Hint(0.5, 0.5, keep=True)]
    change = hinted_change(no_chroma(L), L, hints)
    assert change[..., 0].min() > -0.5 and change[..., 0].max() < 30.5
    assert change[..., 1].min() > -20.5 and change[..., 1].max() < 0.5


# --- in the picture


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return Colorizer(tiny_model, threads=1)


def two_halves():
    picture = np.full((120, 160), 150, np.uint8)
    picture[:, 80:] = 80
    return picture


def lab_of(result):
    return rgb_to_lab(result.to_array().astype(np.float64) / 255)


@given(st.sampled_from([0.0, 0.03, 0.2, 0.4]), fractions, st.integers(0, 359))
@settings(max_examples=12)
def test_a_spot_gets_its_colour_in_the_full_size_result(colorizer, x, y, hue):
    angle = np.radians(hue)
    a, b = 15 * np.cos(angle), 15 * np.sin(angle)  # sRGB has it at this lightness
    options = ColorizeOptions(hints=(Hint(x, y, ab=(a, b)),))
    lab = lab_of(colorizer.colorize(two_halves(), options))
    spot = lab[min(119, int(y * 120)), min(159, int(x * 160))]
    assert np.hypot(spot[1] - a, spot[2] - b) < 2


def test_the_region_changes_and_its_neighbour_and_the_lightness_stay(colorizer):
    plain = lab_of(colorizer.colorize(two_halves()))
    hint = Hint(0.2, 0.5, "#a06050")
    hinted = lab_of(colorizer.colorize(two_halves(), ColorizeOptions(hints=(hint,))))
    apart = np.hypot(*np.moveaxis(hinted[..., 1:] - hint.wanted, -1, 0))
    change = np.hypot(*np.moveaxis(hinted - plain, -1, 0)[1:])
    assert (apart[:, :80] < 0.2 * change[60, 32]).mean() > 0.9
    assert change[60, 32] > 20
    assert change[:, 90:].max() < 1
    assert np.abs(hinted[..., 0] - plain[..., 0]).max() < 1


def test_no_hints_change_nothing(colorizer):
    plain = colorizer.colorize(two_halves())
    none = colorizer.colorize(two_halves(), ColorizeOptions(hints=()))
    assert np.array_equal(plain.ab, none.ab)
    assert plain.to_bytes() == none.to_bytes()


def test_without_hints_scipy_is_not_needed_and_with_them_it_is_named(colorizer, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.ndimage", None)
    colorizer.colorize(two_halves())
    options = ColorizeOptions(hints=(Hint(0.5, 0.5, keep=True),))
    with pytest.raises(MissingDependencyError, match=r'pip install "photochrom\[hints\]"'):
        colorizer.colorize(two_halves(), options)


def test_every_variant_has_the_hint_and_the_confidence_stays_known(colorizer):
    options = ColorizeOptions(hints=(Hint(0.2, 0.5, ab=(20, 20)),), saturation=0.5)
    found = colorizer.variants(two_halves(), 3, options)
    for result in found:
        spot = lab_of(result)[60, 32]
        assert np.hypot(spot[1] - 20, spot[2] - 20) < 2
    assert not np.array_equal(found[0].ab, found[1].ab)


# --- how far hints reach


@given(fractions, fractions, colours, st.integers(0, 5))
@settings(max_examples=15, deadline=None)
def test_a_hint_reaches_all_of_a_flat_region_and_only_its_own_side_of_an_edge(x, y, rgb, radius):
    hint = Hint(x, y, "#" + bytes(rgb).hex(), radius=0.01 + radius / 100)
    assert hinted_share(flat(50), [hint]).min() > 0.85
    left = Hint(0.25, y, hint.color)
    share = hinted_share(halves(20, 80), [left])
    assert share[:, :62].min() > 0.85
    assert share[:, 66:].max() < 0.01
    assert share[int(y * 95), 32] == 1


@given(fractions, fractions, fractions, fractions)
@settings(max_examples=15, deadline=None)
def test_another_colour_never_takes_reach_away_and_what_is_kept_has_none(x, y, x2, y2):
    L = halves(30, 60)
    one, other = Hint(x, y, "#804020"), Hint(x2, y2, "#205080")
    alone = hinted_share(L, [one])
    assert (hinted_share(L, [one, other]) >= alone).all()
    kept = Hint(x2, y2, keep=True)
    assert hinted_share(L, [kept]).max() == 0
    assert (hinted_share(L, [one, kept]) <= alone).all()
