"""Images in Dockerfiles and build arguments become others."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_emulator.clients import dockerfile, images
from pipeline_emulator.launcher.errors import EmulatorError

pytestmark = pytest.mark.local_only

ECR = "000000000000.dkr.ecr.eu-west-1.amazonaws.com"
Call = Callable[..., subprocess.CompletedProcess[str]]


DOCKERFILE = f"""\
# syntax=docker/dockerfile:1
ARG BASE=public.ecr.aws/lambda/python:3.9
ARG OTHER="{ECR}/base:1"
FROM --platform=linux/amd64 python:3.13 AS build
RUN --mount=type=bind,from={ECR}/tools,target=/tools echo FROM public.ecr.aws/lambda/python:3.9
FROM ${{BASE}}
COPY --from=build /a /a
copy --chown=1 --from={ECR}/tools:2 /b /b
from public.ecr.aws/lambda/python:3.9
"""


def test_images_of_a_dockerfile_are_replaced() -> None:
    found = images.bases("public.ecr.aws/lambda/python=local/python:3.13, python:3.13=local/exact:1")
    text, replaced = dockerfile.with_images(DOCKERFILE, images.Replacements(lambda: "127.0.0.1:1", found).of)
    assert (
        text
        == """\
# syntax=docker/dockerfile:1
ARG BASE=local/python:3.13
ARG OTHER="127.0.0.1:1/base:1"
FROM --platform=linux/amd64 local/exact:1 AS build
RUN --mount=type=bind,from=127.0.0.1:1/tools,target=/tools echo FROM public.ecr.aws/lambda/python:3.9
FROM ${BASE}
COPY --from=build /a /a
copy --chown=1 --from=127.0.0.1:1/tools:2 /b /b
from local/python:3.13
"""
    )
    assert set(replaced) == {
        *("public.ecr.aws/lambda/python:3.9", "python:3.13"),
        *(f"{ECR}/base:1", f"{ECR}/tools", f"{ECR}/tools:2"),
    }


def test_base_images_are_replaced_in_build_arguments_and_nowhere_else(arguments: Callable[..., list[str]]) -> None:
    bases = {"PIPELINE_BASE_IMAGES": "python=local/python:3.13"}
    for before, after in (
        ("--build-arg BASE=python:3.13", "--build-arg BASE=local/python:3.13"),
        ("-t python", "-t python"),
    ):
        handed = arguments("docker", "build", *before.split(), "python", **bases)
        assert handed == ["build", *after.split(), "python"]
    assert arguments("docker", "rmi", "python:3.13", **bases) == ["rmi", "python:3.13"]


def test_a_stand_in_for_one_tag_is_not_one_for_others() -> None:
    found = images.Replacements(lambda: "", images.bases("python:3.13=local/exact:1"))
    assert [found.of(name) for name in ("python:3.13", "python:3.12", "python")] == [
        "local/exact:1",
        "python:3.12",
        "python",
    ]


@pytest.mark.parametrize("text", ["python", "=x", "python=", "a=b,c"])
def test_a_malformed_list_of_base_images_is_a_clear_error(text: str, call: Call) -> None:
    with pytest.raises(EmulatorError, match="is not NAME=IMAGE"):
        images.bases(text)
    done = call("docker", "build", ".", PIPELINE_BASE_IMAGES=text)
    assert done.returncode == 1
    assert "PIPELINE_BASE_IMAGES" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "file"),
    [
        ((".",), "Dockerfile"),
        ((".", "-t", "x"), "Dockerfile"),
        (("--no-cache", "--progress", "plain", "-q", "--network=host", "."), "Dockerfile"),
        (("-f", "other/Dockerfile.prod", "."), "other/Dockerfile.prod"),
        (("--file=other/Dockerfile.prod", "--pull", "."), "other/Dockerfile.prod"),
        (("-fother/Dockerfile.prod", "other"), "other/Dockerfile.prod"),
        (("other",), "other/Dockerfile"),
    ],
)
def test_the_dockerfile_is_found_and_its_ignore_file_kept(
    options: tuple[str, ...], file: str, call: Call, tmp_path: Path
) -> None:
    original = tmp_path / file
    original.parent.mkdir(exist_ok=True)
    original.write_text("FROM python:3.13\n")
    original.with_name(f"{original.name}.dockerignore").write_text("*.md\n")
    done = call("docker", "build", *options, PIPELINE_BASE_IMAGES="python=local:1")
    handed = json.loads(done.stdout)[0]
    assert handed[:-2] == ["build", *options]
    assert handed[-2] == "--file"
    copy = Path(handed[-1])
    assert copy.read_text() == "FROM local:1\n"
    assert Path(f"{copy}.dockerignore").read_text() == "*.md\n"
    assert copy.is_relative_to(tmp_path / "ours")
    assert "using local:1 for python:3.13" in done.stderr
    assert original.read_text() == "FROM python:3.13\n"


@pytest.mark.parametrize("options", [("-",), ("-f", "-", "."), ("https://git.example.com/x.git",), ("missing",)])
def test_a_dockerfile_that_is_no_file_is_left_to_docker(
    options: tuple[str, ...], arguments: Callable[..., list[str]], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.13\n")
    assert arguments("docker", "build", *options, PIPELINE_BASE_IMAGES="python=local:1") == ["build", *options]
