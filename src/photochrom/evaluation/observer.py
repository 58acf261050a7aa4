"""A network that looks at results, for figures of a whole set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from photochrom.color import Array
from photochrom.errors import DataError


@dataclass(frozen=True)
class Observer:
    """A network that looks at one picture at a time.

    Attributes:
        name: the network, its weights and how it sees a picture: reports print it.
        observe: from sRGB (H, W, 3) in 0..1 to what is kept of it, small enough to be kept for
            every picture: features (d,), a KL or a label (1,), a map of classes (h, w).
        labels: what should be seen, by the name of the picture; a figure then compares with these
            and not with what is seen in the truths.
    """

    name: str
    observe: Callable[[Array], Array]
    labels: Mapping[str, Array] | None = None

    def labels_of(self, names: Sequence[str]) -> list[Array] | None:
        """The labels of pictures by name; None where this observer has none.

        Raises:
            DataError: a picture without a label.
        """
        if self.labels is None:
            return None
        missing = [name for name in names if name not in self.labels]
        if missing:
            raise DataError(
                f"{missing[0]}: has no label ({len(missing)} of {len(names)} pictures); "
                "lines of NAME CLASS name pictures by their path below the folder or in the tar"
            )
        return [self.labels[name] for name in names]
