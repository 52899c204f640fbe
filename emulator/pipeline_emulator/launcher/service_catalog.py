"""LocalStack's index of AWS's services, built once for a user instead of at each start with a new data folder.

Building it parses the model of every AWS service, which takes LocalStack longer than the rest of its start.
LocalStack's official image contains it, too.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

# Where LocalStack looks for it below its root, and how it names it: localstack/aws/spec.py.
_FOLDER = Path("usr/lib/localstack")
_BUILD = "import sys; from localstack.aws.spec import build_service_index_cache as build; build(sys.argv[1])"
_BUILD_SECONDS = 120.0


def file_name() -> str:
    """Return the index's file name, which names the versions that it was built from."""
    versions = (version(name).replace(".", "_") for name in ("localstack-core", "botocore"))
    return f"service-catalog-{'-'.join(versions)}.dill"


def provide(data: Path, environment: Mapping[str, str]) -> None:
    """Link the user's index into a data folder. Build it first if the user has none.

    Without it LocalStack starts as well, only more slowly; so failures are ignored.

    Args:
        data: LocalStack's root folder.
        environment: the user's, which names the cache.
    """
    if environment.get("OVERRIDE_IN_DOCKER") == "1":
        return  # our image has it in LocalStack's own place
    base = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pipeline-emulator"
    shared, link = base / file_name(), data / _FOLDER / file_name()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if not shared.exists():
            base.mkdir(parents=True, exist_ok=True)
            _build(shared)
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)  # a link whose target has gone
            link.symlink_to(shared)


def _build(target: Path) -> None:
    """Create the file, completely or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        unfinished = Path(scratch) / target.name
        # LocalStack writes into its root folder when it is imported.
        environment = {"PATH": os.environ.get("PATH", ""), "FILESYSTEM_ROOT": scratch, "OVERRIDE_IN_DOCKER": "0"}
        subprocess.run(
            [sys.executable, "-P", "-c", _BUILD, str(unfinished)],
            env=environment, check=True, capture_output=True, timeout=_BUILD_SECONDS,
        )  # fmt: skip
        unfinished.replace(target)
