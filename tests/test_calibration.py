import json

import numpy as np
import pytest

from photochrom.calibration import Calibration, colourfulness_meant

MEASURED = Calibration((0.1, 0.6, 1.1), (4.0, 8.0, 12.0), (0.9, 0.6, 0.3), 300)


def test_vividness_means_a_colourfulness_from_half_to_a_little_more_than_the_originals():
    assert [colourfulness_meant(v) for v in (0, 1 / 3, 1)] == pytest.approx([0.5, 0.7, 1.1])


def test_probabilities_lie_on_lines_between_the_knots_and_never_beyond_them():
    found = MEASURED.probability(np.array([[0, 4, 6], [8, 11, 99]]))
    assert found == pytest.approx(np.array([[0.9, 0.9, 0.75], [0.6, 0.375, 0.3]]))
    assert found.dtype == np.float32


def test_it_survives_json():
    assert Calibration.from_json(json.loads(json.dumps(MEASURED.as_json()))) == MEASURED


@pytest.mark.parametrize(
    "change",
    [
        {"boldness": []},
        {"right": [0.9, 0.6]},
        {"right": [0.3, 0.6, 0.9]},
        {"expected_error": [8, 4, 12]},
        {"boldness": ["bold"]},
    ],
)
def test_what_is_out_of_order_is_refused(change):
    with pytest.raises(ValueError):
        Calibration.from_json(MEASURED.as_json() | change)
