"""testcontainers' own LocalStack container with the emulator's image, and the class that takes its place."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from testcontainers.community.localstack import LocalStackContainer
from testcontainers.core.config import ConnectionMode, testcontainers_config

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.testing.containers import PipelineEmulatorContainer
from pipeline_emulator.testing.emulator import Emulator
from pipeline_emulator.testing.ledger import Ledger

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

CODE = """
import base64, boto3, json

def handler(event, context):
    rides = [json.loads(base64.b64decode(each["kinesis"]["data"])) for each in event["Records"]]
    answers = [{"Data": json.dumps({"ride": ride["ride"]}), "PartitionKey": "x"} for ride in rides]
    boto3.client("kinesis").put_records(StreamName="answers", Records=answers)
"""


@pytest.fixture(autouse=True)
def _without_the_reaper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its image may be out of reach. Each test removes its container."""
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)


def run_pipeline(container: Any) -> None:
    """Answer an event from stream to stream, by a function from a Zip."""
    kinesis, iam, functions = (container.get_client(name) for name in ("kinesis", "iam", "lambda"))
    for name in ("rides", "answers"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": ["kinesis:*", "logs:*"], "Resource": "*"}
    trusted, own = (json.dumps({"Version": "2012-10-17", "Statement": one}) for one in (trust, allowed))
    role = iam.create_role(RoleName="rides", AssumeRolePolicyDocument=trusted)
    iam.put_role_policy(RoleName="rides", PolicyName="own", PolicyDocument=own)
    with zipfile.ZipFile(made := io.BytesIO(), "w") as file:
        file.writestr("function.py", CODE)
    functions.create_function(
        FunctionName="rides", Role=role["Role"]["Arn"], Runtime="python3.13", Handler="function.handler",
        Code={"ZipFile": made.getvalue()}, Timeout=20,
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="rides", WaiterConfig={"Delay": 1})
    functions.create_event_source_mapping(
        FunctionName="rides",
        EventSourceArn=kinesis.describe_stream_summary(StreamName="rides")["StreamDescriptionSummary"]["StreamARN"],
        StartingPosition="TRIM_HORIZON",
    )
    ledger = Ledger(Emulator(container.get_url(), container.region_name))
    ledger.put("rides", [{"ride": 7}])
    assert ledger.collect("answers") == [{"ride": 7}]


@pytest.mark.filterwarnings("ignore:The wait_for_logs function:DeprecationWarning")  # testcontainers calls it itself
def test_the_stock_container_works_with_the_emulators_image(emulator_image: str) -> None:
    stock: Any = LocalStackContainer(emulator_image, region_name="eu-west-1").with_services("kinesis", "sqs")
    with stock as container:
        queues = container.get_client("sqs")
        url = queues.create_queue(QueueName="failed")["QueueUrl"]
        assert url.startswith(container.get_url())
        buckets = container.get_client("s3")
        buckets.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        buckets.put_object(Bucket="models", Key="model", Body=b"weights")
        assert buckets.get_object(Bucket="models", Key="model")["Body"].read() == b"weights"
        run_pipeline(container)


def test_our_container_takes_its_place_with_settings_and_images(
    emulator_image: str, create_image_function: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else testcontainers takes a machine with /.dockerenv for a container, which reaches others through the bridge.
    monkeypatch.setattr(testcontainers_config, "connection_mode_override", ConnectionMode.docker_host)
    container = PipelineEmulatorContainer(emulator_image, region_name="ap-south-1").with_settings(
        iam_enforcement="soft", faults=True
    )
    with container.with_engine() as running:
        assert running.get_client("kinesis").list_streams()["StreamNames"] == []
        host, port = running.get_container_host_ip(), running.get_exposed_port(4566)
        assert running.get_url() == f"http://{host}:{port}"
        bound = running.get_wrapped_container().attrs["NetworkSettings"]["Ports"]["4566/tcp"]
        assert {each["HostIp"] for each in bound} == {"127.0.0.1"}
        settings = running.get_wrapped_container().attrs["Config"]["Env"]
        assert {"IAM_ENFORCEMENT=soft", "FAULTS=1"} <= set(settings)
        where = Emulator(running.get_url().replace("localhost", "127.0.0.1"), running.region_name)
        function = create_image_function("def handler(event, context): return event", where=where)
        assert function.invoke({"a": 1}).payload == {"a": 1}


def test_an_unknown_setting_is_refused_with_the_known_ones(emulator_image: str) -> None:
    with pytest.raises(EmulatorError, match="no setting persistent") as refused:
        PipelineEmulatorContainer(emulator_image).with_settings(persistent=True)
    assert "persistence" in refused.value.next_step
