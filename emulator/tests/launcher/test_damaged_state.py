"""A data folder whose files are damaged: the command says what to do, and nothing is left running."""

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline_emulator.ports import free_port

pytestmark = pytest.mark.local_only

PROGRAM = Path(sys.prefix) / "bin" / "pipeline-emulator"
STATE = Path("var/lib/localstack/state/pipeline_emulator")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def run(tmp_path: Path, port: int) -> Iterator[Run]:
    """Return a function that runs the command with PERSISTENCE=1; what it started is stopped at the end."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PIPELINE_DATA": str(tmp_path / "data"),
        "PIPELINE_PORT": str(port),
        "PIPELINE_STACK": str(tmp_path),
        "PERSISTENCE": "1",
    }

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([PROGRAM, *arguments], env=env, capture_output=True, text=True, timeout=200, check=False)

    yield call
    call("stop")


def marked(folder: Path) -> list[int]:
    """Return the processes that belong to a stack."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PIPELINE_STACK") == str(folder):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def kinesis(port: int) -> Any:
    return boto3.client(
        "kinesis",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="ap-south-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.long_proof
@pytest.mark.parametrize("name", ["kinesis.sqlite3", "checkpoints.sqlite3"])
def test_damaged_file_is_one_error_and_nothing_is_left_running(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "data" / STATE / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"damaged" * 5000)
    done = run("start", "--detach")
    assert done.returncode == 1
    *warnings, error, remedy = done.stderr.splitlines()
    assert error.startswith(f"error: {file} is damaged: file is not a database. It holds "), done.stderr
    assert remedy.startswith("next:  restore the file from a copy")
    assert f"rm {file}*" in remedy
    assert "Traceback" not in "\n".join(warnings)
    assert marked(tmp_path) == []
    assert file.read_bytes() == b"damaged" * 5000


def put(kinesis: Any, *data: bytes) -> list[dict[str, Any]]:
    records = [{"Data": one, "PartitionKey": "key"} for one in data]
    found: list[dict[str, Any]] = kinesis.put_records(StreamName="s", Records=records)["Records"]
    return found


def read(kinesis: Any) -> list[bytes]:
    position = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName="s", **position)["ShardIterator"]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


@pytest.mark.long_proof
def test_full_disk_is_retryable_and_lost_records_are_counted(run: Run, tmp_path: Path, kinesis: Any) -> None:
    # GIVEN an emulator with a record WHEN its files cannot grow
    assert run("start", "--detach").returncode == 0
    pid = int(re.findall(r"process (\d+)", run("status").stdout)[0])
    kinesis.create_stream(StreamName="s", ShardCount=1)
    put(kinesis, b"first")
    log = tmp_path / "data" / STATE / "kinesis.sqlite3-wal"
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    # The emulator's own log may still grow.
    grown = max(log.stat().st_size, (tmp_path / "data" / "localstack.log").stat().st_size) + 200_000
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (grown, unlimited[1]))
    acknowledged = [b"first"]
    # THEN records are refused with AWS's code for a later retry
    while "SequenceNumber" in (placed := put(kinesis, large := os.urandom(100_000))[0]):
        acknowledged.append(large)
    assert placed["ErrorCode"] == "InternalFailure"
    with pytest.raises(ClientError) as error:
        kinesis.put_record(StreamName="s", Data=large, PartitionKey="key")
    assert error.value.response["Error"]["Code"] == "InternalFailure"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "kinesis.sqlite3 cannot be read or written" in (tmp_path / "data" / "localstack.log").read_text()
    # AND once there is room, they are accepted, and nothing is lost by a kill
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    put(kinesis, b"a", b"b")
    acknowledged += [b"a", b"b"]
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 10)
    started = run("start", "--detach")
    assert "gone" not in started.stderr
    assert read(kinesis) == acknowledged
    # WHEN the log of a killed emulator is lost THEN the next one says how many records are gone
    put(kinesis, b"c", b"d", b"e")
    pid = int(re.findall(r"process (\d+)", run("status").stdout)[0])
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 10)
    log.unlink()
    started = run("start", "--detach")
    gone = (
        len(acknowledged) + 3 - len(read(kinesis)) if kinesis.list_streams()["StreamNames"] else len(acknowledged) + 3
    )
    assert gone >= 3
    assert f"warning: {gone} acknowledged records are gone" in started.stderr
