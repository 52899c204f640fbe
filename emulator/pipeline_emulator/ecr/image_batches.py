"""BatchGetImage, BatchDeleteImage and BatchCheckLayerAvailability, which report failures per image or layer."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_emulator.ecr import registry_client
from pipeline_emulator.ecr.errors import InvalidParameterError
from pipeline_emulator.ecr.image_lists import find, image_id
from pipeline_emulator.ecr.images import Image, all_images, delete_image, delete_tag
from pipeline_emulator.ecr.repositories import Repository

_MAX_ENTRIES = 100  # images or layers per call
_DIGEST = re.compile(r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+")
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def batch_get_image(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifests of images, each under the tag by which it was requested."""
    found: list[dict[str, Any]] = []

    def give(image: Image, wanted: Mapping[str, str], _images: list[Image]) -> None:
        found.append(
            {
                "registryId": repository.registry_id,
                "repositoryName": repository.name,
                "imageId": image_id(image.digest, wanted.get("imageTag")),
                "imageManifest": image.manifest.data.decode(),
                "imageManifestMediaType": image.manifest.media_type,
            }
        )

    failures = _each(repository, _limited(request, "imageIds"), give)
    return {"images": found, "failures": failures}


def batch_delete_image(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Delete tags and images.

    Deleting a tag keeps the image unless it was the last tag; deleting a digest removes all its tags.
    """
    deleted: list[dict[str, str]] = []

    def delete(image: Image, wanted: Mapping[str, str], images: list[Image]) -> dict[str, str] | None:
        tag = wanted.get("imageTag")
        is_whole = not tag or image.tags == (tag,)
        lists = [other.digest for other in images if image.digest in other.manifest.members]
        if is_whole and lists:
            reason = f"Requested image referenced by manifest list: [{', '.join(lists)}]"
            return {"failureCode": "ImageReferencedByManifestList", "failureReason": reason}
        if tag:
            delete_tag(repository, tag)
        else:
            delete_image(repository, image.digest)
        deleted.extend(image_id(image.digest, one) for one in ([tag] if tag else image.tags or [None]))
        return None

    # One by one, because each entry may depend on what earlier ones deleted.
    entries = _limited(request, "imageIds")
    failures = [failure for wanted in entries for failure in _each(repository, [wanted], delete)]
    return {"imageIds": deleted, "failures": failures}


def batch_check_layer_availability(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return which layers the registry has."""
    layers, failures = [], []
    for digest in _limited(request, "layerDigests"):
        if not _DIGEST.fullmatch(digest):
            failures.append({"layerDigest": digest, **_failure("InvalidLayerDigest", "Invalid layer digest")})
            continue
        answer = registry_client.fetch("HEAD", f"/v2/{repository.content.registry_name}/blobs/{digest}")
        if answer.status == 200:
            known = {"layerSize": int(answer.headers["Content-Length"]), "mediaType": _LAYER_TYPE}
            layers.append({"layerDigest": digest, "layerAvailability": "AVAILABLE", **known})
        else:
            layers.append({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"})
    return {"layers": layers, "failures": failures}


def _each(repository: Repository, entries: list[Any], handle: Callable[..., Any]) -> list[dict[str, Any]]:
    """Call `handle` for each named image and return the failures, including those that `handle` returns."""
    images, failures = all_images(repository), []
    for wanted in entries:
        image = find(images, wanted)
        failure = handle(image, wanted, images) if image else _why_not(images, wanted)
        if failure:
            failures.append({"imageId": dict(wanted), **failure})
    return failures


def _why_not(images: list[Image], wanted: Mapping[str, str]) -> dict[str, str]:
    digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
    if not digest and not tag:
        return _failure("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
    if digest and not _DIGEST.fullmatch(digest):
        reason = f"Invalid request parameters: image digest should satisfy the regex '{_DIGEST.pattern}'"
        return _failure("InvalidImageDigest", reason)
    if digest and tag and find(images, {"imageDigest": digest}) and find(images, {"imageTag": tag}):
        return _failure("ImageTagDoesNotMatchDigest", "Tag does not match digest")
    return _failure("ImageNotFound", "Requested image not found")


def _failure(code: str, reason: str) -> dict[str, str]:
    return {"failureCode": code, "failureReason": reason}


def _limited(request: Mapping[str, Any], parameter: str) -> list[Any]:
    entries: list[Any] = request[parameter]
    if not 1 <= len(entries) <= _MAX_ENTRIES:
        raise InvalidParameterError(parameter, f"Member must have length between 1 and {_MAX_ENTRIES}, inclusive")
    return entries
