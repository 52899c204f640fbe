"""Editions of a function's code: files that go over the deployed ones while somebody works on them.

An edition belongs to one deployed code. It ends with the next deployment, or when it is withdrawn.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator.lambda_runtime import archives, code_folders, overlays, placement
from pipeline_emulator.lambda_runtime.debugging.debugger import Debugger

MAX_BYTES = 250 * 2**20  # as for a Zip


@dataclass(frozen=True)
class Edition:
    """Code that runs in place of the deployed one.

    Attributes:
        folder: The whole code, for a function that runs as a process.
        image: The image, for a function that runs in a container.
        debugger: What the function starts under; None without a debugger.
    """

    folder: Path | None = None
    image: str | None = None
    debugger: Debugger | None = None

    def remove(self) -> None:
        """Remove it. No environment may run it any more."""
        if self.folder:
            code_folders.remove(self.folder.parent)
        if self.image:
            from pipeline_emulator.lambda_runtime import image_files  # late: imports the engine's client

            image_files.remove(self.image)


class Editions:
    """The editions in force. Thread-safe."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._by_code: dict[tuple[str, str], Edition] = {}

    def of(self, version: FunctionVersion) -> Edition | None:
        """Return the edition that a version runs; None for its own code."""
        with self._lock:
            return self._by_code.get(key(version))

    def put(self, version: FunctionVersion, edition: Edition) -> Edition | None:
        """Put an edition in force for every version with the same code. Return its predecessor."""
        with self._lock:
            former = self._by_code.get(key(version))
            self._by_code[key(version)] = edition
        return former

    def withdraw(self, function: str) -> list[Edition]:
        """Withdraw and return all editions of a function, by its ARN without a qualifier."""
        with self._lock:
            return [self._by_code.pop(key) for key in list(self._by_code) if key[0] == function]


EDITIONS = Editions()


def make(version: FunctionVersion, archive: IO[bytes]) -> Edition:
    """Make an edition: the deployed code, with the files of a Zip in place of its own.

    Raises:
        RefusedArchiveError: the archive is unusable.
        RuntimeError: the engine failed.
    """
    if not placement.in_container(version):
        code = version.config.code
        assert code is not None
        return Edition(folder=overlays.over_folder(Path(code.get_unzipped_code_location()), archive, MAX_BYTES))
    from pipeline_emulator.lambda_runtime import image, image_files  # late: imports the engine's client

    deployed = image.pull(version)
    with archives.unpacked(archive, MAX_BYTES) as changed:
        return Edition(image=image_files.with_changes(deployed["Id"], image.folder_of(deployed, version), changed))


def function_of(version: FunctionVersion) -> str:
    """Return the ARN of a version's function, without a qualifier."""
    return str(version.id.unqualified_arn())  # type: ignore[no-untyped-call]


def key(version: FunctionVersion) -> tuple[str, str]:
    """Return what identifies a version's deployed code: its function, and the code's hash."""
    code: Any = version.config.code or version.config.image
    return function_of(version), str(code.code_sha256)


def version_of(arn: str) -> FunctionVersion | None:
    """Return the version that an ARN with or without a qualifier names."""
    words = arn.split(":")  # arn:aws:lambda:region:account:function:name[:qualifier]
    if len(words) not in (7, 8):
        return None
    function = lambda_stores[words[4]][words[3]].functions.get(words[6])
    if function is None:
        return None
    qualifier = words[7] if len(words) == 8 else "$LATEST"
    alias = function.aliases.get(qualifier)
    found: FunctionVersion | None = function.versions.get(alias.function_version if alias else qualifier)
    return found
