"""Functions from images in ECR, in containers: environment, failures and cleanup."""

import json
import re
import signal
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.ports import free_port

pytestmark = pytest.mark.local_only

ECHO = """
    count = 0

    def handler(event, context):
        global count
        count += 1
        print("event", event)
        return {"event": event, "count": count, "function": context.function_name}
"""


def test_environment_is_reused_and_returns_its_log(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(ECHO)

    first, second = function.invoke({"a": "ü"}), function.invoke([1])

    assert (first.error, second.error) == (None, None)
    assert first.payload == {"event": {"a": "ü"}, "count": 1, "function": function.name}
    assert second.payload["count"] == 2
    lines = [line.split()[0] for line in second.log.splitlines() if line]
    assert lines == ["START", "event", "END", "REPORT"]
    assert re.search(r"Max Memory Used: [1-9]\d* MB\tInit Duration: [0-9.]+ ms", first.log)


def test_get_function_reports_the_digest_of_the_image(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(ECHO)

    code = function.localstack.client("lambda").get_function(FunctionName=function.name)

    digest = code["Configuration"]["CodeSha256"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert code["Code"]["ResolvedImageUri"] == f"{function.image.rpartition(':')[0]}@sha256:{digest}"
    assert code["Configuration"]["PackageType"] == "Image"


def test_permissions_and_limits_of_a_function(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(
        """
        import os, pathlib, subprocess, sys

        def handler(event, context):
            try:
                pathlib.Path("/var/task/new").write_text("x")
                root = "written"
            except OSError as error:
                root = error.strerror
            program = pathlib.Path("/tmp/program")
            program.write_text("#!/bin/sh\\necho ran")
            program.chmod(0o755)
            disk = os.statvfs("/tmp")
            try:
                open("/tmp/large", "wb").write(bytes(20 * 2**20))
                open("/tmp/larger", "wb").write(bytes(600 * 2**20))
                filled = "all"
            except OSError as error:
                filled = error.strerror
            status = pathlib.Path("/proc/self/status").read_text()
            return {
                "root": root,
                "program": subprocess.check_output([str(program)], text=True).strip(),
                "tmp": disk.f_blocks * disk.f_frsize,
                "filled": filled,
                "user": os.getuid(),
                "capabilities": [line.split()[1] for line in status.splitlines() if line.startswith("CapEff")],
                "foreign": [name for name in os.environ if name.startswith("LOCALSTACK") or name == "EDGE_PORT"],
                "region": os.environ["AWS_REGION"],
                "own": os.environ["MINE"],
            }
        """,
        MemorySize=1024,
        EphemeralStorage={"Size": 600},
        Environment={"Variables": {"MINE": "yes"}},
        Timeout=20,
    )

    answer = function.invoke()

    assert answer.error is None, answer.payload
    assert answer.payload == {
        "root": "Read-only file system",
        "program": "ran",
        "tmp": 600 * 2**20,
        "filled": "No space left on device",
        "user": 993,
        "capabilities": ["0000000000000000"],
        "foreign": [],
        "region": "ap-south-1",
        "own": "yes",
    }


def test_function_calls_aws_with_its_role(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(
        """
        import boto3

        def handler(event, context):
            boto3.client("s3").put_object(Bucket=event, Key="key", Body=b"from the container")
            return boto3.client("sts").get_caller_identity()["Arn"]
        """,
        Timeout=30,
    )
    s3, bucket = function.localstack.client("s3"), f"bucket-of-{function.name}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})

    answer = function.invoke(bucket)

    assert answer.error is None, answer.payload
    assert f":assumed-role/{function.role_arn.rpartition('/')[2]}/" in answer.payload
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"from the container"


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ("exit", "Runtime exited with error: exit status 7"),
        pytest.param("kill", "Runtime exited with error: signal: killed", marks=pytest.mark.long_proof),
        pytest.param("crash", "Runtime exited with error: signal: segmentation fault", marks=pytest.mark.long_proof),
    ],
)
def test_runtime_exit_is_reported(misbehaving: Any, event: str, error: str) -> None:
    answer = misbehaving.invoke(event)

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: {error}", answer.payload["errorMessage"])
    assert "before the end" in answer.log
    assert "\tStatus: error\tError Type: Runtime.ExitError\t" in answer.log
    assert misbehaving.invoke("ok").payload == "alive"


def test_out_of_memory(misbehaving: Any, eventually: Callable[..., Any]) -> None:
    answer = misbehaving.invoke("memory")

    assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t" in answer.log
    eventually(
        lambda: "used more than its 128 MB and was killed" in misbehaving.localstack.log(), "the reason is in the log"
    )
    assert misbehaving.invoke("ok").payload == "alive"


def test_timeout(misbehaving: Any) -> None:
    answer = misbehaving.invoke("sleep")

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert answer.payload["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")
    assert "\tStatus: timeout\t" in answer.log
    assert misbehaving.invoke("ok").payload == "alive"


def test_image_configuration_overrides_the_image(create_image_function: Callable[..., Any]) -> None:
    source = """
        import os

        def handler(event, context):
            return ["handler", os.getcwd()]

        def other(event, context):
            return ["other", os.getcwd()]
    """
    function = create_image_function(source, ImageConfig={"Command": ["function.other"], "WorkingDirectory": "/usr"})
    assert function.invoke().payload == ["other", "/usr"]

    # An entry point alone keeps the image's command.
    entrypoint = ["/usr/bin/env", "EXTRA=1", "python3", "-m", "awslambdaric"]
    function.configure(ImageConfig={"EntryPoint": entrypoint})
    assert function.invoke().payload == ["handler", "/var/task"]


def test_missing_entry_point_is_reported(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(ECHO, ImageConfig={"EntryPoint": ["/no/such/program"]})

    answer = function.invoke()

    assert answer.payload["errorType"] == "Runtime.InvalidEntrypoint", answer
    assert answer.payload["errorMessage"].endswith("Error: fork/exec /no/such/program: no such file or directory")


def test_an_image_may_be_named_by_awss_name_of_the_registry(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(ECHO)
    repository = function.image.partition("/")[2]
    client = function.localstack.client("lambda")

    function.update(f"000000000000.dkr.ecr.ap-south-1.amazonaws.com/{repository}")

    code = client.get_function(FunctionName=function.name)["Code"]
    assert code["ImageUri"] == function.image
    assert code["ResolvedImageUri"].startswith(function.localstack.endpoint_url.removeprefix("http://"))
    assert function.invoke(1).error is None
    for other in ("000000000000.dkr.ecr.eu-west-1", "111111111111.dkr.ecr.ap-south-1"):
        with pytest.raises(ClientError, match="is not valid"):
            client.update_function_code(FunctionName=function.name, ImageUri=f"{other}.amazonaws.com/{repository}")


def test_missing_image_is_refused_as_on_aws(create_image_function: Callable[..., Any], create_role: Any) -> None:
    function = create_image_function(ECHO)
    repository, _, _ = function.image.rpartition(":")
    client = function.localstack.client("lambda")
    for uri, reason in (
        (f"{repository}:missing", "does not exist"),
        (f"{repository}@sha256:{'0' * 64}", "does not exist"),
        (f"{repository}-other:v1", "does not exist"),
        ("python:3.13", "is not valid"),
    ):
        with pytest.raises(ClientError) as error:
            client.create_function(
                FunctionName="missing",
                Role=create_role(function.localstack),
                PackageType="Image",
                Code={"ImageUri": uri},
            )
        assert error.value.response["Error"] == {
            "Code": "InvalidParameterValueException",
            "Message": f"Source image {uri} {reason}. Provide a valid source image.",
        }
        with pytest.raises(ClientError, match=reason):
            client.update_function_code(FunctionName=function.name, ImageUri=uri)
    assert function.invoke(1).error is None


def test_image_of_another_architecture_is_refused_with_the_remedy(create_image_function: Callable[..., Any]) -> None:
    machine = create_image_function(ECHO).configuration()["Architectures"][0]
    other = "arm64" if machine == "x86_64" else "x86_64"

    function = create_image_function(ECHO, Architectures=[other])

    configuration = function.configuration()
    assert configuration["State"] == "Failed"
    assert f"the function for {other}" in configuration["StateReason"]
    assert "--platform linux/" in configuration["StateReason"]
    client = function.localstack.client("lambda")
    client.delete_function(FunctionName=function.name)  # although it never ran
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function(FunctionName=function.name)


def test_functions_from_zips_and_images_run_side_by_side(
    image_localstack: Any, create_function: Callable[..., Any], create_image_function: Callable[..., Any]
) -> None:
    source = """
        import os
        import boto3

        def handler(event, context):
            return {"user": boto3.client("sts").get_caller_identity()["Arn"].split("/")[1],
                    "container": os.path.exists("/.dockerenv")}
    """
    from_zip = create_function(source, where=image_localstack)
    from_image = create_image_function(source)
    for function, container in ((from_zip, False), (from_image, True)):
        answer = function.invoke({}).payload
        assert answer == {"user": function.role_arn.rpartition("/")[2], "container": container}


@pytest.mark.long_proof
def test_without_the_bridges_address_a_function_from_an_image_fails_with_the_remedy(
    start_localstack: Callable[..., Any], create_image_function: Callable[..., Any], start_registry: Callable[..., Any]
) -> None:
    registry = start_registry(free_port())
    loopback = start_localstack(LAMBDA_RUNTIME_EXECUTOR="auto", PIPELINE_ECR_REGISTRY_URL=registry.url)
    function = create_image_function("def handler(event, context): ...", where=loopback)
    reason = function.configuration()["StateReason"]
    assert re.search(r"it listens at 127\.0\.0\.1 only: start it with --host 127\.0\.0\.1,[0-9.]+$", reason)


def test_update_deploys_a_new_image_and_then_the_old_one(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function("def handler(event, context):\n    return 'old'")
    old = function.image
    assert function.invoke().payload == "old"

    function.push("def handler(event, context):\n    return 'new'")
    assert function.invoke().payload == "new"
    function.update(old)
    assert function.invoke().payload == "old"


def test_image_that_the_engine_lacks_is_pulled(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function("def handler(event, context):\n    return 'old'")
    image = function.build("def handler(event, context):\n    return 'pulled'")
    function.docker.remove(image)

    function.update(image)

    assert function.invoke().payload == "pulled"


def test_no_container_is_left_behind(
    create_image_function: Callable[..., Any], misbehaviour: str, eventually: Callable[..., Any]
) -> None:
    function = create_image_function(misbehaviour, Timeout=2)
    before = function.containers()
    for event in ("exit", "fork", "sleep", "ok"):
        function.invoke(event)
    eventually(lambda: len(function.containers()) == len(before) + 1, "one environment is left")
    function.localstack.client("lambda").delete_function(FunctionName=function.name)
    eventually(lambda: function.containers() == before, "a deleted function leaves no container")


@pytest.mark.long_proof
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_containers_are_removed_when_localstack_ends_or_starts_again(
    start_image_localstack: Callable[..., Any],
    create_image_function: Callable[..., Any],
    misbehaviour: str,
    eventually: Callable[..., Any],
    how: signal.Signals,
) -> None:
    localstack = start_image_localstack()
    function = create_image_function(misbehaviour, where=localstack, Timeout=300)
    function.invoke("ok")
    localstack.client("lambda").invoke(
        FunctionName=function.name, InvocationType="Event", Payload=json.dumps("sleep").encode()
    )
    eventually(lambda: len(function.containers()) == 1, "a container runs")

    localstack.process.send_signal(how)
    eventually(lambda: localstack.process.poll() is not None, "LocalStack ends", 30)
    if how is signal.SIGKILL:
        assert function.containers()
        start_image_localstack(PIPELINE_STACK=str(localstack.folder))
    eventually(lambda: not function.containers(), "no container is left", 20)


def test_an_index_of_images_is_refused_with_the_remedy(image_localstack: Any, create_role: Callable[..., str]) -> None:
    """As buildx pushes it, with attestations."""
    ecr, name = image_localstack.client("ecr"), f"index-{uuid.uuid4().hex[:8]}"
    repository = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    media_type = "application/vnd.oci.image.index.v1+json"
    index = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": []})
    pushed = ecr.put_image(
        repositoryName=name, imageManifest=index, imageManifestMediaType=media_type, imageTag="latest"
    )
    try:
        for reference in (":latest", f"@{pushed['image']['imageId']['imageDigest']}"):
            with pytest.raises(ClientError, match=r"media type for the source image .* is not supported.*--provenance"):
                image_localstack.client("lambda").create_function(
                    FunctionName=name, Role=create_role(image_localstack), PackageType="Image",
                    Code={"ImageUri": repository + reference},
                )  # fmt: skip
    finally:
        ecr.delete_repository(repositoryName=name, force=True)
