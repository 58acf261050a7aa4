"""Names of results: every case, and for any input no result shared and no picture replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.cli.plan import (
    STDIO,
    Naming,
    Plan,
    Source,
    is_earlier_result,
    make_plan,
)
from photochrom.errors import OptionError

OUT = Path("out")


def source(path: str, format: str | None = None) -> Source:
    """A file that was named itself."""
    return Source(Path(path), Path(Path(path).name), format)


def below(top: str, place: str) -> Source:
    """A file that was found in a folder."""
    return Source(Path(top) / place, Path(place))


def outputs(plan: Plan) -> list[str]:
    return [output.as_posix() for job in plan.jobs for output in job.results]


def test_a_result_lies_beside_its_picture_with_the_suffix_before_the_extension() -> None:
    plan = make_plan([source("album/photo.jpg"), source("x.y.TIFF")], Naming())
    assert outputs(plan) == ["album/photo.color.jpg", "x.y.color.TIFF"]


def test_in_a_folder_a_result_keeps_name_and_place_without_suffix() -> None:
    plan = make_plan([below("in", "a/b.jpg"), source("elsewhere/c.png")], Naming(OUT))
    assert outputs(plan) == ["out/a/b.jpg", "out/c.png"]


def test_one_file_takes_the_one_result() -> None:
    assert outputs(make_plan([source("a.jpg")], Naming(file=Path("b.png")))) == ["b.png"]


def test_a_format_replaces_an_extension_that_does_not_fit_it() -> None:
    sources = [source("a.jpg"), source("b.PNG"), source("c")]
    assert outputs(make_plan(sources, Naming(OUT, format="png"))) == [
        "out/a.png", "out/b.PNG", "out/c.png",
    ]  # fmt: skip


def test_formats_that_cannot_be_written_become_png() -> None:
    assert outputs(make_plan([source("a.gif"), source("b.heic")], Naming())) == [
        "a.color.png", "b.color.png",
    ]  # fmt: skip


def test_the_content_decides_the_extension_and_not_the_name() -> None:
    assert outputs(make_plan([source("scan.jpg", "png")], Naming())) == ["scan.color.png"]
    assert outputs(make_plan([source("scan.jpe", "jpeg")], Naming())) == ["scan.color.jpe"]
    assert outputs(make_plan([source("scan.jpg", "gif")], Naming())) == ["scan.color.png"]


def test_inputs_that_would_share_a_result_keep_their_old_extension() -> None:
    sources = [below("in", "a.jpg"), below("in", "a.tif"), below("in", "b.jpg")]
    plan = make_plan(sources, Naming(OUT, format="png"))
    assert outputs(plan) == ["out/a.jpg.png", "out/a.tif.png", "out/b.png"]


def test_the_one_whose_extension_fits_keeps_its_name() -> None:
    plan = make_plan([source("a.jpg"), source("a.png")], Naming(OUT, format="png"))
    assert outputs(plan) == ["out/a.jpg.png", "out/a.png"]
    plan = make_plan([source("a.gif"), source("a.png")], Naming())
    assert outputs(plan) == ["a.gif.color.png", "a.color.png"]


def test_the_same_name_from_two_folders_is_numbered() -> None:
    plan = make_plan([source("x/a.jpg"), source("y/a.jpg"), source("z/a.jpg")], Naming(OUT))
    assert outputs(plan) == ["out/a.jpg", "out/a-2.jpg", "out/a-3.jpg"]


def test_variants_are_numbered_from_one() -> None:
    assert outputs(make_plan([source("p.jpg")], Naming(variants=2))) == [
        "p.color-1.jpg", "p.color-2.jpg",
    ]  # fmt: skip
    assert outputs(make_plan([source("p.jpg")], Naming(OUT, variants=2))) == [
        "out/p-1.jpg", "out/p-2.jpg",
    ]  # fmt: skip
    assert outputs(make_plan([source("p.jpg")], Naming(file=Path("q.png"), variants=2))) == [
        "q-1.png", "q-2.png",
    ]  # fmt: skip


def test_a_picture_that_is_listed_twice_is_coloured_once() -> None:
    assert outputs(make_plan([source("a.jpg"), source("./a.jpg")], Naming())) == ["a.color.jpg"]


def test_results_among_the_inputs_are_left_out() -> None:
    plan = make_plan([source("a.color.jpg"), source("a.jpg"), source("b.color.jpg")], Naming())
    assert outputs(plan) == ["a.color.jpg", "b.color.color.jpg"]
    assert [s.path.name for s in plan.earlier_results] == ["a.color.jpg"]


def test_overwriting_does_not_replace_what_was_named_as_an_input() -> None:
    with pytest.raises(OptionError, match=r"a\.color\.jpg would take the place"):
        make_plan([source("a.color.jpg"), source("a.jpg")], Naming(overwrite=True))


@pytest.mark.parametrize("naming", [Naming(Path("in")), Naming(file=Path("in/a.jpg"))])
def test_a_result_that_would_be_its_own_picture_is_an_error(naming: Naming) -> None:
    with pytest.raises(OptionError, match="would take the place of the picture"):
        make_plan([below("in", "a.jpg")], naming)


def test_a_result_that_would_be_another_picture_is_an_error() -> None:
    sources = [below("in", "a.gif"), below("other", "in/a.png")]
    with pytest.raises(OptionError, match=r"in[/\\]a\.png would take the place of a picture"):
        make_plan(sources, Naming(Path("in"), format="png"), lambda p: Path(*p.parts[-2:]))


def test_two_names_of_one_file_are_seen_through() -> None:
    def real(path: Path) -> Path:
        return Path("a.jpg") if path.name == "link.jpg" else path

    with pytest.raises(OptionError, match="take the place"):
        make_plan([source("a.jpg")], Naming(file=Path("link.jpg")), real)


def test_a_stream_stays_a_stream() -> None:
    assert outputs(make_plan([Source(STDIO, Path("stdin"))], Naming())) == ["-"]
    assert outputs(make_plan([source("a.jpg")], Naming(file=STDIO))) == ["-"]
    plan = make_plan([Source(STDIO, Path("stdin"))], Naming(file=Path("a.webp")))
    assert outputs(plan) == ["a.webp"]


def test_variants_do_not_fit_into_a_stream() -> None:
    with pytest.raises(OptionError, match="3 variants"):
        make_plan([source("a.jpg")], Naming(file=STDIO, variants=3))


def test_several_pictures_do_not_fit_into_one_file() -> None:
    with pytest.raises(OptionError, match="2 pictures"):
        make_plan([source("a.jpg"), source("b.jpg")], Naming(file=Path("c.jpg")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"suffix": ""}, "suffix is empty"),
        ({"suffix": "../x"}, "part of a name"),
        ({"file": Path("a.jpg"), "format": "png"}, "a name for jpeg, but --format says png"),
        ({"file": Path("a.xyz")}, "no format goes by the extension '.xyz'"),
    ],
)
def test_names_that_cannot_be_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Naming(**options)  # type: ignore[arg-type]


def test_a_format_that_is_asked_for_may_have_any_extension() -> None:
    plan = make_plan([source("a.jpg")], Naming(file=Path("b.xyz"), format="png"))
    assert outputs(plan) == ["b.xyz"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.color.jpg", True),
        ("a.color-2.png", True),
        ("a.colors.jpg", False),
        (".color.jpg", False),
        ("a.jpg", False),
        ("color.jpg", False),
    ],
)
def test_results_beside_their_pictures_are_known_by_name(name: str, expected: bool) -> None:
    assert is_earlier_result(Path(name), ".color") is expected


stems = st.sampled_from(["a", "b", "a.jpg", "a-1", "a-2", "a.color", "a.color-1", "a.png"])
extensions = st.sampled_from(["", ".jpg", ".png", ".PNG", ".tif", ".gif", ".jpeg"])
folders = st.sampled_from(["", "x", "x/y", "out", "out/x"])
formats = st.sampled_from([None, "jpeg", "png", "tiff", "webp", "gif"])


@st.composite
def any_source(draw: st.DrawFn) -> Source:
    name = draw(stems) + draw(extensions)
    folder = draw(folders)
    place = Path(folder, name) if draw(st.booleans()) else Path(name)
    return Source(Path(folder, name), place, draw(formats))


@given(
    st.lists(any_source(), max_size=12),
    st.sampled_from([None, Path("out"), Path("x")]),
    st.sampled_from([".color", "-2", ".jpg", "x"]),
    st.sampled_from(["keep", "jpeg", "png"]),
    st.integers(1, 3),
    st.booleans(),
)
def test_no_two_jobs_share_a_result_and_none_replaces_a_picture(
    sources: list[Source], folder: Path | None, suffix: str, format: str, variants: int,
    overwrite: bool,
) -> None:  # fmt: skip
    naming = Naming(folder, None, suffix, format, variants, overwrite)
    try:
        plan = make_plan(sources, naming)
    except OptionError:
        return
    results = [output for job in plan.jobs for output in job.outputs]
    coloured = {job.source.path for job in plan.jobs}
    earlier = {s.path for s in plan.earlier_results}
    assert len(results) == len(set(results))
    assert coloured.isdisjoint(results)
    assert coloured | earlier == {s.path for s in sources}
    assert coloured.isdisjoint(earlier)
    assert all(len(job.results) == variants for job in plan.jobs)
    if overwrite:
        assert earlier.isdisjoint(results)


def test_variants_get_a_sheet_that_shows_them_all() -> None:
    (job,) = make_plan([source("p.png")], Naming(variants=2)).jobs
    assert job.sheet == Path("p.color-all.png")
    assert job.outputs == (*job.results, job.sheet)
    (job,) = make_plan([source("p.png")], Naming()).jobs
    assert job.sheet is None
    # of a second run's `*.jpg`, the sheet is left out as results are
    plan = make_plan([source("p.jpg"), source("p.color-all.jpg")], Naming(variants=2))
    assert [s.path for s in plan.earlier_results] == [Path("p.color-all.jpg")]


def test_confidence_maps_lie_in_their_folder_or_are_the_one_file() -> None:
    maps = Naming(OUT, confidence=Path("maps"))
    plan = make_plan([source("x/a.jpg"), source("x/a.png")], maps)
    assert [job.confidence for job in plan.jobs] == [
        Path("maps/a.jpg.png"), Path("maps/a.png.png"),
    ]  # fmt: skip
    one = Naming(confidence=Path("sure.png"))
    assert make_plan([source("a.jpg")], one).jobs[0].confidence == Path("sure.png")
    with pytest.raises(OptionError, match=r"sure\.png is one file, but there are 2 pictures"):
        make_plan([source("a.jpg"), source("b.jpg")], one)


def test_neither_a_sheet_nor_a_map_takes_the_place_of_a_picture() -> None:
    with pytest.raises(OptionError, match="would take the place"):
        make_plan([source("p.jpg"), source("p-all.jpg")], Naming(Path(), variants=2))
    with pytest.raises(OptionError, match="would take the place"):
        make_plan([source("a.png")], Naming(OUT, confidence=Path("a.png")))
