"""How long a mapping waits before it tries again.

AWS backs off, too, and documents no times:
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html. A developer waits for the fixed
function, so the first waits are short. They grow because endless retries are the default.
"""

import math
import os
from collections.abc import Mapping

VARIABLE = "MAPPING_LONGEST_RETRY_SECONDS"
FIRST_SECONDS = 0.1
DEFAULT_LONGEST_SECONDS = 5.0


def longest_seconds(environment: Mapping[str, str] = os.environ) -> float:
    """Return the longest wait.

    Raises:
        ValueError: the variable is not a number above 0.
    """
    seconds = float(environment.get(VARIABLE) or DEFAULT_LONGEST_SECONDS)
    if not 0 < seconds < math.inf:
        raise ValueError(f"{VARIABLE}={environment[VARIABLE]} is not a number above 0")
    return seconds


def backoff(attempt: int) -> float:
    """Return the seconds to wait before retry `attempt` (1, 2, ...): doubling, up to the longest wait."""
    return min(longest_seconds(), FIRST_SECONDS * 2.0 ** min(attempt - 1, 16))
