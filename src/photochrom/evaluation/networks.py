"""Figures that need a network, by the text that names them on a command line.

::

    frechet                             features of the packaged EfficientNet-Lite0
    frechet=inception_v3,WEIGHTS        features of InceptionV3
    recognition                         classes of the packaged EfficientNet-Lite0
    recognition=LABELS                  the same, and beside labels: lines of NAME CLASS
    miou=FILE.onnx                      a segmentation network
    density=FILE                        an autoencoder fitted to pictures
    lpips=alex,WEIGHTS,LINEAR           LPIPS; also vgg

WEIGHTS and LINEAR are paths, or URL#SHA256. All but `miou` need torch, which is loaded here only.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from photochrom.errors import MissingDependencyError, OptionError
from photochrom.evaluation.figures import Figure, Observer
from photochrom.evaluation.judging import Judging

Opened = Figure | Mapping[str, Observer]
"""A figure of one picture, or observers by the set figure that they serve."""


def with_networks(figures: Mapping[str, Figure], texts: Sequence[str]) -> Judging:
    """Judging by figures, and by those that the texts name.

    Raises:
        OptionError: no such figure, one named twice, or parts missing behind its name.
        MissingDependencyError: what a network needs is not installed.
        ModelError: a file is missing, or not what is needed.
    """
    found = dict(figures)
    observers: dict[str, Observer] = {}
    for text in texts:
        name, _, parts = text.partition("=")
        if name not in NETWORKS:
            raise OptionError(f"no network figure {name!r}; there are: {', '.join(NETWORKS)}")
        if name in found or name in observers:
            raise OptionError(f"{name} is named twice; a report has one of each")
        opened = _open(name, [part for part in parts.split(",") if part])
        if isinstance(opened, Figure):
            found[opened.name] = opened
        else:
            observers.update(opened)
    return Judging(found, observers)


def _open(name: str, parts: Sequence[str]) -> Opened:
    opener, counts, form = NETWORKS[name]
    if len(parts) not in counts:
        raise OptionError(f"{'='.join([name, ','.join(parts)])}: not of the form {form}")
    try:
        return opener(parts)
    except MissingDependencyError:
        raise
    except ImportError as error:
        raise MissingDependencyError(
            f'{name} needs {error.name}, which is not installed: pip install "photochrom[train]"'
        ) from error


def _frechet(parts: Sequence[str]) -> Opened:
    from photochrom.evaluation.features import open_features
    from photochrom.evaluation.weights import WeightFile

    _one_thread()
    network, *weights = parts or ["lite0"]
    file = WeightFile.from_text(weights[0]) if weights else None
    return {"frechet": open_features(network, file)}


def _recognition(parts: Sequence[str]) -> Opened:
    from photochrom.evaluation.recognition import recognition_observers

    _one_thread()
    return recognition_observers(Path(parts[0]) if parts else None)


def _miou(parts: Sequence[str]) -> Opened:
    from photochrom.evaluation.segmentation import segmentation_observer

    return {"miou": segmentation_observer(Path(parts[0]))}


def _density(parts: Sequence[str]) -> Opened:
    from photochrom.evaluation.density import load_density

    _one_thread()
    observer = load_density(Path(parts[0])).observer()
    return {"density": observer, "density_gap": observer}


def _lpips(parts: Sequence[str]) -> Opened:
    from photochrom.evaluation.perceptual import lpips_figure
    from photochrom.evaluation.weights import WeightFile

    _one_thread()
    backbone, weights, linear = parts
    return lpips_figure(backbone, WeightFile.from_text(weights), WeightFile.from_text(linear))


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # pictures run side by side instead


NETWORKS: Mapping[str, tuple[Callable[[Sequence[str]], Opened], tuple[int, ...], str]] = (
    types.MappingProxyType(
        {
            "frechet": (_frechet, (0, 2), "frechet or frechet=inception_v3,WEIGHTS"),
            "recognition": (_recognition, (0, 1), "recognition or recognition=LABELS"),
            "miou": (_miou, (1,), "miou=FILE.onnx"),
            "density": (_density, (1,), "density=FILE"),
            "lpips": (_lpips, (3,), "lpips=alex,WEIGHTS,LINEAR"),
        }
    )
)
"""By name: what opens it, how many parts may stand behind the name, and how that is written."""
