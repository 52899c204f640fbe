"""The Terraform that courses teach, unchanged: no outputs, a local-exec that builds and pushes, a base image of AWS."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from pipeline_emulator.testing import terraform_setup

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[3]
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


def test_a_courses_project_is_applied_unchanged_and_answers_every_event(
    project: Callable[[str], str], pytester: pytest.Pytester, image_localstack: Any
) -> None:
    url = image_localstack.endpoint_url
    identity = project("ap-south-1")  # by hand it is applied in another region
    try:
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--emulator={url}", timeout=550)
    finally:
        image = f"{url.removeprefix('http://')}/ride_model_duration_{identity}:latest"
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("program", ["terraform", "tflocal"])
def test_by_hand_with_the_state_in_a_bucket(
    program: str, project: Callable[[str], str], pytester: pytest.Pytester, image_localstack: Any
) -> None:
    """The bucket of the backend is made by hand, as the course says; everything else is in the project."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:{ROOT / '.venv/bin'}")
    assert found, "run `make setup`"
    project("eu-west-1")
    region, bucket = "eu-west-1", "tf-state-of-the-rides"
    environment = {**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    if mirror := terraform_setup.find_mirror(terraform_setup._MIRRORS):
        configuration = pytester.path / "terraform.rc"
        configuration.write_text(terraform_setup._MIRROR_CONFIGURATION.format(mirror=mirror))
        environment["TF_CLI_CONFIG_FILE"] = str(configuration)
    url = image_localstack.endpoint_url
    launcher = [Path(sys.prefix) / "bin" / "pipeline-emulator", "env", "--endpoint-url", url, "--region", region]

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            [*launcher, *command],
            cwd=pytester.path / "infrastructure", env=environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("aws", "s3", "mb", f"s3://{bucket}")
    variables = ["-input=false", "-no-color", "-var-file=vars/stg.tfvars", f"-var=project_id={program}"]
    try:
        # tflocal's backend would put the bucket's name in front of the address.
        style = ["-backend-config=use_path_style=true"] if program == "tflocal" else []
        run(found, "init", "-input=false", "-no-color", *style)
        run(found, "apply", "-auto-approve", *variables)
        run(found, "plan", "-detailed-exitcode", *variables)  # status 2 if it has changes
        assert "rides-stg.tfstate" in run("aws", "s3", "ls", f"s3://{bucket}")
        run(found, "destroy", "-auto-approve", *variables)
    finally:
        image = f"{url.removeprefix('http://')}/ride_model_duration_{program}:latest"
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)
        run("aws", "s3", "rb", "--force", f"s3://{bucket}")
