"""python -m demo_show, which scripts/demo starts."""

import sys

if __name__ == "__main__":
    try:
        from .cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # before or after the acts, which take it for themselves
        sys.exit(130)
