"""The GitHub Action: its step is run as a runner would, with files in place of GitHub's."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from pipeline_emulator.ports import free_port

pytestmark = pytest.mark.local_only

EMULATOR = Path(__file__).parents[2]


def step(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a runner's variables; GitHub's files are in `folder`."""
    for name in ("output", "env", "path"):
        (folder / name).touch()
    environment = {
        "PATH": f"{sys.base_prefix}/bin:{os.environ['PATH']}",  # as after actions/setup-python
        "HOME": str(folder),
        "SOURCE": str(EMULATOR),
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_ENV": str(folder / "env"),
        "GITHUB_PATH": str(folder / "path"),
        "REGION": "eu-west-1",
        "PORT": str(free_port()),
        "SETTINGS": "",
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))},
        **variables,
    }
    command = ["bash", str(EMULATOR / "action.sh")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)


@pytest.mark.parametrize("settings", ["IAM_ENFORCEMENT", "KEY=1\nrm -rf /", "; rm -rf /", "--port=1"])
def test_what_is_no_setting_is_refused(settings: str, tmp_path: Path) -> None:
    done = step(tmp_path, SETTINGS=settings)
    assert done.returncode == 1
    assert "::error::settings: '" in done.stdout
    assert (tmp_path / "env").read_text() == ""


@pytest.mark.long_proof
def test_the_following_steps_reach_the_emulator(tmp_path: Path) -> None:
    done = step(tmp_path, SETTINGS="FAULTS=1\nIAM_ENFORCEMENT=soft\n")
    assert done.returncode == 0, done.stdout + done.stderr
    command = Path((tmp_path / "path").read_text().strip()) / "pipeline-emulator"
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    try:
        told = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
        assert (tmp_path / "output").read_text() == f"endpoint-url={told['AWS_ENDPOINT_URL']}\n"
        kinesis = boto3.client(
            "kinesis",
            endpoint_url=told["AWS_ENDPOINT_URL"],
            region_name=told["AWS_REGION"],
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        )
        assert kinesis.list_streams()["StreamNames"] == []
        status = subprocess.run([str(command), "status"], env=home, capture_output=True, text=True, check=False)
        assert status.returncode == 0, status.stdout + status.stderr
    finally:
        subprocess.run([str(command), "stop"], env=home, check=True, capture_output=True)
