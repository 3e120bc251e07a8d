"""``python -m napari_ncut`` is the command line."""

import sys

from napari_ncut.cli import main

sys.exit(main())
