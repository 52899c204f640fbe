"""One LocalStack, and a stage whose files, git repository and environment a test may break."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from harness import paths
from harness.local import localstack
from harness.machine import environment, files, ports
from harness.stack.clients import CONFIG
from harness.stack.state import Stack
from harness.stages import guards, tfvars
from harness.stages.access import Access
from harness.stages.guards import GUARDS
from harness.stages.stage import Stage, load
from harness.terraform.working_copy import working_copy

ACCOUNT = "123456789012"  # LocalStack uses an access key of 12 digits as the account
REGION = "ap-south-1"
RUN_ID = "a" * 32


@pytest.fixture(scope="session")
def running() -> Iterator[LocalStack]:
    """A LocalStack with fault injection."""
    stack = Stack(f"guards-{os.getpid()}", "guards", ports.free_ports(1)[0])
    try:
        localstack.start(stack)
        yield LocalStack(stack.endpoint_url)
    finally:
        localstack.stop(stack)
        files.remove(stack.folder)


@pytest.fixture(autouse=True)
def _no_aws_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = environment.clean()
    for name in set(os.environ) - set(kept):
        monkeypatch.delenv(name)
    for name, text in kept.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@dataclass(frozen=True)
class LocalStack:
    """A running LocalStack, in which the stage's account is like any other."""

    url: str

    @functools.cache  # noqa: B019 - one for all tests
    def client(self, service: str) -> Any:
        """Return a client of the stage's account."""
        make: Any = boto3.session.Session(ACCOUNT, "test", region_name=REGION).client
        return make(service, endpoint_url=self.url, config=CONFIG)

    def make_bucket(self, name: str) -> None:
        """Create a bucket with default settings."""
        location = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)

    def inject(self, *rules: dict[str, Any]) -> None:
        """Set the active faults, replacing all others."""
        body = json.dumps({"rules": rules}).encode()
        request = urllib.request.Request(f"{self.url}/_pipeline/faults", body, method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def resources(self) -> dict[str, list[str]]:
        """Return the names of the resources that a deployment creates first."""
        return {
            "buckets": [one["Name"] for one in self.client("s3").list_buckets()["Buckets"]],
            "streams": self.client("kinesis").list_streams()["StreamNames"],
            "roles": [one["RoleName"] for one in self.client("iam").list_roles()["Roles"]],
        }


class Redirected(Access):
    """The real path, except that its clients use the endpoints given here."""

    def __init__(self, region: str, urls: dict[str, str]) -> None:
        super().__init__(region)
        self.urls = urls

    def client(self, service: str) -> Any:
        """Return a client of an endpoint on this machine."""
        make: Any = self.session.client
        return make(service, endpoint_url=self.urls.get(service, self.urls[""]), config=CONFIG)


@dataclass
class World:
    """A stage that passes every guard until a test breaks something."""

    folder: Path
    localstack: LocalStack
    urls: dict[str, str]  # where requests go on the real path: service to endpoint; "" for all others
    rehearsal: str | None = None

    @property
    def infrastructure(self) -> Path:
        """The root module, in a git repository."""
        return self.folder / "checkout" / "infrastructure"

    @property
    def vars_file(self) -> Path:
        """The stage's tfvars."""
        return self.infrastructure / "vars" / "prod.tfvars"

    @property
    def backend_file(self) -> Path:
        """The stage's backend file."""
        return self.infrastructure / "vars" / "prod.s3.tfbackend"

    def set(self, file: Path | None = None, **values: Any) -> None:
        """Write values to a file, by default the tfvars; None removes a name."""
        file = file or self.vars_file
        merged = {name: value for name, value in (tfvars.read(file) | values).items() if value is not None}
        file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in merged.items()))

    def git(self, *words: str) -> None:
        """Run git in the checkout."""
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *identity, *words]
        subprocess.run(command, cwd=self.infrastructure.parent, check=True, capture_output=True, timeout=60)

    def push(self) -> None:
        """Commit and push everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        self.git("push", "--quiet", "origin", "HEAD:main")

    def stage(self, name: str = "prod") -> Stage:
        """Return the stage as its files are now."""
        return load(name, self.infrastructure, paths.SERVICE, self.folder / "work")

    def access(self, stage: Stage) -> Access:
        """Return a rehearsal's access, or the real path's with clients that stay on this machine."""
        if self.rehearsal:
            return Access(stage.region, self.rehearsal)
        return Redirected(stage.region, self.urls)

    def check(self, without: Sequence[str] = ()) -> None:
        """Run all guards except those with these names."""
        stage = self.stage()
        guards.check(stage, self.access(stage), guards=[guard for guard in GUARDS if guard.name not in without])

    def snapshot(self) -> Any:
        """Return everything that a command could have changed: resources, and files outside `.git`."""
        files = {
            str(file.relative_to(self.folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in self.folder.rglob("*")
            if file.is_file() and ".git" not in file.parts and "origin" not in file.parts
        }
        return self.localstack.resources(), files


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a stage, and the repository it was pushed to."""
    made = World(tmp_path_factory.mktemp("template"), LocalStack(""), {})
    working_copy(made.infrastructure)
    shutil.copy(paths.ROOT / ".gitignore", made.infrastructure.parent)
    with zipfile.ZipFile(made.infrastructure / "function.zip", "w") as archive:
        archive.writestr("function.py", "")
    made.set(
        allowed_account_ids=[ACCOUNT], run_id=RUN_ID, lambda_package_type="Zip", lambda_zip_path="function.zip"
    )  # fmt: skip
    made.set(made.backend_file, use_path_style=True)
    (made.folder / "model").mkdir()
    (made.folder / "model" / "MLmodel").touch()
    subprocess.run(["git", "init", "--quiet", "--bare", made.folder / "origin"], check=True, timeout=60)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", "../origin")
    made.push()
    return made.folder


@pytest.fixture
def world(tmp_path: Path, template: Path, running: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A separate stage that passes every guard."""
    made = World(tmp_path / "world", running, {"": running.url})
    shutil.copytree(template, made.folder)
    suffix = uuid.uuid4().hex[:8]
    made.set(project_id=suffix)
    made.set(made.backend_file, bucket=f"state-{suffix}")
    made.push()
    trained = {"run_id": RUN_ID, "model_dir": str(made.folder / "model")}
    (made.folder / "model.json").write_text(json.dumps({"result": trained}))
    monkeypatch.setattr(paths, "CACHE", made.folder)
    yield made
    running.inject()
