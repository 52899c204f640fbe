"""Third-party clients, each in its own process beside the LocalStack under test."""

import dataclasses
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "ap-south-1"}
END_SECONDS = 30


@dataclasses.dataclass
class Client:
    """A running client: it stops when its standard input closes and writes events to `output`."""

    process: subprocess.Popen[bytes]
    output: Path

    def events(self) -> list[dict[str, Any]]:
        """Return the events printed so far, whole lines only; fail the test if the client died."""
        text = self.output.read_text()
        if self.process.poll():
            pytest.fail(f"{self.process.args!r} ended with {self.process.returncode}:\n{text[-2000:]}")
        lines = text.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def end(self) -> None:
        """Stop the client in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(END_SECONDS)


@pytest.fixture(scope="module")
def run_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    """Return a function that starts a script of this folder in the clients' environment, with extra variables."""
    root = HERE.parents[3]
    venv = Path(os.environ.get("PIPELINE_KINESIS_CLIENTS_VENV") or root / ".cache/emulator/kinesis-clients").absolute()
    if not (venv / "bin" / "python").exists():
        pytest.fail(f"{venv} is missing: run `make setup`, or set PIPELINE_KINESIS_CLIENTS_VENV", pytrace=False)
    started: list[Client] = []

    def run(script: str, *arguments: str, **variables: str) -> Client:
        output = tmp_path_factory.mktemp("client") / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [venv / "bin" / "python", HERE / script, *arguments],
                env={"PATH": os.environ["PATH"], **CREDENTIALS, **variables},
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        started.append(Client(process, output))
        return started[-1]

    yield run
    for client in started:
        client.process.kill()
        client.process.communicate()


@pytest.fixture(scope="module")
def lease_table(run_client: Callable[..., Client], eventually: Callable[..., Any]) -> str:
    """The address of a DynamoDB, which this LocalStack does not have."""
    output = run_client("lease_table.py").output
    lines = eventually(lambda: [line for line in output.read_text().split() if line.startswith("http")], "it answers")
    return str(lines[0])
