"""Core's Lambda checks code and layers with our `archives` when it gets them, and unpacks them with it."""

import functools
import tempfile
from collections.abc import Callable
from typing import IO, Any

from localstack import config
from localstack.aws.api.lambda_ import InvalidParameterValueException

from pipeline_emulator import patches
from pipeline_emulator.lambda_runtime import archives, layers
from pipeline_emulator.lambda_runtime.archive_layout import RefusedArchiveError

_COULD_NOT_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."


@functools.cache
def install() -> None:
    """Patch core, once per process. Core calls these for CreateFunction, UpdateFunctionCode and PublishLayerVersion."""
    layers.install()

    @patches.CHECK_ARCHIVE.wrap
    def get_unzipped_size(_original: Callable[..., int], zip_file: IO[bytes]) -> int:
        """Return the size, which core compares with the limit, and refuse what core would unpack regardless."""
        limit = config.LAMBDA_LIMITS_CODE_SIZE_UNZIPPED
        try:
            size = archives.check(zip_file, limit)
        except RefusedArchiveError as error:
            raise InvalidParameterValueException(f"{_COULD_NOT_UNZIP} Reason: {error}.", Type="User") from None
        if size < limit:
            layers.note_size(zip_file, size)
        return size

    @patches.UNPACK_CODE.wrap
    def prepare_for_execution(_original: Callable[..., None], self: Any) -> None:
        """Unpack the code, unless it already is. An exception becomes the function's StateReason."""
        if "/" in self.id:  # core makes it from a name
            raise RuntimeError(f"the code's name is no name of a folder: {self.id}")
        folder = self.get_unzipped_code_location()
        with self._disk_lock:
            if folder.exists():
                return
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile() as archive:
                self._download_archive_to_file(archive)
                archives.extract(archive, folder, config.LAMBDA_LIMITS_CODE_SIZE_UNZIPPED)
