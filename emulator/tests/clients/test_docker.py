"""What `docker` hands on to the user's docker."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.clients import folder

pytestmark = pytest.mark.local_only

ECR = "000000000000.dkr.ecr.eu-west-1.amazonaws.com"
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.variants
@pytest.mark.parametrize(
    "line",
    [
        "login --username AWS --password-stdin {}",
        "logout {}",
        "--log-level debug login -u AWS {}",
        "build -t {}/a/b:1 --tag={}/a:2 -t{}/a:3 --build-arg BASE={}/base@sha256:0 .",
        "build --cache-from type=registry,ref={}/a:cache --cache-to=type=registry,ref={}/a:cache,mode=max .",
        "buildx build --push --tag {}/a . --build-context base=docker-image://{}/base:1",
        "--config x image build --tag {}/a .",
        "tag a:1 {}/a:1",
        "image tag {}/a:1 {}/a:2",
        "push --all-tags {}/a",
        "pull {}/a:1",
        "rmi {}/a:1 b",
        "manifest create {}/a:1 {}/a:amd64",
        "buildx imagetools inspect {}/a:1",
        "save -o x {}/a:1",
        "run --rm -it {}/a:1 sh",
        "container create {}/a:1",
    ],
)
def test_ecrs_registries_are_replaced(line: str, arguments: Callable[..., list[str]], localstack: Any) -> None:
    local = localstack.endpoint_url.removeprefix("http://")
    assert arguments("docker", *line.replace("{}", ECR).split()) == line.replace("{}", local).split()


@pytest.mark.parametrize(
    "host",
    [
        "123456789012.dkr.ecr.ap-south-1.amazonaws.com",
        "000000000000.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "000000000000.dkr.ecr-fips.us-east-1.amazonaws.com",
        "000000000000.dkr-ecr.eu-west-1.on.aws",
    ],
)
def test_every_name_of_a_registry_is_replaced(host: str, arguments: Callable[..., list[str]], localstack: Any) -> None:
    assert arguments("docker", "pull", f"{host}/a") == ["pull", f"{localstack.endpoint_url.removeprefix('http://')}/a"]


def test_a_login_by_url_is_one_for_the_local_registry(arguments: Callable[..., list[str]], localstack: Any) -> None:
    local = localstack.endpoint_url.removeprefix("http://")
    assert arguments("docker", "login", "-u", "AWS", f"https://{ECR}") == ["login", "-u", "AWS", local]
    assert arguments("docker", "login", "-u", "AWS", f"https://{ECR}/") == ["login", "-u", "AWS", local]


@pytest.mark.variants
@pytest.mark.parametrize(
    "line",
    [
        "",
        "ps -a",
        "--help",
        "login",
        "login -u me registry.example.com",
        f"push registry.example.com/{ECR}/a",
        f"pull x{ECR}/a",
        f"pull {ECR}.example.com/a",
        "pull 12345.dkr.ecr.eu-west-1.amazonaws.com/a",
        "pull public.ecr.aws/lambda/python:3.13",
        f"exec a echo {ECR}/a",
        f"run -e IMAGE={ECR}/a --rm alpine echo",
        f"build --label source={ECR}/a --label=x={ECR}/a --annotation x={ECR}/a .",
        "build",
        "build - ",
        "-H",
    ],
)
def test_everything_else_is_handed_on_as_it_is(line: str, arguments: Callable[..., list[str]]) -> None:
    # Nothing answers there: these lines need no emulator.
    assert arguments("docker", *line.split(), AWS_ENDPOINT_URL="http://127.0.0.1:9") == line.split()


def test_what_follows_a_containers_image_is_its_own(arguments: Callable[..., list[str]], localstack: Any) -> None:
    local = localstack.endpoint_url.removeprefix("http://")
    assert arguments("docker", "run", f"{ECR}/a", "echo", f"{ECR}/b") == ["run", f"{local}/a", "echo", f"{ECR}/b"]


def test_the_exit_status_is_dockers(call: Call) -> None:
    assert call("docker", "ps", STATUS="7").returncode == 7
    assert call("docker", "pull", f"{ECR}/a", STATUS="125").returncode == 125


def test_without_an_emulators_address_nothing_is_replaced(arguments: Callable[..., list[str]]) -> None:
    assert arguments("docker", "pull", f"{ECR}/a", AWS_ENDPOINT_URL=None) == ["pull", f"{ECR}/a"]


def test_an_emulator_that_does_not_answer_is_a_clear_error(call: Call) -> None:
    done = call("docker", "push", f"{ECR}/a", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: http://127.0.0.1:9 does not answer")
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_docker_is_a_clear_error(call: Call, users: Path, tmp_path: Path) -> None:
    (users / "docker").unlink()
    done = call("docker", "ps", PATH=f"{tmp_path}/ours/bin:{users}")
    assert done.returncode == 127
    assert "docker is not on the PATH" in done.stderr


def test_two_emulators_in_the_path_do_not_call_each_other(
    arguments: Callable[..., list[str]], users: Path, tmp_path: Path
) -> None:
    other = folder.make(tmp_path / "other", {"PATH": str(users)})["PATH"]
    assert arguments("docker", "ps", PATH=f"{tmp_path}/ours/bin:{other}:/usr/bin:/bin") == ["ps"]
    again = folder.make(tmp_path / "ours", {"PATH": other})["PATH"]
    assert again == f"{tmp_path}/ours/bin:{users}"
