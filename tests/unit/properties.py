"""How much the property tests try. The same every time, so that a run that passed passes again.

To hunt for what they have not found yet, set FUZZ_FACTOR to a factor: `FUZZ_FACTOR=50 scripts/test tests/unit` tries 50
times as much, at random.
"""

import os

from hypothesis import settings

_FACTOR = int(os.environ.get("FUZZ_FACTOR", "0"))


def tries(examples: int, steps: int = 50) -> settings:
    """Settings for a property that is tried that often, a state machine with as many steps each time."""
    return settings(
        max_examples=examples * max(1, _FACTOR), stateful_step_count=steps, deadline=None, derandomize=not _FACTOR
    )
