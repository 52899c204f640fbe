"""The commands as the Makefile calls them: credentials in the environment, and endpoints that must get no request."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.paths import ROOT, SCRIPTS

# The promise is five; a machine that is busy with other tests gets more.
SECONDS = 5 * 8
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}


class Silent:
    """A server on the loopback address that never answers and counts its connections."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except OSError:
                return
            self.connections += 1

    def close(self) -> None:
        """Close all connections."""
        self._socket.shutdown(socket.SHUT_RDWR)
        for one in (self._socket, *self._held):
            one.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    """A server that never answers."""
    server = Silent()
    yield server
    server.close()


def _stage(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    command = [sys.executable, "-m", "harness", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=env | variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("action", ["deploy", "destroy"])
def test_missing_credentials_are_reported_quickly(tmp_path: Path, silent: Silent, action: str) -> None:
    """Even if the instance metadata endpoint, where EC2 gets a role's credentials, never answers."""
    done = _stage(tmp_path, action, "stg", AWS_EC2_METADATA_SERVICE_ENDPOINT=silent.url)
    assert "there are no AWS credentials" in done.stderr
    assert silent.connections > 0  # it was asked


def test_a_missing_profile_is_reported(tmp_path: Path) -> None:
    done = _stage(tmp_path, "deploy", "stg", AWS_PROFILE="nobody")
    assert "nobody" in done.stderr
    assert "AWS_PROFILE" in done.stderr


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"AWS_ENDPOINT_URL": "{url}"}, "AWS_ENDPOINT_URL="),
        ({"AWS_ENDPOINT_URL_STS": "{url}"}, "AWS_ENDPOINT_URL_STS="),
        ({"AWS_STS_ENDPOINT": "{url}"}, "AWS_STS_ENDPOINT="),
        ({"AWS_PROFILE": "role"}, "profile base sets endpoint_url"),  # STS would be asked for the role's credentials
    ],
)
def test_no_setting_sends_a_request_elsewhere(
    tmp_path: Path, silent: Silent, variables: dict[str, str], says: str
) -> None:
    config = tmp_path / ".aws" / "config"
    config.parent.mkdir()
    config.write_text(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n"
        f"[profile base]\nendpoint_url = {silent.url}\naws_access_key_id = x\naws_secret_access_key = y\n"
    )
    chosen = {name: text.format(url=silent.url) for name, text in variables.items()}
    done = _stage(tmp_path, "deploy", "stg", **({} if "AWS_PROFILE" in chosen else KEYS), **chosen)
    assert says in done.stderr
    assert silent.connections == 0


def test_endpoint_variables_of_other_tools_are_ignored(tmp_path: Path, silent: Silent) -> None:
    """They are not refused, because they have no effect."""
    names = ("ENDPOINT_URL", "LOCALSTACK_ENDPOINT", "LOCALSTACK_HOST", "LOCALSTACK_PORT", "STAGE_ENDPOINT_URL")
    others = dict.fromkeys(names, silent.url) | {"S3_HOSTNAME": "127.0.0.1", "TF_VAR_aws_endpoint": silent.url}
    done = _stage(tmp_path, "deploy", "stg", **KEYS, **others, AWS_CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z")
    assert "credentials have expired" in done.stderr  # from the check after the endpoints
    assert silent.connections == 0


def test_only_the_rehearsal_sets_an_endpoint() -> None:
    """Only one call in the harness gives Access an endpoint, that of a stack it started. Nothing sets it later."""
    given: dict[str, str] = {}
    assigned: list[str] = []
    for file in (SCRIPTS / "harness").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Access":
                given |= {file.name: ast.unparse(node)} if len(node.args) + len(node.keywords) > 1 else {}
            if isinstance(node, ast.Attribute) and node.attr == "endpoint_url" and isinstance(node.ctx, ast.Store):
                assigned.append(file.name)
    assert given == {"rehearsal.py": "Access(stage.region, stack.endpoint_url)"}
    assert assigned == ["access.py"]
