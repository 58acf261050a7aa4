import numpy as np
import pytest

from photochrom.photo.jpeg import estimate_quality

from .made import as_image, pillow_file, smooth_and_edges


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 85, 90, 92, 95, 97, 99, 100])
@pytest.mark.parametrize("bands", [1, 3])
def test_quality_of_a_libvips_file_is_found_exactly(quality, bands):
    data = as_image(smooth_and_edges(bands=bands)).jpegsave_buffer(Q=quality)
    assert estimate_quality(data) == quality


def test_quality_of_a_pillow_file_is_found_exactly():
    data = pillow_file(smooth_and_edges(bands=3), "jpeg", quality=83, progressive=True)
    assert estimate_quality(data) == 83


def test_foreign_tables_give_the_nearest_quality():
    table = (np.full(64, 8)).tolist()
    data = pillow_file(smooth_and_edges(), "jpeg", qtables=[table])
    assert 85 <= estimate_quality(data) <= 97


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xdb\0", b"\xff\xd8\xff\xda\0\2"])
def test_no_tables_give_none(data):
    assert estimate_quality(data) is None
