"""Who hears of a run in the tests, and how two runs are compared."""

from __future__ import annotations

import math
import signal

import torch


class Listener:
    """Notes every step and epoch it hears of, and presses Ctrl-C after one of them."""

    def __init__(self, stop_after=math.inf):
        self.steps, self.rows, self.stop_after = [], [], stop_after

    @property
    def losses(self):
        return [loss for *_, loss in self.steps]

    def step_done(self, step, total, loss):
        self.steps.append((step, total, loss))
        if step == self.stop_after:
            signal.raise_signal(signal.SIGINT)

    def epoch_done(self, row):
        self.rows.append(row)


def assert_same(one, other):
    """Two state dicts are equal, bit for bit."""
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
