"""`python -m earshot`."""

import sys

from earshot.cli import main

if __name__ == "__main__":
    sys.exit(main())
