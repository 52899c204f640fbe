"""The wheel alone, in an empty environment: a stranger's tests pass with nothing else of this repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_emulator.ports import free_port

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

EMULATOR = Path(__file__).parents[2]
CONFTEST = """
import json, pytest

@pytest.fixture(scope="session")
def pipeline(emulator, tmp_path_factory):
    import io, zipfile
    kinesis, iam, functions = (emulator.client(name) for name in ("kinesis", "iam", "lambda"))
    for name in ("rides", "answers"):
        kinesis.create_stream(StreamName=name, ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName=name)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    own = {"Effect": "Allow", "Action": ["kinesis:*", "logs:*"], "Resource": "*"}
    trust, own = (json.dumps({"Version": "2012-10-17", "Statement": one}) for one in (trust, own))
    role = iam.create_role(RoleName="rides", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="rides", PolicyName="own", PolicyDocument=own)
    with zipfile.ZipFile(made := io.BytesIO(), "w") as file:
        file.writestr("function.py", CODE)
    functions.create_function(FunctionName="rides", Role=role, Runtime="python3.13", Handler="function.handler",
                              Code={"ZipFile": made.getvalue()}, Timeout=20)
    functions.get_waiter("function_active_v2").wait(FunctionName="rides")
    stream = kinesis.describe_stream_summary(StreamName="rides")["StreamDescriptionSummary"]["StreamARN"]
    functions.create_event_source_mapping(FunctionName="rides", EventSourceArn=stream,
                                          StartingPosition="TRIM_HORIZON")

CODE = '''
import base64, boto3, json
def handler(event, context):
    rides = [json.loads(base64.b64decode(each["kinesis"]["data"])) for each in event["Records"]]
    answers = [{"Data": json.dumps({"ride_id": ride["ride_id"]}), "PartitionKey": "x"} for ride in rides]
    boto3.client("kinesis").put_records(StreamName="answers", Records=answers)
'''
"""
# The README's test.
TEST = """
def test_every_ride_is_predicted(pipeline, ledger):
    ledger.put("rides", [{"ride_id": number} for number in range(1000)])
    ledger.collect("answers", timeout=60)
    verdict = ledger.verdict(lambda ride: ride["ride_id"], lambda answer: answer["ride_id"])
    assert verdict.complete, verdict
"""

INVOKE = """
import boto3, io, json, zipfile
iam, functions = boto3.client("iam"), boto3.client("lambda")
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
document = json.dumps({"Version": "2012-10-17", "Statement": trust})
role = iam.create_role(RoleName="any", AssumeRolePolicyDocument=document)["Role"]["Arn"]
with zipfile.ZipFile(made := io.BytesIO(), "w") as file:
    file.writestr("function.py", "def handler(event, context): return 2 * event")
functions.create_function(FunctionName="any", Role=role, Runtime="python3.13", Handler="function.handler",
                          Code={"ZipFile": made.getvalue()})
functions.get_waiter("function_active_v2").wait(FunctionName="any")
print(json.load(functions.invoke(FunctionName="any", Payload=b"21")["Payload"]))
"""


@pytest.fixture(scope="module")
def uv() -> str:
    """The installer, on the PATH or in this checkout's environment."""
    found = shutil.which("uv") or str(EMULATOR.parent / ".venv" / "bin" / "uv")
    if not Path(found).exists():
        pytest.skip("uv is not installed")
    return found


@pytest.fixture(scope="module")
def python(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel, what it requires, and pytest."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=EMULATOR, check=True)
    (wheel,) = folder.glob("pipeline_emulator-*.whl")
    subprocess.run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, "--constraint", str(EMULATOR / "requirements.txt"), str(wheel), "pytest"], check=True)
    return python


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home and no container engine, but the way to the packages."""
    kept = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "HTTPS_PROXY")
    own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "DOCKER_HOST": "unix:///nowhere"}
    return own | {name: os.environ[name] for name in kept if name in os.environ}


def test_a_strangers_tests_pass_without_containers(python: Path, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_rides.py").write_text(TEST)
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_installed_command_runs_a_function_from_a_zip_at_once(
    python: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    def run(command: str, *arguments: str) -> str:
        program = [str(python.with_name(command)), *arguments]
        done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "--lambda-executor" in run("pipeline-emulator", "start", "--help")
    (tmp_path / "invoke.py").write_text(INVOKE)
    assert "installing the packages" in run("pipeline-emulator", "start", "--detach", "--port", str(free_port()))
    try:
        assert run("pipeline-emulator", "env", str(python), "invoke.py").strip() == "42"
    finally:
        assert "stopped" in run("pipeline-emulator", "stop")
