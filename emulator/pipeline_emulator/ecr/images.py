"""Reads and changes a repository's images in the registry."""

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline_emulator.ecr import registry_client
from pipeline_emulator.ecr.errors import RegistryUnavailableError, TagIsImmutableError
from pipeline_emulator.ecr.manifests import MEDIA_TYPES, OCI_INDEX, Manifest, digest_of
from pipeline_emulator.ecr.repositories import Repository, is_digest

LOG = logging.getLogger(__name__)
_ACCEPT = {"Accept": ", ".join(MEDIA_TYPES)}


@dataclass(frozen=True)
class Image:
    """An image with its current tags."""

    manifest: Manifest
    tags: tuple[str, ...]
    pushed_at: datetime

    @property
    def digest(self) -> str:
        """Digest of the manifest."""
        return self.manifest.digest


def all_images(repository: Repository) -> list[Image]:
    """Return the repository's images, oldest push first. Without a registry there are none.

    Raises:
        RegistryUnavailableError: the registry does not respond.
    """
    if not registry_client.available():
        return []
    with repository.content.lock:
        tags: dict[str, list[str]] = {digest: [] for digest in repository.content.pushed_at}
        for tag, digest in sorted(_tags(repository).items()):
            tags.setdefault(digest, []).append(tag)
        manifests = [manifest for digest in tags if (manifest := read_manifest(repository, digest))]
        now = datetime.now(UTC)
        pushed_at = {one.digest: repository.content.pushed_at.setdefault(one.digest, now) for one in manifests}
    images = [Image(one, tuple(tags[one.digest]), pushed_at[one.digest]) for one in manifests]
    return sorted(images, key=lambda image: (image.pushed_at, image.digest))


def size_of(image: Image, images: list[Image]) -> int:
    """Return the size in bytes as ECR reports it; for a manifest list, that of its largest image.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html
    """
    members = [other.manifest.size for other in images if other.digest in image.manifest.members]
    return max(members, default=image.manifest.size)


def read_manifest(repository: Repository, reference: str) -> Manifest | None:
    """Return the manifest with this tag or digest; None if there is none."""
    answer = registry_client.fetch("GET", _target(repository, reference), _ACCEPT)
    if answer.status != 200:
        return None
    return Manifest(answer.headers["Docker-Content-Digest"], answer.headers["Content-Type"], answer.data)


def digest_behind(repository: Repository, reference: str) -> str | None:
    """Return the digest of the manifest with this tag or digest; None if there is none."""
    answer = registry_client.fetch("HEAD", _target(repository, reference), _ACCEPT)
    return answer.headers["Docker-Content-Digest"] if answer.status == 200 else None


def put_manifest(
    repository: Repository, reference: str, data: bytes, media_type: str
) -> registry_client.RegistryResponse:
    """Store a manifest under a tag or its digest, and return the registry's response.

    An immutable tag may be pushed again with the image it already has.

    Raises:
        TagIsImmutableError: the tag is immutable and belongs to another image.
        RegistryUnavailableError: the registry does not respond.
    """
    with repository.content.lock:
        if not is_digest(reference) and repository.is_immutable(reference):
            present = digest_behind(repository, reference)
            if present not in (None, digest_of(data)):
                raise TagIsImmutableError(reference, repository.name)
        answer = registry_client.fetch("PUT", _target(repository, reference), {"Content-Type": media_type}, data)
        if answer.status == 201:
            digest = answer.headers["Docker-Content-Digest"]
            repository.content.pushed_at.setdefault(digest, datetime.now(UTC))
            _note_scan(repository, digest)
    return answer


def _note_scan(repository: Repository, digest: str) -> None:
    if (repository.model.image_scanning_configuration or {}).get("scanOnPush"):
        LOG.warning("ECR: %s of %s is not scanned: scan on push has no effect here", digest, repository.name)


def delete_image(repository: Repository, digest: str) -> None:
    """Delete a manifest; the registry removes its tags too."""
    with repository.content.lock:
        _delete_manifest(repository, digest)
        repository.content.pushed_at.pop(digest, None)


def delete_tag(repository: Repository, tag: str) -> None:
    """Remove a tag; with its last tag, the image is deleted too.

    Distribution 2.8 deletes manifests by digest only, together with all their tags. So the tag first moves to an empty
    list, which is then deleted; the image stays available under its other tags.
    """
    with repository.content.lock:
        tags = _tags(repository)
        digest = tags.pop(tag, None)
        if digest is None:
            return
        if digest not in tags.values():
            delete_image(repository, digest)
            return
        nothing = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": {"id": uuid.uuid4().hex}}
        data = json.dumps(nothing).encode()
        answer = registry_client.fetch("PUT", _target(repository, tag), {"Content-Type": OCI_INDEX}, data)
        if answer.status != 201:
            raise _unexpected(answer)
        _delete_manifest(repository, digest_of(data))


def _delete_manifest(repository: Repository, digest: str) -> None:
    answer = registry_client.fetch("DELETE", _target(repository, digest))
    if answer.status not in (202, 404):
        raise _unexpected(answer)


def _unexpected(answer: registry_client.RegistryResponse) -> RegistryUnavailableError:
    text = answer.data.decode(errors="replace").strip()
    return RegistryUnavailableError(
        f"The container registry refused to delete ({answer.status} {text}): "
        "start it with REGISTRY_STORAGE_DELETE_ENABLED=true."
    )


def _tags(repository: Repository) -> dict[str, str]:
    """Return the digest of each tag."""
    answer = registry_client.fetch("GET", f"/v2/{repository.content.registry_name}/tags/list")
    names = json.loads(answer.data).get("tags") or [] if answer.status == 200 else []
    return {name: digest for name in names if (digest := digest_behind(repository, name))}


def _target(repository: Repository, reference: str) -> str:
    return f"/v2/{repository.content.registry_name}/manifests/{reference}"
