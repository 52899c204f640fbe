"""Says how to install the AWS SDK for JavaScript, which AWS's runtimes have and those of the embedded runtime do not.

Users install the clients they need, because all of them have hundreds of megabytes
(docs/decisions/2026-11-29-function-runtimes.md).
"""

from __future__ import annotations

import re
import shlex

from harness import paths

# Of `require` and of `import`; the package may be followed by a path inside it.
_MISSING = re.compile(r"Cannot find (?:package|module) '(@(?:aws-sdk|smithy)/[\w.-]+)")


def hint(log: str) -> str:
    """Return the start of a next step that installs what a function's log says is missing; empty if nothing is.

    Args:
        log: the function's log, or an error's cause that has it.
    """
    packages = sorted(set(_MISSING.findall(log)))
    if not packages:
        return ""
    folder = shlex.quote(str(paths.LAMBDA_RUNTIME / "nodejs"))
    return (
        "AWS's Node.js runtimes have the AWS SDK, this one does not: "
        f"npm install --prefix {folder} {' '.join(packages)}, "
        "then make local-down local-up, because running environments do not see it; or put it into the Zip; "
    )
