"""PutImage: stores a manifest whose layers are already in the registry."""

import json
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException

from pipeline_emulator.ecr.errors import ImageAlreadyExistsError, InvalidParameterError
from pipeline_emulator.ecr.image_lists import image_id
from pipeline_emulator.ecr.images import digest_behind, put_manifest
from pipeline_emulator.ecr.manifests import digest_of
from pipeline_emulator.ecr.registry_client import RegistryResponse
from pipeline_emulator.ecr.repositories import Repository, is_tag


def put_image(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Store a manifest.

    Raises:
        ImageAlreadyExistsError: nothing would change.
        TagIsImmutableError: the tag is immutable and belongs to another image.
        CommonServiceException: layers or, for a manifest list, images are missing.
    """
    text: str = request["imageManifest"]
    media_type, tag = _media_type(request), request.get("imageTag")
    if tag and not is_tag(tag):
        raise InvalidParameterError("imageTag", "Member must satisfy regular expression pattern: [\\w][\\w.-]{0,127}")
    digest = digest_of(text.encode())
    if request.get("imageDigest", digest) != digest:
        message = f"Image digest '{digest}' does not match the one of the request, '{request['imageDigest']}'"
        raise CommonServiceException("ImageDigestDoesNotMatchException", message)
    with repository.content.lock:
        if digest_behind(repository, tag or digest) == digest:
            raise ImageAlreadyExistsError(digest, tag, repository.name, repository.registry_id)
        answer = put_manifest(repository, tag or digest, text.encode(), media_type)
    if answer.status != 201:
        raise _refusal(answer, repository)
    image = {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "imageId": image_id(digest, tag),
        "imageManifest": text,
        "imageManifestMediaType": media_type,
    }
    return {"image": image}


def _media_type(request: Mapping[str, Any]) -> str:
    try:
        document = json.loads(request["imageManifest"])
    except ValueError as error:
        raise InvalidParameterError("ImageManifest", "Invalid JSON syntax") from error
    if not isinstance(document, dict):
        raise InvalidParameterError("ImageManifest", "Invalid JSON syntax")
    media_type: str | None = request.get("imageManifestMediaType") or document.get("mediaType")
    if media_type is None:
        raise InvalidParameterError("imageManifestMediaType", "it is neither in the manifest nor in the request")
    return media_type


def _refusal(answer: RegistryResponse, repository: Repository) -> CommonServiceException:
    """Return AWS's error for the registry's."""
    error = json.loads(answer.data)["errors"][0]
    if error["code"] == "MANIFEST_BLOB_UNKNOWN":
        message = f"Layers or images of the manifest do not exist in the repository with name '{repository.name}'"
        return CommonServiceException("LayersNotFoundException", f"{message}: {error.get('detail')}")
    return InvalidParameterError("ImageManifest", f"{error['code']}: {error['message']}")
