"""DescribeImages and ListImages."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_emulator.ecr.errors import InvalidParameterError, NoSuchImageError
from pipeline_emulator.ecr.images import Image, all_images, size_of
from pipeline_emulator.ecr.paging import page
from pipeline_emulator.ecr.repositories import Repository


def describe_images(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details of images.

    Raises:
        NoSuchImageError: an image named in the request does not exist.
    """
    images = all_images(repository)
    if wanted := request.get("imageIds"):
        if request.get("maxResults") or request.get("nextToken"):
            raise InvalidParameterError("imageIds", "cannot be used together with maxResults or nextToken")
        chosen = list({image.digest: image for image in (named(repository, images, one) for one in wanted)}.values())
        token: dict[str, str] = {}
    else:
        chosen, token = page(with_tag_status(images, request), _order, request)
    return {"imageDetails": [_detail(repository, image, images) for image in chosen], **token}


def list_images(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return one entry per tag, and one per untagged image."""
    images = with_tag_status(all_images(repository), request)
    entries = [(image, tag) for image in images for tag in image.tags or ("",)]
    chosen, token = page(entries, lambda entry: f"{_order(entry[0])} {entry[1]}", request)
    return {"imageIds": [image_id(image.digest, tag) for image, tag in chosen], **token}


def find(images: Sequence[Image], wanted: Mapping[str, str]) -> Image | None:
    """Return the image that an imageId names by digest, tag or both."""
    digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
    for image in images:
        if (digest or tag) and (not digest or image.digest == digest) and (not tag or tag in image.tags):
            return image
    return None


def image_id(digest: str, tag: str | None) -> dict[str, str]:
    """Return an imageId for a response."""
    return {"imageDigest": digest, **({"imageTag": tag} if tag else {})}


def named(repository: Repository, images: Sequence[Image], wanted: Mapping[str, str]) -> Image:
    """Return the image that an imageId names.

    Raises:
        NoSuchImageError: there is none.
    """
    image = find(images, wanted)
    if image is None:
        raise NoSuchImageError(
            wanted.get("imageDigest"), wanted.get("imageTag"), repository.name, repository.registry_id
        )
    return image


def with_tag_status(images: Sequence[Image], request: Mapping[str, Any]) -> list[Image]:
    """Return the images that a request's filter selects."""
    status = (request.get("filter") or {}).get("tagStatus", "ANY")
    if status not in ("ANY", "TAGGED", "UNTAGGED"):
        raise InvalidParameterError("filter.tagStatus", "Member must satisfy enum value set: [ANY, TAGGED, UNTAGGED]")
    return [image for image in images if status == "ANY" or bool(image.tags) == (status == "TAGGED")]


def _order(image: Image) -> str:
    return f"{image.pushed_at.isoformat(timespec='microseconds')} {image.digest}"


def _detail(repository: Repository, image: Image, images: list[Image]) -> dict[str, Any]:
    detail = {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageTags": list(image.tags),
        "imageSizeInBytes": size_of(image, images),
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.manifest.media_type,
        "artifactMediaType": image.manifest.artifact_media_type,
    }
    return {name: value for name, value in detail.items() if value not in ([], None)}
