"""`photochrom serve` as a process of its own, to be killed and started again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


class ServiceProcess:
    """A running service; its address is read from the one line that it prints."""

    def __init__(self, data: Path, *options: object) -> None:
        command = [sys.executable, "-m", "photochrom", "serve", "--port", "0", "--data", str(data)]
        self._process = subprocess.Popen(
            [*command, *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        )  # fmt: skip
        assert self._process.stderr is not None
        self.said = self._process.stderr.readline()
        found = re.search(r"http://\S+", self.said)
        assert found, self.said + self._process.stderr.read()
        self.address = found[0]

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=120, trust_env=False)

    def kill(self) -> None:
        """As the kernel does when memory is short: no time for a last word."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    def stop(self) -> str:
        """As Ctrl-C's cousin, SIGTERM; what it said at last."""
        self._process.terminate()
        return self._process.communicate()[1]


@contextmanager
def running(data: Path, *options: object) -> Iterator[ServiceProcess]:
    process = ServiceProcess(data, *options)
    try:
        yield process
    finally:
        process.kill()
