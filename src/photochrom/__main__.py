"""`python -m photochrom`: the command line without its script."""

import sys

from photochrom.cli import main

sys.exit(main())
