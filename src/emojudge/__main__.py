"""``python -m emojudge`` is the ``emojudge`` command."""

import sys

from emojudge.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
