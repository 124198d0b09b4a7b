#!/usr/bin/env python3
"""Why: a limit is only believed by one who has seen it hold, so this brings the crowd. See --help, and loadgen/."""

import sys

import in_venv

if __name__ == "__main__":
    in_venv.ensure("trio", "rich", "chatd")
    try:
        from loadgen.cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # before or after the run, which takes it for itself
        sys.exit(130)
