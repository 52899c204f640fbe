"""The image: an engine must be available to build it, or a prebuilt one must exist and suit Lambda."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness import console
from harness.errors import HarnessError
from harness.machine import engine
from harness.paths import shown
from harness.stages import explain_aws, variables
from harness.stages.access import Access
from harness.stages.stage import Stage

GIGABYTE = 1024**3
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: of the uncompressed image
LIMIT_BYTES = 10 * GIGABYTE
# Layers are compressed to about a third, and ECR reports the compressed size only.
DOUBTFUL_BYTES = LIMIT_BYTES // 3
CONFIG_BYTES = 1024 * 1024
SECONDS = 30.0
_URI = re.compile(r"(?P<host>[^/]+)/(?P<name>[^:@]+)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")
_ECR = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|on\.aws)")
_MANIFEST = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
_INDEX = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")


def check_engine(stage: Stage, _access: Access) -> None:
    """Refuse if an image must be built and no engine responds.

    Args:
        stage: names the engine, or an existing image.

    Raises:
        HarnessError: there is no engine.
    """
    if not stage.is_image or stage.variables.get("image_uri"):
        return
    program = str(variables.value(stage, "container_engine") or "docker")
    if cause := engine.silent(program):
        raise HarnessError(
            f"the function's image cannot be built: {cause}",
            f"start it, or set image_uri in {shown(stage.vars_file)} to an image in ECR",
        )


def check(stage: Stage, access: Access) -> None:
    """Refuse a prebuilt image that is missing, too large, or for another architecture.

    Args:
        stage: names the image, if any.
        access: to its account.

    Raises:
        HarnessError: Lambda would not accept it.
    """
    uri = stage.variables.get("image_uri")
    if not stage.is_image or not uri:
        return
    where = f"image_uri in {shown(stage.vars_file)}"
    match = _URI.fullmatch(uri)
    if match is None:
        raise HarnessError(f"{where} is not an image: {uri}", "write <registry>/<repository>@sha256:<64 hex digits>")
    registry = _ECR.fullmatch(match["host"])
    if registry is None and access.endpoint_url is None:
        raise HarnessError(f"Lambda accepts images from ECR only, but {uri} is elsewhere", "push it to ECR")
    if registry and registry["region"] != stage.region:
        raise HarnessError(f"Lambda accepts images from its own region only ({stage.region}): {uri}", "push it there")
    owner = {"registryId": registry["account"]} if registry else {}
    image = {"imageDigest": match["digest"]} if match["digest"] else {"imageTag": match["tag"] or "latest"}
    try:
        _check(stage, access.client("ecr"), {"repositoryName": match["name"], **owner}, image, uri)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise HarnessError(
                f"there is no image {uri} (tags and digests: aws ecr list-images)", f"push it, or fix {where}"
            ) from None
        if not code.startswith("AccessDenied"):
            raise explain_aws.failure(error) from None
        # The role may only plan, or another account owns the repository. Lambda itself checks at deployment.
        console.warn(f"the image is not checked any further: {explain_aws.failure(error).cause}")
    except BotoCoreError as error:
        raise explain_aws.failure(error) from None


def _check(stage: Stage, ecr: Any, repository: Mapping[str, str], image: Mapping[str, str], uri: str) -> None:
    size = ecr.describe_images(**repository, imageIds=[image])["imageDetails"][0].get("imageSizeInBytes", 0)
    if size > LIMIT_BYTES:
        raise HarnessError(
            f"{uri} has {size / GIGABYTE:.1f} GB compressed, but Lambda accepts {LIMIT_BYTES // GIGABYTE} GB unpacked",
            "make it smaller: a slimmer base image, fewer layers",
        )
    if size > DOUBTFUL_BYTES:
        console.warn(f"{uri} has {size / GIGABYTE:.1f} GB compressed; it may exceed Lambda's limit of 10 GB unpacked")
    found = ecr.batch_get_image(**repository, imageIds=[image], acceptedMediaTypes=[*_MANIFEST, *_INDEX])["images"]
    manifest = json.loads(found[0]["imageManifest"]) if found else {}
    if manifest.get("mediaType", found[0].get("imageManifestMediaType") if found else None) in _INDEX:
        raise HarnessError(
            f"{uri} is an index of several images, but Lambda needs a single image",
            "name the digest of the image in it, or build without attestations: docker buildx build --provenance=false",
        )
    wanted = str(variables.value(stage, "lambda_architecture") or "x86_64")
    architecture = _architecture(ecr, repository, manifest)
    if architecture not in (None, {"x86_64": "amd64"}.get(wanted, wanted)):
        raise HarnessError(
            f"{uri} is for {architecture}, but lambda_architecture is {wanted}",
            f"build it for {wanted}, or fix lambda_architecture in {shown(stage.vars_file)}",
        )


def _architecture(ecr: Any, repository: Mapping[str, str], manifest: Mapping[str, Any]) -> str | None:
    """Return the architecture in the image's configuration; None, with a warning, if it cannot be fetched."""
    try:
        answer = ecr.get_download_url_for_layer(**repository, layerDigest=manifest["config"]["digest"])
        with urllib.request.urlopen(answer["downloadUrl"], timeout=SECONDS) as body:  # noqa: S310 - signed by AWS
            return str(json.loads(body.read(CONFIG_BYTES))["architecture"])
    except (ClientError, OSError, ValueError, KeyError) as error:
        console.warn(f"the image's architecture could not be read, and is not checked: {error}")
        return None
