"""The models of the service: opened when first asked for, by name only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from photochrom.catalog import DEFAULT_MODEL, list_models
from photochrom.colorizer import Colorizer, knows_its_confidence
from photochrom.errors import ModelError, OptionError
from photochrom.runtime import Model, ModelDescription

MOST_OPEN = 4
"""A model takes about 40 MB."""


class OpenModels:
    """Colorizers by name; the ones used last stay open.

    Args:
        threads: CPU threads of each.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Colorizer] = OrderedDict()

    def get(self, name: str) -> Colorizer:
        """The colorizer of a name; a path, which the command line takes, is none here.

        Raises:
            OptionError: there is no such model.
            ModelError: its file is damaged.
        """
        with self._lock:
            if name not in self._open:
                known = [entry.name for entry in list_models()]
                if name not in known:
                    raise OptionError(
                        f"model: none is called {name!r}; {', '.join(known)} would do"
                    )
                self._open[name] = Colorizer(name, threads=self._threads)
            self._open.move_to_end(name)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return self._open[name]


def described_models() -> list[Mapping[str, Any]]:
    """What there is to choose from; models that cannot be opened are left out."""
    found = []
    for entry in list_models():
        try:
            description = Model(entry.path, threads=1).description
        except ModelError:
            continue
        found.append(_described(entry.name, description))
    return found


def _described(name: str, description: ModelDescription) -> Mapping[str, Any]:
    card = description.card
    trained_on = card.get("trained_on", "")
    first = trained_on[0] if isinstance(trained_on, list) and trained_on else trained_on
    return {
        "name": name, "default": name == DEFAULT_MODEL, "about": str(card.get("about", first)),
        "figures": card.get("figures", {}), "licence": card.get("licence"),
        "size": description.size, "vividness": description.vividness, "looks": description.looks,
        "variants": description.palette is not None,
        "confidence": knows_its_confidence(description),
    }  # fmt: skip
