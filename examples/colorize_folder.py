"""Colours the JPEG files of a folder: python colorize_folder.py photos coloured."""

import sys
from pathlib import Path

from photochrom import Colorizer

photos, coloured = map(Path, sys.argv[1:])
colorizer = Colorizer()  # opened once, used for all
coloured.mkdir(exist_ok=True)
for photo in sorted(photos.glob("*.jpg")):
    colorizer.colorize(photo).save(coloured / photo.name)
