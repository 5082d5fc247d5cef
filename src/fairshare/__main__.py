"""``python -m fairshare``: the command line."""

import sys

from fairshare.cli import main

if __name__ == "__main__":
    sys.exit(main())
