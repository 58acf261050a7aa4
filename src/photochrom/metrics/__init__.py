"""Every figure by which a result is judged: pure functions of arrays.

Each of them is blind to something, said in its last sentence, and a grey picture scores well on
most. Read them together, beside the grey picture's own figures, and let people judge as well.

`pixels` holds errors of pixel against pixel, `structure` those of windows, `colours` those of
colour, `faults` two that need no truth, `sets` those of many pictures at once.
"""

from photochrom.metrics.colours import (
    CHANCE_EXACT,
    ERROR_THRESHOLDS,
    SLIGHTLY_COLOURFUL,
    LuminanceChange,
    bin_accuracy,
    colourfulness,
    colourfulness_ratio,
    cumulative_error_area,
    cumulative_errors,
    exact_accuracy,
    luminance_change,
    mean_chroma,
    mean_ciede2000,
)
from photochrom.metrics.faults import REGION_SIDE, bleeding, inconsistency
from photochrom.metrics.pixels import (
    binary_cross_entropy,
    huber_error,
    mean_absolute_error,
    mean_squared_error,
    psnr,
)
from photochrom.metrics.sets import agreement, frechet_distance, mean_iou
from photochrom.metrics.structure import MS_SSIM_SMALLEST, SSIM_SMALLEST, ms_ssim, ssim

__all__ = [
    "CHANCE_EXACT",
    "ERROR_THRESHOLDS",
    "MS_SSIM_SMALLEST",
    "REGION_SIDE",
    "SLIGHTLY_COLOURFUL",
    "SSIM_SMALLEST",
    "LuminanceChange",
    "agreement",
    "bin_accuracy",
    "binary_cross_entropy",
    "bleeding",
    "colourfulness",
    "colourfulness_ratio",
    "cumulative_error_area",
    "cumulative_errors",
    "exact_accuracy",
    "frechet_distance",
    "huber_error",
    "inconsistency",
    "luminance_change",
    "mean_absolute_error",
    "mean_chroma",
    "mean_ciede2000",
    "mean_iou",
    "mean_squared_error",
    "ms_ssim",
    "psnr",
    "ssim",
]
