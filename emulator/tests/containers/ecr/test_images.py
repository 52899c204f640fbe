"""The API's operations on images, checked against the registry's responses."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
UNKNOWN_DIGEST = f"sha256:{'0' * 64}"


def code_and_text(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def details(stack: Any, name: str, **arguments: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.ecr().describe_images(repositoryName=name, **arguments)["imageDetails"]
    return found


def test_describe_images_matches_the_manifest(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository()
    manifest = http.manifest(name, layers=2)
    for tag in ("v1", "latest"):
        assert http.put(name, tag, manifest).status == 201

    (image,) = details(stack, name)

    document = json.loads(manifest)
    assert image["imageTags"] == ["latest", "v1"]
    assert image["imageDigest"] == f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    assert image["imageSizeInBytes"] == sum(one["size"] for one in [*document["layers"], document["config"]])
    assert (image["imageManifestMediaType"], image["registryId"]) == (DOCKER_MANIFEST, "000000000000")
    assert details(stack, name)[0]["imagePushedAt"] == image["imagePushedAt"]  # the time of the push, not of the call


def test_a_manifest_list_has_the_size_of_its_largest_image_and_protects_its_images(
    stack: Any, create_repository: Any, http: Any
) -> None:
    name = create_repository()
    members = []
    for layers in (1, 3):
        manifest = http.manifest(name, layers)
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        assert http.put(name, digest, manifest).status == 201
        members.append({"mediaType": DOCKER_MANIFEST, "size": len(manifest), "digest": digest})
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members}
    assert http.put(name, "all", json.dumps(index).encode()).status == 201

    sizes = {one["imageDigest"]: one["imageSizeInBytes"] for one in details(stack, name)}
    (tagged,) = details(stack, name, filter={"tagStatus": "TAGGED"})
    assert tagged["imageSizeInBytes"] == max(sizes[one["digest"]] for one in members)
    assert tagged["imageManifestMediaType"] == OCI_INDEX

    member = {"imageDigest": members[0]["digest"]}
    refused = stack.ecr().batch_delete_image(repositoryName=name, imageIds=[member])
    assert [one["failureCode"] for one in refused["failures"]] == ["ImageReferencedByManifestList"]


def test_image_lists_are_filtered_and_paginated(stack: Any, create_repository: Any, http: Any) -> None:
    name, ecr = create_repository(), stack.ecr()
    tagged = {http.push(name, f"v{number}") for number in range(5)}
    untagged = {http.push(name) for _ in range(2)}

    for operation, entries in (("list_images", "imageIds"), ("describe_images", "imageDetails")):
        pages = ecr.get_paginator(operation).paginate(repositoryName=name, PaginationConfig={"PageSize": 3})
        sizes = [len(page[entries]) for page in pages]
        assert sizes == [3, 3, 1]
        for status, expected in (("TAGGED", tagged), ("UNTAGGED", untagged), ("ANY", tagged | untagged)):
            answer = getattr(ecr, operation)(repositoryName=name, filter={"tagStatus": status})
            assert {one["imageDigest"] for one in answer[entries]} == expected
    code, _ = code_and_text(ecr.list_images, repositoryName=name, maxResults=1001)
    assert code == "InvalidParameterException"


def test_list_images_has_an_entry_for_each_tag(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository()
    digest = http.push(name, "a", "b")
    expected = [{"imageDigest": digest, "imageTag": tag} for tag in "ab"]
    assert stack.ecr().list_images(repositoryName=name)["imageIds"] == expected


def test_errors_name_a_missing_image_or_repository(stack: Any, create_repository: Any, http: Any) -> None:
    name, ecr = create_repository(), stack.ecr()
    http.push(name, "v1")
    code, text = code_and_text(ecr.describe_images, repositoryName=name, imageIds=[{"imageTag": "v2"}])
    assert code == "ImageNotFoundException"
    image_id = "{imageDigest:'null', imageTag:'v2'}"
    assert text.startswith(f"The image with imageId {image_id} does not exist within the repository with name '{name}'")
    for operation in (ecr.describe_images, ecr.list_images):
        code, text = code_and_text(operation, repositoryName="nobody-made-this")
        assert code == "RepositoryNotFoundException"
        assert "'nobody-made-this' does not exist in the registry with id '000000000000'" in text


def test_batch_get_image_returns_the_requested_tag_and_reports_failures(
    stack: Any, create_repository: Any, http: Any
) -> None:
    name = create_repository()
    digest = http.push(name, "a", "b")
    other = http.push(name, "c")
    wanted = [
        {"imageTag": "b"},
        {"imageDigest": digest},
        {"imageTag": "none"},
        {"imageDigest": "not a digest"},
        {"imageDigest": other, "imageTag": "a"},
    ]

    answer = stack.ecr().batch_get_image(repositoryName=name, imageIds=wanted)

    assert [one["imageId"] for one in answer["images"]] == [
        {"imageDigest": digest, "imageTag": "b"},
        {"imageDigest": digest},
    ]
    for image in answer["images"]:
        assert f"sha256:{hashlib.sha256(image['imageManifest'].encode()).hexdigest()}" == digest
    failures = [(one["imageId"], one["failureCode"]) for one in answer["failures"]]
    codes = ("ImageNotFound", "InvalidImageDigest", "ImageTagDoesNotMatchDigest")
    assert failures == list(zip(wanted[2:], codes, strict=True))


def test_deleting_a_tag_keeps_the_image_and_deleting_the_digest_removes_it(
    stack: Any, create_repository: Any, http: Any
) -> None:
    name, ecr = create_repository(), stack.ecr()
    digest = http.push(name, "a", "b", "c")

    answer = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "a"}, {"imageTag": "none"}])
    assert answer["imageIds"] == [{"imageDigest": digest, "imageTag": "a"}]
    assert [one["failureCode"] for one in answer["failures"]] == ["ImageNotFound"]
    assert [one["imageTags"] for one in details(stack, name)] == [["b", "c"]]
    assert http("GET", f"{name}/manifests/a").status == 404
    assert http("GET", f"{name}/manifests/b", Accept=DOCKER_MANIFEST).status == 200

    answer = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
    assert answer["imageIds"] == [{"imageDigest": digest, "imageTag": tag} for tag in "bc"]
    assert details(stack, name) == []
    for reference in ("b", "c", digest):
        assert http("GET", f"{name}/manifests/{reference}", Accept=DOCKER_MANIFEST).status == 404


def test_a_deleted_image_can_be_pushed_again(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository(imageTagMutability="IMMUTABLE")
    manifest = http.manifest(name)
    assert http.put(name, "v1", manifest).status == 201
    stack.ecr().batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])
    assert http.put(name, "v1", manifest).status == 201
    assert http("GET", f"{name}/manifests/v1", Accept=DOCKER_MANIFEST).data == manifest


def test_one_of_many_concurrent_pushes_of_an_immutable_tag_wins(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository(imageTagMutability="IMMUTABLE")
    manifests = [http.manifest(name) for _ in range(8)]
    for tag in ("v1", "v2", "v3"):
        start = threading.Barrier(len(manifests))

        def push(manifest: bytes, tag: str = tag, start: threading.Barrier = start) -> int:
            start.wait()
            return int(http.put(name, tag, manifest).status)

        with ThreadPoolExecutor(len(manifests)) as pool:
            statuses = list(pool.map(push, manifests))
        assert sorted(statuses) == [201] + [400] * 7
        winner = manifests[statuses.index(201)]
        assert http("GET", f"{name}/manifests/{tag}", Accept=DOCKER_MANIFEST).data == winner


def test_put_image_stores_a_manifest_once(stack: Any, create_repository: Any, http: Any) -> None:
    name, ecr = create_repository(imageTagMutability="IMMUTABLE"), stack.ecr()
    first, second = http.manifest(name).decode(), http.manifest(name).decode()
    put = ecr.put_image

    image = put(repositoryName=name, imageManifest=first, imageTag="v1")["image"]

    assert image["imageId"]["imageDigest"] == f"sha256:{hashlib.sha256(first.encode()).hexdigest()}"
    assert http("GET", f"{name}/manifests/v1", Accept=DOCKER_MANIFEST).data.decode() == first
    code, _ = code_and_text(put, repositoryName=name, imageManifest=first, imageTag="v1")
    assert code == "ImageAlreadyExistsException"
    code, text = code_and_text(put, repositoryName=name, imageManifest=second, imageTag="v1")
    assert (code, text) == (
        "ImageTagAlreadyExistsException",
        f"The image tag 'v1' already exists in the '{name}' repository "
        "and cannot be overwritten because the tag is immutable.",
    )
    for tag in ("../up", "a?b", "-a"):
        assert (
            code_and_text(put, repositoryName=name, imageManifest=second, imageTag=tag)[0]
            == "InvalidParameterException"
        )
    missing = json.loads(second)
    missing["layers"][0]["digest"] = UNKNOWN_DIGEST
    code, _ = code_and_text(put, repositoryName=name, imageManifest=json.dumps(missing), imageTag="v2")
    assert code == "LayersNotFoundException"


def test_batch_check_layer_availability(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository()
    layer = http.push_blob(name, b"layer")
    answer = stack.ecr().batch_check_layer_availability(
        repositoryName=name, layerDigests=[layer["digest"], UNKNOWN_DIGEST, "no digest"]
    )
    assert [one["layerAvailability"] for one in answer["layers"]] == ["AVAILABLE", "UNAVAILABLE"]
    assert answer["layers"][0]["layerSize"] == 5
    assert [one["failureCode"] for one in answer["failures"]] == ["InvalidLayerDigest"]
