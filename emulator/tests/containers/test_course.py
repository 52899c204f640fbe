"""The Terraform that courses teach, unchanged: no outputs, a local-exec that builds and pushes, a base image of AWS."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.local_only, pytest.mark.timeout(600)]

COURSE = Path(__file__).with_name("course")
BASE = "public.ecr.aws/lambda/python:3.13"
TEST = """
    import json, pytest

    @pytest.fixture
    def stack(terraform_stack):
        variables = {"aws_region": "REGION", "project_id": "PROJECT"}
        # A role that may not write traces used to hold up the apply for almost six minutes, until it failed.
        return terraform_stack("infrastructure", "vars/stg.tfvars", variables, timeout=240)

    def test_everything_is_made_in_the_region(stack, emulator):
        assert stack.outputs == {}
        assert emulator.region == "REGION"
        function = emulator.client("lambda").get_function(FunctionName="ride_prediction_PROJECT")
        assert ":REGION:" in function["Configuration"]["FunctionArn"]
        assert function["Configuration"]["TracingConfig"] == {"Mode": "Active"}
        assert function["Configuration"]["Timeout"] == 180
        for bucket in "ride-models-PROJECT", "ride-models-PROJECT-data":
            (grant,) = emulator.client("s3").get_bucket_acl(Bucket=bucket)["Grants"]
            assert grant["Permission"] == "FULL_CONTROL"

    def test_rides_are_predicted_by_the_model_of_the_run(stack, emulator, ledger):
        key = "1/e1/artifacts/model/line.json"
        line = json.dumps({"minutes": 5, "minutes_per_mile": 3})
        emulator.client("s3").put_object(Bucket="ride-models-PROJECT", Key=key, Body=line)
        functions = emulator.client("lambda")
        variables = {
            "RUN_ID": "e1",
            "MODEL_BUCKET": "ride-models-PROJECT",
            "PREDICTIONS_STREAM_NAME": "ride_predictions-PROJECT",
        }
        functions.update_function_configuration(
            FunctionName="ride_prediction_PROJECT", Environment={"Variables": variables}
        )
        functions.get_waiter("function_updated_v2").wait(
            FunctionName="ride_prediction_PROJECT", WaiterConfig={"Delay": 1}
        )
        ride = {"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.5}
        ledger.put("ride_events-PROJECT", [{"ride": ride, "ride_id": number} for number in range(156, 256)])
        answers = ledger.collect("ride_predictions-PROJECT", timeout=90)
        assert {answer["duration"] for answer in answers} == {15.5}
        verdict = ledger.verdict(lambda event: event["ride_id"], lambda answer: answer["ride_id"])
        assert verdict.complete, verdict
"""


@pytest.fixture
def project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, choose_image: Callable[[str], str]
) -> Callable[[str], str]:
    """Return a function that makes a copy of the course's project for a region, and returns the id of the project."""
    shutil.copytree(COURSE, pytester.path, dirs_exist_ok=True)
    monkeypatch.setenv("HOME", os.environ["HOME"])  # pytester changes it; the engine's plugins are there
    if (base := choose_image(BASE)) != BASE:
        monkeypatch.setenv("PIPELINE_BASE_IMAGES", f"{BASE.partition(':')[0]}={base}")

    def make(region: str) -> str:
        monkeypatch.setenv("AWS_REGION", region)
        identity = region.replace("-", "")
        pytester.makepyfile(dedent(TEST).replace("REGION", region).replace("PROJECT", identity))
        return identity

    return make


@pytest.mark.parametrize("region", ["eu-west-1", pytest.param("ap-south-1", marks=pytest.mark.long_proof)])
def test_a_courses_project_is_applied_unchanged_and_answers_every_event(
    region: str, project: Callable[[str], str], pytester: pytest.Pytester, image_localstack: Any
) -> None:
    url = image_localstack.endpoint_url
    identity = project(region)
    try:
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--emulator={url}", timeout=550)
    finally:
        image = f"{url.removeprefix('http://')}/ride_model_duration_{identity}:latest"
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)
    result.assert_outcomes(passed=2)
