"""ECR, only if functions are images. Pushes use the registry's HTTP API, as docker does."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from typing import Any

import urllib3
from botocore.exceptions import ClientError

from benchmarks.fidelity.bench import EVERYTHING, Bench, policy, refusal
from benchmarks.fidelity.bindings import probe
from benchmarks.fidelity.verdicts import Seen

REPOSITORY = "aws_ecr_repository"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = "application/vnd.docker.container.image.v1+json"
PATIENCE = 5.0  # seconds for a scan to finish
CREATED = 201


@probe(REPOSITORY, "image_tag_mutability", "name")
def immutable_tags(bench: Bench) -> Seen:
    """A second image with the same tag is refused if tags are immutable, and accepted otherwise."""
    statuses = []
    for value in ("IMMUTABLE", "MUTABLE"):
        name = _repository(bench, imageTagMutability=value)
        statuses.append([_push(bench, name, "v1") for _ in range(2)])
    right = statuses[0][0] == CREATED and statuses[0][1] >= 400 and statuses[1] == [CREATED, CREATED]
    return Seen(right, f"the second push of an immutable tag gets HTTP {statuses[0][1]}")


@probe(REPOSITORY, "force_delete")
def not_empty(bench: Bench) -> Seen:
    """A repository with an image can only be deleted by force."""
    ecr, name = bench.client("ecr"), _repository(bench)
    _push(bench, name, "v1")
    code = refusal(lambda: ecr.delete_repository(repositoryName=name))
    forced = refusal(lambda: ecr.delete_repository(repositoryName=name, force=True))
    return Seen(
        code == "RepositoryNotEmptyException" and not forced, f"without force, deleting gets {code or 'through'}"
    )


@probe(REPOSITORY, "image_scanning_configuration.scan_on_push")
def scan(bench: Bench) -> Seen:
    """A pushed image is scanned."""
    name = _repository(bench, imageScanningConfiguration={"scanOnPush": True})
    _push(bench, name, "v1")
    end = time.monotonic() + PATIENCE
    status = ""
    while status != "COMPLETE" and time.monotonic() < end:
        status = _scan_status(bench, name)
        time.sleep(0.5)
    return Seen(status == "COMPLETE", f"{PATIENCE:.0f} s after a push, its scan is {status}")


@probe("aws_ecr_lifecycle_policy", "policy", "repository")
def lifecycle(bench: Bench) -> Seen:
    """With two images, a rule that keeps one removes the older. AWS runs policies within a day, we when asked to."""
    ecr, name = bench.client("ecr"), _repository(bench)
    for tag in ("v1", "v2"):
        _push(bench, name, tag)
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    urllib3.request("POST", f"{bench.endpoint_url}/_pipeline/ecr/lifecycle", timeout=30)
    count = len(ecr.describe_images(repositoryName=name)["imageDetails"])
    return Seen(count == 1, f"once policies are run, a rule that keeps one of 2 images leaves {count}")


@probe("aws_ecr_repository_policy", "policy", "repository")
def repository_policy(bench: Bench) -> Seen:
    """A request that the policy denies is refused even to a caller who is allowed everything."""
    name = _repository(bench)
    ecr = bench.client("ecr", **bench.role_credentials(EVERYTHING))
    denied = {"Effect": "Deny", "Principal": "*", "Action": ["ecr:DescribeImages"]}
    before = refusal(lambda: ecr.describe_images(repositoryName=name))
    bench.client("ecr").set_repository_policy(repositoryName=name, policyText=policy(denied))
    after = refusal(lambda: ecr.describe_images(repositoryName=name))
    return Seen(not before and "AccessDenied" in after, f"a request that it denies gets {after or 'through'}")


@probe(REPOSITORY, "encryption_configuration.encryption_type", "encryption_configuration.kms_key")
def encryption(bench: Bench) -> Seen:
    """Layers can be written only while the key is enabled."""
    key = bench.key()
    name = _repository(bench, encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key})
    before = _push(bench, name, "v1")
    bench.client("kms").disable_key(KeyId=key)
    after = _push(bench, name, "v2")
    return Seen(before == CREATED and after >= 400, f"with a disabled key, a push gets HTTP {after}")


def _repository(bench: Bench, **settings: Any) -> str:
    name = bench.name()
    bench.client("ecr").create_repository(repositoryName=name, **settings)
    return name


def _scan_status(bench: Bench, repository: str) -> str:
    ecr, image = bench.client("ecr"), {"imageTag": "v1"}
    ecr.describe_images(repositoryName=repository, imageIds=[image])  # raises if it is missing
    try:
        found = ecr.describe_image_scan_findings(repositoryName=repository, imageId=image)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return str(found["imageScanStatus"]["status"])


def _push(bench: Bench, repository: str, tag: str) -> int:
    """Pushes an image of random content; returns the status of the manifest's upload."""
    config = {"mediaType": CONFIG, **_blob(bench, repository, json.dumps({"id": uuid.uuid4().hex}).encode())}
    layers = [{"mediaType": LAYER, **_blob(bench, repository, uuid.uuid4().bytes)}]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    url = f"{bench.endpoint_url}/v2/{repository}/manifests/{tag}"
    return _request(bench, "PUT", url, json.dumps(manifest).encode(), MANIFEST).status


def _blob(bench: Bench, repository: str, data: bytes) -> dict[str, Any]:
    started = _request(bench, "POST", f"{bench.endpoint_url}/v2/{repository}/blobs/uploads/", b"", "")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    location = started.headers["Location"]
    place = location if location.startswith("http") else bench.endpoint_url + location
    _request(bench, "PUT", f"{place}&digest={digest}", data, "application/octet-stream")
    return {"digest": digest, "size": len(data)}


def _request(bench: Bench, method: str, url: str, body: bytes, media_type: str) -> urllib3.BaseHTTPResponse:
    token = bench.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    assert base64.b64decode(token).startswith(b"AWS:")
    headers = {"Authorization": f"Basic {token}"} | ({"Content-Type": media_type} if media_type else {})
    return urllib3.request(method, url, body=body, headers=headers, retries=False, timeout=60)
