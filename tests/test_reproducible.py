"""The same bytes, however many threads there are."""

from __future__ import annotations

import os
import subprocess
import sys

from photochrom.cli.packaged import EXAMPLES, packaged_files

PROGRAM = """
import hashlib, sys
from photochrom import ColorizeOptions, Colorizer
threads, picture = int(sys.argv[1]), sys.argv[2]
results = Colorizer(threads=threads).variants(picture, 3, ColorizeOptions(vividness=0.6))
for result in results:
    print(hashlib.sha256(result.ab.tobytes()).hexdigest())
    print(hashlib.sha256(result.to_bytes()).hexdigest())
print(hashlib.sha256(results[0].confidence.tobytes()).hexdigest())
"""


def test_colours_do_not_depend_on_the_number_of_threads():
    (cat,) = (path for path in packaged_files(EXAMPLES, ".jpg") if path.stem == "cat")
    said = []
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VIPS_CONCURRENCY")
        environment = os.environ | dict.fromkeys(names, threads)
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, threads, str(cat)],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        said.append(ran.stdout.split())
    assert len(said[0]) == 7
    assert said[0] == said[1]
