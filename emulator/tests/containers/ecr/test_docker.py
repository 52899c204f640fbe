"""The docker CLI works with the registry."""

import json
from typing import Any

import pytest


def test_login_accepts_only_the_password_from_the_api(docker: Any, stack: Any) -> None:
    assert "Login Succeeded" in docker.login(stack.password()).stdout
    refused = docker.login("wrong", check=False)
    assert refused.returncode != 0
    assert "unauthorized" in refused.stderr.lower()


def test_push_and_pull_need_a_login(docker: Any, stack: Any, create_repository: Any) -> None:
    uri = f"{stack.host}/{create_repository()}:v1"
    docker.image(uri)
    docker("logout", stack.host)
    assert docker("push", uri, check=False).returncode != 0
    assert docker("pull", uri, check=False).returncode != 0


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_a_pushed_image_is_pulled_unchanged(by: str, docker: Any, stack: Any, create_repository: Any) -> None:
    name = create_repository()
    uri = stack.ecr().describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryUri"]
    assert uri == f"{stack.host}/{name}"
    image_id = docker.image(f"{uri}:v1")
    pushed = docker("push", f"{uri}:v1").stdout
    digest = stack.ecr().describe_images(repositoryName=name)["imageDetails"][0]["imageDigest"]
    assert digest in pushed
    docker.remove(f"{uri}:v1")

    reference = f"{uri}:v1" if by == "tag" else f"{uri}@{digest}"
    docker.images.append(reference)
    docker("pull", reference)

    assert json.loads(docker("image", "inspect", reference).stdout)[0]["Id"] == image_id


def test_an_immutable_tag_keeps_its_image(docker: Any, stack: Any, create_repository: Any) -> None:
    name = create_repository(imageTagMutability="IMMUTABLE")
    uri = f"{stack.host}/{name}:v1"
    docker.image(uri)
    docker("push", uri)
    docker("push", uri)  # pushing the same image again changes nothing
    before = stack.ecr().describe_images(repositoryName=name)["imageDetails"]
    docker.remove(uri)
    docker.image(uri)

    refused = docker("push", uri, check=False)

    assert refused.returncode != 0
    text = f"The image tag 'v1' already exists in the '{name}' repository and cannot be overwritten because the tag is"
    assert text in refused.stderr
    assert stack.ecr().describe_images(repositoryName=name)["imageDetails"] == before


def test_a_mutable_tag_moves_and_leaves_the_image_untagged(docker: Any, stack: Any, create_repository: Any) -> None:
    name = create_repository()
    uri = f"{stack.host}/{name}:v1"
    docker.image(uri)
    docker("push", uri)
    first = stack.ecr().describe_images(repositoryName=name)["imageDetails"][0]["imageDigest"]
    docker.remove(uri)
    docker.image(uri)
    docker("push", uri)

    details = {one["imageDigest"]: one.get("imageTags") for one in _details(stack, name)}

    assert details.pop(first) is None
    assert list(details.values()) == [["v1"]]


def test_push_and_pull_errors_name_an_unknown_repository(docker: Any, stack: Any) -> None:
    uri = f"{stack.host}/nobody/made-this:v1"
    docker.image(uri)
    text = "The repository with name 'nobody/made-this' does not exist in the registry with id '000000000000'"
    assert text in docker("push", uri, check=False).stderr
    docker.remove(uri)
    assert text in docker("pull", uri, check=False).stderr


def test_a_deleted_tag_cannot_be_pulled_but_other_tags_can(docker: Any, stack: Any, create_repository: Any) -> None:
    name = create_repository()
    uri = f"{stack.host}/{name}"
    docker.image(f"{uri}:one")
    docker("tag", f"{uri}:one", f"{uri}:two")
    docker.images.append(f"{uri}:two")
    docker("push", "--all-tags", uri)
    ecr = stack.ecr()

    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "one"}])
    docker.remove(f"{uri}:one")
    docker.remove(f"{uri}:two")
    assert "Requested image not found" in docker("pull", f"{uri}:one", check=False).stderr
    docker("pull", f"{uri}:two")

    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "two"}])
    docker.remove(f"{uri}:two")
    assert docker("pull", f"{uri}:two", check=False).returncode != 0
    assert _details(stack, name) == []


def test_a_layer_of_another_repository_is_mounted(docker: Any, stack: Any, create_repository: Any) -> None:
    first, second = (f"{stack.host}/{create_repository()}:v1" for _ in range(2))
    docker.image(first)
    docker("push", first)
    docker("tag", first, second)
    docker.images.append(second)
    assert "Mounted from" in docker("push", second).stdout


def _details(stack: Any, name: str) -> Any:
    return stack.ecr().describe_images(repositoryName=name)["imageDetails"]
