"""Why: a script that is started by its name runs on whatever python3 comes first, which mostly lacks what it needs.

The checkout's own .venv has it, so a script moves there by itself before it imports anything else.
"""

import importlib.util
import os
import sys
from pathlib import Path


def ensure(*modules: str) -> None:
    """Go on only where `modules` can be imported: here, else in the checkout's .venv; else say what to do and end."""
    if all(importlib.util.find_spec(module) is not None for module in modules):
        return
    venv = Path(__file__).resolve().parent.parent / ".venv"
    python = venv / "bin" / "python"
    # Already being there and still lacking something must not become an endless chain of starts.
    if python.exists() and Path(sys.prefix).resolve() != venv.resolve():
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.argv])
    name = Path(sys.argv[0]).name
    print(
        f"{name}: this needs the Python packages {', '.join(modules)}: start scripts/run or scripts/test once, "
        "which installs them into .venv, then start this again.",
        file=sys.stderr,
    )
    sys.exit(2)
