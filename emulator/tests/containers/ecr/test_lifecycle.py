"""Lifecycle policies: previews, and runs on request. Scans, which nothing here makes."""

import json
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def policy(*selections: dict[str, Any]) -> str:
    rules = [
        {"rulePriority": number, "selection": selection, "action": {"type": "expire"}}
        for number, selection in enumerate(selections, 1)
    ]
    return json.dumps({"rules": rules})


def keep(count: int, status: str = "any", **more: Any) -> dict[str, Any]:
    return {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": count, **more}


def older(days: int, status: str) -> dict[str, Any]:
    return {"tagStatus": status, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}


def expire(stack: Any, days: int = 0) -> str:
    """Run the command and return what it prints."""
    command = [sys.executable, "-m", "pipeline_emulator", "expire-images", "--days", str(days)]
    url = stack.localstack.endpoint_url
    return subprocess.run(
        [*command, "--endpoint-url", url], capture_output=True, text=True, check=True, timeout=90
    ).stdout


def tags(stack: Any, name: str) -> list[str]:
    images = stack.ecr().list_images(repositoryName=name)["imageIds"]
    return sorted(image.get("imageTag", "-") for image in images)


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_preview_says_what_a_run_then_expires(stack: Any, create_repository: Any, http: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lpp_creation.html"""
    name, ecr = create_repository(), stack.ecr()
    digests = [http.push(name, tag) for tag in ("v1", "v2", "v3")]
    text = policy(keep(1))
    code, _ = refusal(ecr.start_lifecycle_policy_preview, repositoryName=name)
    assert code == "LifecyclePolicyNotFoundException"
    code, _ = refusal(ecr.get_lifecycle_policy_preview, repositoryName=name)
    assert code == "LifecyclePolicyPreviewNotFoundException"

    started = ecr.start_lifecycle_policy_preview(repositoryName=name, lifecyclePolicyText=text)
    assert (started["status"], started["lifecyclePolicyText"]) == ("IN_PROGRESS", text)
    ecr.get_waiter("lifecycle_policy_preview_complete").wait(repositoryName=name)
    shown = ecr.get_lifecycle_policy_preview(repositoryName=name)
    assert [one["imageDigest"] for one in shown["previewResults"]] == digests[:2]
    assert {one["action"]["type"] for one in shown["previewResults"]} == {"EXPIRE"}
    assert shown["summary"] == {"expiringImageTotalCount": 2}
    expire(stack)
    assert tags(stack, name) == ["v1", "v2", "v3"], "a preview has no policy to run"

    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=text)
    printed = expire(stack)
    assert f"{name}  {digests[0]}  v1  rule 1" in printed
    assert tags(stack, name) == ["v3"]


def test_the_first_rule_that_selects_an_image_decides(stack: Any, create_repository: Any, http: Any) -> None:
    """The examples of https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html"""
    name = create_repository()
    http.push(name, "beta-1", "prod-1")
    http.push(name, "beta-2", "prod-2")
    http.push(name, "beta-3")
    rules = keep(1, "tagged", tagPrefixList=["prod"]), keep(1, "tagged", tagPrefixList=["beta"])
    stack.ecr().put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy(*rules))
    expire(stack)
    assert tags(stack, name) == ["beta-2", "beta-3", "prod-2"]


def test_an_image_needs_all_tags_of_a_rule(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository()
    http.push(name, "alpha-1")
    http.push(name, "alpha-2", "web-x")
    rule = {**older(1, "tagged"), "tagPatternList": ["alpha*", "*-x"]}
    stack.ecr().put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy(rule))
    expire(stack, 2)
    assert tags(stack, name) == ["alpha-1"]


def test_age_counts_in_days_and_members_of_a_list_stay(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository()
    manifest = http.manifest(name)
    member = http.push(name)
    alone = http.push(name)
    entry = {"mediaType": DOCKER_MANIFEST, "size": len(manifest), "digest": member}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    assert http.put(name, "all", json.dumps(index).encode()).status == 201
    stack.ecr().put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy(older(14, "untagged")))
    expire(stack, 13)
    assert len(tags(stack, name)) == 3
    assert alone in expire(stack, 14)
    left = {one["imageDigest"] for one in stack.ecr().list_images(repositoryName=name)["imageIds"]}
    assert member in left
    assert alone not in left


def test_nothing_scans_and_every_answer_says_so(stack: Any, create_repository: Any, http: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html"""
    name = create_repository(imageScanningConfiguration={"scanOnPush": True})
    digest = http.push(name, "v1")
    wanted = {"repositoryName": name, "imageId": {"imageTag": "v1"}}
    code, text = refusal(stack.ecr().describe_image_scan_findings, **wanted)
    assert code == "ScanNotFoundException"
    assert f"{{imageDigest:'{digest}', imageTag:'v1'}}" in text
    code, text = refusal(stack.ecr().start_image_scan, **wanted)
    assert code == "UnsupportedImageTypeException"
    assert "no scanner" in text
    assert f"{digest} of {name} is not scanned" in stack.localstack.log()
    code, _ = refusal(stack.ecr().describe_image_scan_findings, **{**wanted, "imageId": {"imageTag": "v2"}})
    assert code == "ImageNotFoundException"
