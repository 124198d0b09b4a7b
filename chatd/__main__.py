"""`python -m chatd` is `chatd`."""

import sys

from .cli import main

sys.exit(main())
