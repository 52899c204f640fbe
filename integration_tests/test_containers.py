"""Features of the container runtime only: images by digest, their build, rollout, rollback and failures."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import events, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.failed import Failed
from harness.local import canary, deployment
from harness.machine.waiting import poll
from harness.paths import ECR_PASSWORD, SERVICE
from harness.setup.install import PYTHON
from harness.stack import state as stacks
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.terraform.runner import Terraform

pytestmark = pytest.mark.aws_valid


@pytest.fixture(autouse=True)
def _only_in_containers(stack: Stack) -> None:
    if stack.runtime != stacks.DOCKER:
        pytest.skip("the embedded runtime has a Zip instead of an image")


@pytest.fixture
def changed_service(tmp_path: Path) -> Callable[[str, str, str], dict[str, str]]:
    """Terraform variables for a copy of the service with a text replaced in one file."""

    def change(file: str, text: str, by: str) -> dict[str, str]:
        copy = tmp_path / "service"
        if not copy.exists():
            shutil.copytree(SERVICE, copy, ignore=shutil.ignore_patterns("__pycache__", ".*cache*"))
        source = (copy / file).read_text()
        assert text in source
        (copy / file).write_text(source.replace(text, by))
        return {"lambda_function_local_path": str(copy), "docker_image_local_path": str(copy / "Dockerfile")}

    return change


def _apply(stack: Stack, **changes: str) -> str:
    """Applies the stack's configuration with other variables; returns the resulting image."""
    image = Terraform(stack, deployment.variables(stack, stack.run_id) | changes).apply(Step("apply"))["image_uri"]
    return str(image)


def test_the_function_runs_the_digest_that_terraform_built_and_pushed(stack: Stack, clients: Clients) -> None:
    uri = stack.outputs["image_uri"]
    repository, _, digest = uri.partition("@")
    assert repository == stack.outputs["ecr_repository_url"]
    function = clients.functions.get_function(FunctionName=stack.outputs["live_alias_arn"])
    assert function["Configuration"]["PackageType"] == "Image"
    assert f"sha256:{function['Configuration']['CodeSha256']}" == digest
    assert function["Code"]["ResolvedImageUri"] == uri
    [image] = clients.ecr.describe_images(repositoryName=stack.outputs["ecr_repo"])["imageDetails"]
    assert image["imageDigest"] == digest
    assert [tag.startswith("sha-") for tag in image["imageTags"]] == [True]
    assert image["imageSizeInBytes"] < 200e6


def test_docker_login_and_pull_work_and_a_tag_cannot_be_overwritten(
    stack: Stack, clients: Clients, tmp_path: Path
) -> None:
    repository = stack.outputs["ecr_repository_url"]
    host = repository.partition("/")[0]
    docker = ["docker", "--config", str(tmp_path)]

    def run(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*docker, *words], input=given, capture_output=True, text=True, timeout=120, check=False)

    assert "no basic auth credentials" in run("pull", stack.outputs["image_uri"]).stderr
    environment = {
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": stacks.REGION,
    }
    password = subprocess.run(
        [PYTHON, "-P", ECR_PASSWORD], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    login = run("login", "--username", "AWS", "--password-stdin", host, given=password.stdout)
    assert login.returncode == 0, login.stderr
    pulled = run("pull", stack.outputs["image_uri"])
    assert pulled.returncode == 0, pulled.stderr

    [image] = clients.ecr.describe_images(repositoryName=stack.outputs["ecr_repo"])["imageDetails"]
    other = f"{repository}:{image['imageTags'][0]}"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "Dockerfile").write_text(f"FROM {stack.outputs['image_uri']}\nLABEL other=yes\n")
    assert run("build", "--tag", other, str(tmp_path / "other")).returncode == 0
    refused = run("push", other)
    assert refused.returncode != 0
    assert "immutable" in refused.stderr + refused.stdout


def test_a_changed_line_rolls_out_a_new_digest_and_the_former_one_can_be_rolled_back_to(
    stack: Stack, changed_service: Callable[[str, str, str], dict[str, str]]
) -> None:
    before = stack.outputs["image_uri"]
    # GIVEN a change outside the image THEN nothing needs to be built
    unrelated = changed_service("training/terminal.py", '"""', '"""Changed. ')
    assert Terraform(stack, deployment.variables(stack, stack.run_id) | unrelated).plan_is_empty()
    # WHEN one line of the function changes
    changed = changed_service("store_sales/processor.py", '"store_sales"', '"store_sales_changed"')
    after = _apply(stack, **changed)
    # THEN the next event is answered by a new image
    assert after != before
    assert canary.answer_to(stack, _event("changed"), Step("changed"))["model"] == "store_sales_changed"
    # WHEN the former image is set explicitly THEN nothing is built, and it answers
    assert _apply(stack, **changed, image_uri=before) == before
    assert canary.answer_to(stack, _event("rolled-back"), Step("rolled back"))["model"] == "store_sales"
    # WHEN Terraform builds again THEN the image already in the repository is used
    assert _apply(stack, **changed) == after
    assert _apply(stack) == before


@pytest.mark.long_proof
def test_a_missing_image_changes_nothing(stack: Stack) -> None:
    missing = f"{stack.outputs['ecr_repository_url']}@sha256:{'0' * 64}"
    with pytest.raises(HarnessError, match=r"does not exist\. Provide a valid source image"):
        _apply(stack, image_uri=missing)
    assert canary.answer_to(stack, _event("still-there"), Step("after the refusal"))["model"] == "store_sales"
    assert _apply(stack) == stack.outputs["image_uri"]


@pytest.mark.long_proof
def test_events_of_a_function_out_of_memory_are_kept_and_can_be_redriven(
    stack: Stack,
    clients: Clients,
    changed_service: Callable[[str, str, str], dict[str, str]],
    failed_of: Callable[[set[str]], list[Failed]],
    redrive: Callable[[list[tuple[bytes, str]]], None],
) -> None:
    # GIVEN an image that uses more memory than the function has
    greedy = changed_service(
        "store_sales/handler.py", "    return _processor", "    bytearray(2 * 2**30)\n    return _processor"
    )
    _apply(stack, **greedy)
    answer = clients.functions.invoke(FunctionName=stack.outputs["live_alias_arn"], Payload=b'{"Records": []}')
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"].endswith("Runtime exited with error: signal: killed")
    # WHEN events come THEN they are kept with their payload
    records = events.made_up(stack, 3, seed=11)
    puts = list(streams.put(clients.kinesis, stack.outputs["source_stream_name"], records))
    ids = {put.event_id for put in puts}
    kept = poll(lambda: found if len(found := failed_of(ids)) == len(ids) else None, "the failed events", deadline=120)
    assert {event.data for event in kept} == {data for data, _ in records}
    # WHEN the former image is back THEN they can be predicted
    _apply(stack)
    redrive(records)


def _event(sales_id: str) -> dict[str, Any]:
    return {"sales_input": events.sample()["sales_input"], "sales_id": sales_id}
