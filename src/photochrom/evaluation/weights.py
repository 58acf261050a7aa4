"""Weight files of the networks that judge: given by path or URL, checked, named in reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from photochrom.errors import ModelError
from photochrom.networks.pretrained import pretrained_state
from photochrom.runtime import file_sha256

SHOWN_DIGITS = 8


@dataclass(frozen=True)
class WeightFile:
    """Where a network's weights come from.

    Attributes:
        location: path or URL of a state dict.
        sha256: of the file, or its first 8 digits or more; a URL needs it.
    """

    location: str
    sha256: str | None = None

    @classmethod
    def from_text(cls, text: str) -> WeightFile:
        """The file of a command-line word: LOCATION, or LOCATION#SHA256."""
        location, _, sha256 = text.partition("#")
        return cls(location, sha256 or None)

    def read(self) -> dict[str, Tensor]:
        """Its state dict; see `pretrained_state` for what it raises."""
        return pretrained_state(self.location, self.sha256)

    @property
    def label(self) -> str:
        """Its file name and the first digits of its SHA-256."""
        path = Path(self.location).expanduser()
        sha256 = self.sha256
        if sha256 is None and path.is_file():
            sha256 = file_sha256(path)
        name = path.name or self.location
        return name if sha256 is None else f"{name} {sha256[:SHOWN_DIGITS].lower()}"


def load_published(
    network: nn.Module, state: Mapping[str, Tensor], source: str, *,
    needed: str, ignored: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Gives a network published weights, every one of them.

    Args:
        network: what to fill.
        state: name -> tensor. The counters of batch norms may be absent.
        source: the file, for the message.
        needed: what file would fit, for the message.
        ignored: beginnings of names that the file may hold beyond the network's.

    Raises:
        ModelError: a name is missing, unknown or of another shape.
    """
    own = network.state_dict()
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    wrong = [f"lacks {name}" for name in own if name not in state and name not in counters]
    wrong += [
        f"holds an unknown {name}"
        for name in state
        if name not in own and not name.startswith(ignored)
    ]
    taken = {name: value for name, value in state.items() if name in own}
    wrong += [
        f"has {name} of shape {tuple(value.shape)}, not {tuple(own[name].shape)}"
        for name, value in taken.items()
        if value.shape != own[name].shape
    ]
    if wrong:
        raise ModelError(f"{source}: {wrong[0]}; {needed} is needed")
    network.load_state_dict({**own, **taken})
