"""Scans of images. Nothing scans here, and every answer says so."""

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException

from pipeline_emulator.ecr.image_lists import named
from pipeline_emulator.ecr.images import all_images
from pipeline_emulator.ecr.repositories import Repository


def findings(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer as AWS does for an image that was never scanned.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html

    Raises:
        NoSuchImageError: there is no such image.
        CommonServiceException: ScanNotFoundException, with the text that AWS's users report.
    """
    image = named(repository, all_images(repository), request["imageId"])
    tag = request["imageId"].get("imageTag") or "null"
    raise CommonServiceException(
        "ScanNotFoundException",
        f"Image scan does not exist for the image with '{{imageDigest:'{image.digest}', imageTag:'{tag}'}}' in the "
        f"repository with name '{repository.name}' in the registry with id '{repository.registry_id}'",
    )


def start(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse: a scan that never ends would be worse.

    Raises:
        NoSuchImageError: there is no such image.
        CommonServiceException: UnsupportedImageTypeException.
    """
    image = named(repository, all_images(repository), request["imageId"])
    raise CommonServiceException(
        "UnsupportedImageTypeException",
        f"{image.digest} is not scanned: this emulator has no scanner. Scan the image itself, or in AWS's registry.",
    )
