#!/usr/bin/env python3
"""Why: "fast" and "kind at the limit" mean something only beside others, on one machine. See --help, and comparing/."""

import sys

import in_venv

if __name__ == "__main__":
    in_venv.ensure("trio", "rich", "chatd")
    try:
        from comparing.cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # before or after the run, which takes it for itself
        sys.exit(130)
