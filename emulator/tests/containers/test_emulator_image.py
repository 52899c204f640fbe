"""The emulator's image, run alone with `docker run` on a port that the engine chooses."""

import json
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.testing.emulator import Emulator

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

SOCKET = Path("/var/run/docker.sock")
START_SECONDS = 90


@pytest.fixture
def start(emulator_image: str, tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Start the image with options of `docker run`; all are removed afterwards."""
    stack = ["--env", f"PIPELINE_STACK={tmp_path}"]  # by which conftest.py finds the images that it makes
    started: list[str] = []

    def start(*options: str) -> Emulator:
        command = ["docker", "run", "--detach", "--publish", "127.0.0.1:0:4566", *stack, *options, emulator_image]
        started.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
        port = subprocess.run(["docker", "port", started[-1], "4566"], check=True, capture_output=True, text=True)
        container = Emulator(f"http://{port.stdout.split()[0]}", "ap-south-1")
        deadline = time.monotonic() + START_SECONDS
        while not answers(container):
            logs = subprocess.run(["docker", "logs", started[-1]], capture_output=True, text=True, check=False)
            assert time.monotonic() < deadline, logs.stdout + logs.stderr
            time.sleep(0.2)
        return container

    yield start
    for one in started:
        subprocess.run(["docker", "rm", "--force", "--volumes", one], check=True, capture_output=True)


def answers(container: Emulator) -> bool:
    try:
        with urllib.request.urlopen(f"{container.endpoint_url}/_localstack/health", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def with_socket() -> list[str]:
    return ["--volume", f"{SOCKET}:/var/run/docker.sock", "--group-add", str(SOCKET.stat().st_gid)]


def test_services_and_both_kinds_of_functions_work_on_any_port(
    start: Callable[..., Emulator],
    create_function: Callable[..., Any],
    create_image_function: Callable[..., Any],
) -> None:
    container = start(*with_socket(), "--security-opt", "seccomp=unconfined")
    s3, sqs = container.client("s3"), container.client("sqs")
    s3.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    s3.put_object(Bucket="models", Key="model", Body=b"weights")
    assert s3.get_object(Bucket="models", Key="model")["Body"].read() == b"weights"
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    assert url == f"{container.endpoint_url}/000000000000/failed"
    source = """
        import os

        def handler(event, context):
            return {"event": event, "user": os.getuid(), "socket": os.path.exists("/var/run/docker.sock")}
    """
    expected = {"event": {"a": 1}, "user": 993, "socket": False}
    from_zip = create_function(source, where=container)
    assert from_zip.invoke({"a": 1}).payload == expected
    from_image = create_image_function(source, where=container)
    assert f"http://{from_image.image}".startswith(f"{container.endpoint_url}/")
    assert from_image.invoke({"a": 1}).payload == expected


def test_without_a_sandbox_a_zip_runs_where_it_cannot_reach_the_engine(
    start: Callable[..., Emulator], create_function: Callable[..., Any], choose_image: Callable[[str], str]
) -> None:
    """Docker's default seccomp profile forbids user namespaces."""
    base = choose_image("public.ecr.aws/lambda/python:3.13")
    images = ["--env", f"LAMBDA_RUNTIME_IMAGE_MAPPING={json.dumps({'python3.13': base})}"]
    source = """
        import os

        def handler(event, context):
            return [path for path in ("/var/run/docker.sock", "/opt/localstack") if os.path.exists(path)]
    """
    for options, visible in ((with_socket(), []), ([], ["/opt/localstack"])):
        container = start(*options, *images)
        assert create_function(source, where=container).invoke().payload == visible


@pytest.mark.parametrize("options", [["--security-opt", "seccomp=unconfined"], []], ids=["sandbox", "no sandbox"])
def test_functions_with_layers_and_a_runtime_of_their_own(
    start: Callable[..., Emulator],
    create_function: Callable[..., Any],
    executables: Callable[..., bytes],
    bash_runtime: Callable[[str], str],
    options: list[str],
) -> None:
    container = start(*options)
    layer = executables({"bin/layer-program": "#!/bin/sh\necho '[\"from a layer\"]'\n"})
    published = container.client("lambda").publish_layer_version(LayerName="tools", Content={"ZipFile": layer})
    custom = {
        "Runtime": "provided.al2023",
        "Code": {"ZipFile": executables({"bootstrap": bash_runtime("layer-program")})},
    }

    function = create_function(where=container, Layers=[published["LayerVersionArn"]], **custom)

    assert function.invoke({"a": 1}).payload == ["from a layer"]
    state = create_function("def handler(event, context): ...", where=container, Runtime="python3.12").configuration()
    assert "runtime python3.12 needs Python 3.12, and none was found" in state["StateReason"]


def test_streams_in_a_volume_survive_a_kill(start: Callable[..., Emulator]) -> None:
    volume = f"emulator-{uuid.uuid4().hex[:8]}"
    options = ["--volume", f"{volume}:/var/lib/localstack", "--env", "PERSISTENCE=1"]
    try:
        kinesis = start(*options).client("kinesis")
        kinesis.create_stream(StreamName="rides", ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName="rides", WaiterConfig={"Delay": 1})
        kinesis.put_record(StreamName="rides", Data=json.dumps({"ride": 1}).encode(), PartitionKey="a")
        running = ["docker", "ps", "--quiet", "--filter", f"volume={volume}"]
        (first,) = subprocess.run(running, check=True, capture_output=True, text=True).stdout.split()
        subprocess.run(["docker", "kill", first], check=True, capture_output=True)
        kinesis = start(*options).client("kinesis")
        shard = kinesis.list_shards(StreamName="rides")["Shards"][0]["ShardId"]
        place = kinesis.get_shard_iterator(StreamName="rides", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        (record,) = kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]
        assert json.loads(record["Data"]) == {"ride": 1}
    finally:
        subprocess.run(["docker", "volume", "rm", "--force", volume], check=False, capture_output=True)
