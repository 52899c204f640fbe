"""Finds a function's image for Lambda, and the credentials for pulling it."""

import re
from dataclasses import dataclass

from pipeline_emulator.ecr.credentials import PASSWORDS, USER, Bearer, Scope
from pipeline_emulator.ecr.errors import RepositoryNotFoundError
from pipeline_emulator.ecr.images import read_manifest
from pipeline_emulator.ecr.manifests import DOCKER_LIST, OCI_INDEX
from pipeline_emulator.ecr.repositories import find_repository
from pipeline_emulator.ecr.settings import public_host

_URI = re.compile(r"(?P<host>[^/]+)/(?P<name>[^:@]+)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True)
class FoundImage:
    """An image in the registry."""

    uri_by_digest: str  # "<public host>/<repository>@sha256:<hex>"; the engine can pull it
    digest: str  # "sha256:<hex>"
    repository_name: str


class ImageNotFoundError(Exception):
    """The repository, tag or digest does not exist."""


class SeveralImagesError(Exception):
    """The URI names a list of images, one for each platform, or one with its attestations."""


class NotInThisRegistryError(Exception):
    """The URI names another registry."""


def find_image(image_uri: str, account_id: str, region: str) -> FoundImage:
    """Return the image that a URI currently names. A digest takes precedence over a tag; the default tag is `latest`.

    Args:
        image_uri: "<public host>/<repository>", with ":<tag>", "@sha256:<hex>" or both. In place of the public host,
            AWS's name of the account's registry in the region, which many configurations put together themselves.
        account_id: the account whose repositories are searched.
        region: the region of the repositories.

    Raises:
        ImageNotFoundError: the account has no such image in the region.
        NotInThisRegistryError: the URI's host is not this registry's.
        SeveralImagesError: it names a list of images.
        RegistryUnavailableError: the registry is not configured or does not respond.
    """
    given = image_uri.partition("/")[0]
    host = public_host(given)
    if given not in (host, f"{account_id}.dkr.ecr.{region}.amazonaws.com"):
        raise NotInThisRegistryError(f"Image {image_uri} is not in this account's registry, {host}")
    match = _URI.fullmatch(image_uri)
    if match is None:
        raise ImageNotFoundError(f"{image_uri} is not an image URI: <registry>/<repository>:<tag> or …@sha256:<hex>")
    name, reference = match["name"], match["digest"] or match["tag"] or "latest"
    try:
        manifest = read_manifest(find_repository(Scope(account_id, region), name), reference)
    except RepositoryNotFoundError as error:
        raise ImageNotFoundError(error.message) from error
    if manifest is None:
        raise ImageNotFoundError(f"The repository with name '{name}' has no image {reference}")
    if manifest.media_type in (DOCKER_LIST, OCI_INDEX):
        raise SeveralImagesError(f"{image_uri} is a list of images")
    return FoundImage(f"{host}/{name}@{manifest.digest}", manifest.digest, name)


def pull_credentials(account_id: str, region: str) -> tuple[str, str]:
    """Return user and password for pulling the account's images in a region; valid for 12 hours."""
    password, _expires = PASSWORDS.issue(Bearer(Scope(account_id, region)))
    return USER, password
