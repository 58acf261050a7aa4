"""Colours a film, its sound kept: python colorize_film.py film.mp4 colour.mp4."""

import sys

from photochrom import Colorizer
from photochrom.film import colorize_film

source, target = sys.argv[1:]
done = colorize_film(source, target, Colorizer())
print(f"{done.path}: {done.frames} frames in {done.seconds:.0f} s")
