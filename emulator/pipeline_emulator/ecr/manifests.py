"""Image manifests: Docker's (v2, schema 2), OCI's, and lists of either."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MEDIA_TYPES = (DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX)


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was pushed."""

    digest: str
    media_type: str
    data: bytes

    @cached_property
    def document(self) -> dict[str, Any]:
        """The manifest's JSON object; empty if it is not an object."""
        document = json.loads(self.data)
        return document if isinstance(document, dict) else {}

    @property
    def members(self) -> list[str]:
        """Digests of a list's images; empty for an image."""
        return [entry["digest"] for entry in self.document.get("manifests") or []]

    @property
    def artifact_media_type(self) -> str | None:
        """Media type of the configuration."""
        media_type: str | None = (self.document.get("config") or {}).get("mediaType")
        return media_type

    @property
    def size(self) -> int:
        """Compressed size of the layers and the configuration in bytes; 0 for a list."""
        blobs = [*(self.document.get("layers") or []), self.document.get("config") or {}]
        return sum(blob.get("size", 0) for blob in blobs)


def digest_of(data: bytes) -> str:
    """Return the digest of a manifest."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
