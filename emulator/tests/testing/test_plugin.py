"""The pytest plugin, as strangers use it: their test files run in a pytest of their own."""

import html
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.local_only

# As in the README: a function from a Zip between two streams, and what it does with 1,000 events.
STRANGERS_CONFTEST = """
import io, json, zipfile, pytest

CODE = '''
import base64, boto3, json
def handler(event, context):
    rides = [json.loads(base64.b64decode(each["kinesis"]["data"])) for each in event["Records"]]
    if any(ride["ride_id"] == "poison" for ride in rides):
        raise ValueError("a poisoned ride")
    answers = [{"Data": json.dumps({"ride_id": ride["ride_id"], "minutes": 3}), "PartitionKey": "x"} for ride in rides]
    boto3.client("kinesis").put_records(StreamName="predictions", Records=answers)
'''

def zipped():
    with zipfile.ZipFile(made := io.BytesIO(), "w") as file:
        file.writestr("function.py", CODE)
    return made.getvalue()

@pytest.fixture(scope="session")
def pipeline(emulator):
    kinesis, iam, functions = (emulator.client(name) for name in ("kinesis", "iam", "lambda"))
    for name in ("rides", "predictions"):
        kinesis.create_stream(StreamName=name, ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName=name)
    emulator.client("s3").create_bucket(
        Bucket="failed", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    emulator.client("sqs").create_queue(QueueName="unused")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="rides", AssumeRolePolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
    allowed = ["kinesis:*", "s3:*", "logs:*"]
    iam.put_role_policy(RoleName="rides", PolicyName="own", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}))
    functions.create_function(FunctionName="rides", Role=role, Runtime="python3.13", Handler="function.handler",
                              Code={"ZipFile": zipped()}, Timeout=20)
    functions.get_waiter("function_active_v2").wait(FunctionName="rides")
    account = role.split(":")[4]
    functions.create_event_source_mapping(
        FunctionName="rides", EventSourceArn=f"arn:aws:kinesis:ap-south-1:{account}:stream/rides",
        StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=0, BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}})
"""
STRANGERS_TEST = """
import os, subprocess, sys

def test_every_ride_is_predicted_once(pipeline, ledger):
    ledger.put("rides", [{"ride_id": number} for number in range(1000)])
    answers = ledger.collect("predictions", timeout=60)
    verdict = ledger.verdict(lambda ride: ride["ride_id"], lambda answer: answer["ride_id"])
    assert verdict.complete, verdict
    assert len(answers) == 1000 and not verdict.duplicated

def test_a_subprocess_uses_the_emulator(emulator):
    code = "import boto3; print(boto3.client('kinesis').list_streams()['StreamNames'])"
    done = subprocess.run([sys.executable, "-c", code], env=emulator.environment(), capture_output=True, text=True)
    assert "rides" in done.stdout, done.stderr
    assert "AWS_PROFILE" not in emulator.environment()
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Path(os.environ.get("PIPELINE_LAMBDA_RUNTIME_DIR") or Path(__file__).parents[3] / ".cache/lambda-runtime")
    monkeypatch.setenv("PIPELINE_LAMBDA_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_PROFILE", "of-the-user")


def run(pytester: pytest.Pytester, test: str, *options: str, conftest: str = "") -> pytest.RunResult:
    pytester.makeconftest(conftest)
    pytester.makepyfile(dedent(test))
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)


@pytest.mark.long_proof
def test_a_strangers_tests_pass_with_an_emulator_of_their_own(pytester: pytest.Pytester) -> None:
    result = run(pytester, STRANGERS_TEST, conftest=STRANGERS_CONFTEST)
    result.assert_outcomes(passed=2)


@pytest.mark.long_proof
def test_a_failure_shows_log_denials_and_failed_events(pytester: pytest.Pytester) -> None:
    test = """
    def test_poison(pipeline, ledger, emulator):
        ledger.put("rides", [{"ride_id": "poison"}, {"ride_id": 1}])
        ledger.collect("predictions", timeout=15)
        assert ledger.verdict(lambda ride: ride["ride_id"], lambda answer: answer["ride_id"]).complete

    def test_denied(emulator):
        iam = emulator.client("iam")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        emulator.client("kinesis", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"]).list_streams()
    """
    result = run(pytester, test, "--emulator-report=new/report.html", conftest=STRANGERS_CONFTEST)
    result.assert_outcomes(failed=2)
    page = html.unescape((pytester.path / "new" / "report.html").read_text())
    shown = result.stdout.str()
    _shows_what_the_emulator_knows(page)
    assert re.search(r"-+ the end of the emulator's log -+", shown)
    assert "lost=['poison']" in shown
    assert re.search(r"s3://failed/aws/lambda/\S+: \{", shown)
    assert re.search(r"-+ the functions' logs -+", shown)
    assert re.search(r"^rides: .*a poisoned ride", shown, re.MULTILINE)
    assert re.search(r"kinesis:ListStreams on \* by arn:aws:iam::\d+:user/nobody \(refused\)", shown)


def test_a_failed_fixture_shows_what_the_emulator_knows(pytester: pytest.Pytester, faulty: Any) -> None:
    """The fixture that deploys a pipeline fails in the setup of the first test."""
    test = """
    import pytest

    @pytest.fixture(scope="module")
    def pipeline(emulator):
        iam = emulator.client("iam")
        iam.create_user(UserName="deployer")
        key = iam.create_access_key(UserName="deployer")["AccessKey"]
        emulator.client("kinesis", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"]).list_streams()

    def test_deployed(pipeline): pass
    """
    denial = r"kinesis:ListStreams on \* by arn:aws:iam::\d+:user/deployer \(refused\)"
    result = run(pytester, test, f"--emulator={faulty.endpoint_url}", "--emulator-report=report.html")
    result.assert_outcomes(errors=1)
    assert re.search(denial, result.stdout.str())
    assert re.search(denial, html.unescape((pytester.path / "report.html").read_text()))


def test_a_proxy_is_not_asked_for_the_emulator(
    pytester: pytest.Pytester, faulty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore asks it for 127.0.0.1, too: https://github.com/localstack/localstack/pull/8066."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nothing listens there
    test = """
    import subprocess, sys

    def test_client(emulator):
        emulator.client("kinesis").list_streams()

    def test_subprocess(emulator):
        code = "import boto3; boto3.client('kinesis').list_streams()"
        subprocess.run([sys.executable, "-c", code], env=emulator.environment(), check=True)
    """
    run(pytester, test, f"--emulator={faulty.endpoint_url}").assert_outcomes(passed=2)


def _shows_what_the_emulator_knows(page: str) -> None:
    assert "✗ Failed" in page
    assert page.index("test_poison") < page.index("test_denied")
    assert re.search(r"2 events put, \d answers collected\nVerdict\(lost=\['poison'", page)
    assert "a poisoned ride" in page
    assert re.search(r"kinesis:ListStreams on \* by arn:aws:iam::\d+:user/nobody \(refused\)", page)


def test_a_page_lists_every_test_and_escapes_it(pytester: pytest.Pytester) -> None:
    test = """
    import pytest

    @pytest.fixture
    def broken():
        raise ValueError("in a fixture")

    def test_good(): print("<script>alert(1)</script>")
    def test_bad(): raise ValueError("<img src=x onerror=alert(2)>")
    def test_error(broken): pass
    @pytest.mark.skip(reason="no <b>reason</b>")
    def test_left(): pass
    """
    result = run(pytester, test, "--emulator-report=report.html")
    result.assert_outcomes(passed=1, failed=1, errors=1, skipped=1)
    result.stdout.fnmatch_lines([f"emulator report: {pytester.path}/report.html"])
    page = (pytester.path / "report.html").read_text()
    assert "1 failed, 1 error, 1 skipped, 1 passed" in page
    assert not re.search("<script|<img|<b>|https?://", page)
    for text in ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "no <b>reason</b>", "in a fixture"):
        assert html.escape(text) in page


def test_a_page_that_cannot_be_written_is_one_clear_error(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test(): pass", f"--emulator-report={pytester.path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "is a folder; name a file" in result.stderr.str()


@pytest.mark.long_proof
def test_faults_strike_and_end_with_the_test(pytester: pytest.Pytester, faulty: Any) -> None:
    test = """
    import pytest

    def test_one(emulator, faults):
        kinesis = emulator.client("kinesis")
        faults.inject({"point": "kinesis:ListStreams", "effect": "error", "code": "InvalidArgumentException",
                       "status": 400, "count": 1})
        with pytest.raises(kinesis.exceptions.InvalidArgumentException):
            kinesis.list_streams()
        assert faults.struck() == [1]
        faults.inject({"point": "kinesis:ListStreams", "effect": "error"})

    def test_two(emulator, iam_denials):
        emulator.client("kinesis").list_streams()
        assert iam_denials() == []

    def test_wrong(faults):
        faults.inject({"point": "kinesis:ListStreams", "effect": "nothing"})
    """
    result = run(pytester, test, f"--emulator={faulty.endpoint_url}")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*has no effect 'nothing'*"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("http://127.0.0.1:9", "does not answer as an emulator does"),
        ("kubernetes", "--emulator=kubernetes is unknown"),
    ],
)
def test_a_wrong_option_is_one_clear_error(pytester: pytest.Pytester, option: str, message: str) -> None:
    result = run(pytester, "def test(emulator): pass", f"--emulator={option}")
    result.assert_outcomes(errors=1)
    assert message in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_aws_is_used_only_if_it_is_asked_for_by_name(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_PROFILE")
    test = """
    def test_clients(emulator):
        assert urllib.parse.urlsplit(emulator.client("kinesis").meta.endpoint_url).hostname == HOST

    def test_faults(faults): pass
    def test_denials(iam_denials): pass
    """
    host = f'import urllib.parse\nHOST = "kinesis.ap-south-1.amazonaws.com"\n{dedent(test)}'
    pytester.makepyfile(host)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--emulator=aws")
    result.assert_outcomes(passed=1, skipped=2)


def test_nothing_starts_without_the_fixture(pytester: pytest.Pytester) -> None:
    """The plugin is loaded in every project, so it must not import LocalStack or boto3 by itself."""
    test = """
    import sys

    def test_imports():
        assert not {"boto3", "localstack", "pipeline_emulator.launcher"} & sys.modules.keys()
    """
    run(pytester, test).assert_outcomes(passed=1)


@pytest.fixture(scope="module")
def faulty(start_localstack: Any) -> Any:
    return start_localstack(FAULTS="1")


@pytest.mark.long_proof
def test_each_worker_of_xdist_has_its_own(pytester: pytest.Pytester) -> None:
    test = """
    import pytest

    @pytest.mark.parametrize("number", range(4))
    def test_one(emulator, number, worker_id):
        kinesis = emulator.client("kinesis")
        kinesis.create_stream(StreamName=f"{worker_id}-{number}", ShardCount=1)
        assert all(name.startswith(worker_id) for name in kinesis.list_streams()["StreamNames"])
    """
    run(pytester, test, "-n", "2", "--emulator-report=report.html").assert_outcomes(passed=4)
    page = (pytester.path / "report.html").read_text()
    assert [f"test_one[{number}]" in page for number in range(4)] == [True] * 4
    assert page.count("<h2>the end of the emulator&#39;s log</h2>") == 4  # what the workers know has come along


WAITS = """
import time, pathlib

def test_waits(emulator):
    pathlib.Path("endpoint").write_text(emulator.endpoint_url)
    time.sleep(100)
"""


@pytest.fixture
def waiting(pytester: pytest.Pytester, eventually: Any) -> tuple[subprocess.Popen[str], tuple[str, int]]:
    """A session of pytest that waits in a test, and its emulator's address."""
    pytester.makepyfile(WAITS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    process = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = pytester.path / "endpoint"
    eventually(lambda: told.exists() and told.read_text(), "the emulator has started", 120)
    address = urlsplit(told.read_text())
    return process, (str(address.hostname), address.port or 0)


def listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.long_proof
def test_a_termination_ends_the_emulator(waiting: tuple[subprocess.Popen[str], tuple[str, int]]) -> None:
    """As CI ends a job."""
    process, address = waiting
    process.terminate()
    shown = process.communicate(timeout=60)[0]
    assert "KeyboardInterrupt" in shown
    assert not listens(address)


@pytest.mark.long_proof
def test_the_emulator_ends_with_a_session_that_is_killed(
    waiting: tuple[subprocess.Popen[str], tuple[str, int]], eventually: Any
) -> None:
    """As pytest-xdist ends a worker whose fixtures need time: https://github.com/pytest-dev/pytest-xdist/issues/537."""
    process, address = waiting
    process.kill()
    process.communicate(timeout=60)
    eventually(lambda: not listens(address), "the emulator has ended", 30)
