"""Repositories are separate from each other, from those of other regions and from deleted ones of the same name."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

OTHER_REGION = "eu-west-1"


def test_a_recreated_repository_is_empty(stack: Any, create_repository: Any, http: Any) -> None:
    name, ecr = create_repository(), stack.ecr()
    digest = http.push(name, "v1")
    with pytest.raises(ecr.exceptions.RepositoryNotEmptyException, match="still contains images"):
        ecr.delete_repository(repositoryName=name)
    ecr.delete_repository(repositoryName=name, force=True)
    assert http("GET", f"{name}/manifests/v1").status == 404

    create_repository(name=name)

    assert ecr.list_images(repositoryName=name)["imageIds"] == []
    assert http("GET", f"{name}/manifests/v1").status == 404
    assert http("GET", f"{name}/manifests/{digest}").status == 404
    assert json.loads(http("GET", f"{name}/tags/list").data) == {"name": name, "tags": []}


def test_an_emptied_repository_is_deleted_without_force(stack: Any, create_repository: Any, http: Any) -> None:
    name, ecr = create_repository(), stack.ecr()
    http.push(name, "v1")
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])
    assert ecr.delete_repository(repositoryName=name)["repository"]["repositoryUri"] == f"{stack.host}/{name}"


def test_regions_do_not_share_a_repository_of_the_same_name(
    stack: Any, create_repository: Any, http: Any, http_with: Any
) -> None:
    name = create_repository()
    digest = http.push(name, "v1")
    elsewhere = http_with(stack.password(OTHER_REGION))
    assert "NAME_UNKNOWN" in elsewhere("GET", f"{name}/tags/list").data.decode()

    create_repository(OTHER_REGION, name)

    assert stack.ecr(OTHER_REGION).list_images(repositoryName=name)["imageIds"] == []
    assert elsewhere("GET", f"{name}/manifests/{digest}").status == 404
    other = elsewhere.push(name, "v1")
    for region, expected in ((None, digest), (OTHER_REGION, other)):
        ecr = stack.ecr(region) if region else stack.ecr()
        assert [one["imageDigest"] for one in ecr.list_images(repositoryName=name)["imageIds"]] == [expected]


def test_a_blob_is_mounted_only_from_a_repository_of_the_same_region(
    stack: Any, create_repository: Any, http: Any, http_with: Any
) -> None:
    source, target, foreign = create_repository(), create_repository(), create_repository(OTHER_REGION)
    own = http.push_blob(source, b"own")["digest"]
    strange = http_with(stack.password(OTHER_REGION)).push_blob(foreign, b"strange")["digest"]
    mounted = http("POST", f"{target}/blobs/uploads/?mount={own}&from={source}")
    assert (mounted.status, mounted.headers["Location"]) == (201, f"/v2/{target}/blobs/{own}")
    assert http("POST", f"{target}/blobs/uploads/?mount={strange}&from={foreign}").status == 202
    assert http("HEAD", f"{target}/blobs/{strange}").status == 404


def test_the_registry_lists_tags_but_has_no_catalog_and_no_delete(
    stack: Any, create_repository: Any, http: Any, http_with: Any
) -> None:
    name = create_repository()
    http.push(name, "a", "b")
    listed = json.loads(http("GET", f"{name}/tags/list").data)
    assert (listed["name"], sorted(listed["tags"])) == (name, ["a", "b"])
    assert http("GET", "_catalog").status == 404
    for path in (f"{name}/blobs/%2e%2e/%2e%2e/_catalog", f"{name}/blobs/uploads/%2e%2e/%2e%2e/%2e%2e/_catalog"):
        assert http("GET", path).status == 404
    assert http("DELETE", f"{name}/manifests/a").status == 405
    refused = http_with("wrong")("GET", f"{name}/tags/list")
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert json.loads(refused.data)["errors"][0]["code"] == "UNAUTHORIZED"


def test_exclusion_filters_keep_tags_mutable(stack: Any, create_repository: Any, http: Any) -> None:
    exceptions = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    name = create_repository(
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=exceptions
    )
    first, second = http.manifest(name), http.manifest(name)
    for tag, expected in (("v1", [201, 400]), ("dev-1", [201, 201])):
        assert [http.put(name, tag, manifest).status for manifest in (first, second)] == expected


def test_describe_repositories_is_paginated(stack: Any, create_repository: Any) -> None:
    names = {create_repository() for _ in range(3)}
    pages = stack.ecr().get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2})
    found = [repository["repositoryName"] for page in pages for repository in page["repositories"]]
    assert names <= set(found)
    assert len(found) == len(set(found))
    with pytest.raises(ClientError, match="does not exist in the registry"):
        stack.ecr().describe_repositories(repositoryNames=["nobody-made-this"])


def test_another_accounts_registry_is_refused(stack: Any, create_repository: Any) -> None:
    name, ecr, other = create_repository(), stack.ecr(), "111122223333"
    for operation, arguments in (
        ("get_repository_policy", {"repositoryName": name}),
        ("describe_repositories", {"repositoryNames": [name]}),
        ("list_images", {"repositoryName": name}),
        ("get_lifecycle_policy", {"repositoryName": name}),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(ecr, operation)(**arguments, registryId=other)
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        assert f":{other}:repository/{name}" in refused.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as denied:
        ecr.describe_repositories(registryId=other)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert ecr.describe_repositories(repositoryNames=[name], registryId="000000000000")["repositories"]
