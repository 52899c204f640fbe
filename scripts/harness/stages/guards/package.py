"""The Zip: it must exist, and Lambda must accept it."""

from __future__ import annotations

import zipfile

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.access import Access
from harness.stages.stage import Stage

MEGABYTE = 1024 * 1024
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
UPLOADED_BYTES = 50 * MEGABYTE
UNZIPPED_BYTES = 250 * MEGABYTE


def check(stage: Stage, _access: Access) -> None:
    """Refuse a Zip that is missing, damaged or too large.

    Args:
        stage: names it, relative to the root module, unless its function is an image.

    Raises:
        HarnessError: Lambda would not accept it.
    """
    if stage.is_image:
        return
    name = stage.variables.get("lambda_zip_path")
    if not name and not stage.pipeline.is_default:  # the deployment builds it, or Terraform knows it
        return
    if not name:
        raise HarnessError(
            f"{shown(stage.vars_file)} sets lambda_package_type = Zip but no lambda_zip_path", "set it there"
        )
    path = (stage.infrastructure / name).resolve()
    try:
        with zipfile.ZipFile(path) as archive:
            unzipped = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise HarnessError(
            f"{shown(path)}, the function's Zip, cannot be read: {error}",
            f"build it, or fix lambda_zip_path in {shown(stage.vars_file)}",
        ) from None
    for size, limit, how in ((path.stat().st_size, UPLOADED_BYTES, "uploaded"), (unzipped, UNZIPPED_BYTES, "unzipped")):
        if size > limit:
            raise HarnessError(
                f"{shown(path)} has {size / MEGABYTE:.0f} MB {how}, but Lambda accepts {limit / MEGABYTE:.0f}",
                f'deploy an image: lambda_package_type = "Image" in {shown(stage.vars_file)}',
            )
