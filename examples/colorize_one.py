"""Colours one photograph: python colorize_one.py photo.jpg colour.jpg."""

import sys

from photochrom import ColorizeOptions, Colorizer

source, target = sys.argv[1:]
result = Colorizer().colorize(source, ColorizeOptions(vividness=0.6))
result.save(target)
print(f"{target}: {result.photo.width} x {result.photo.height}, by model {result.model}")
