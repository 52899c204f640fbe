"""The stand-in for AWS's base image of functions, `scripts/images/lambda.sh`, has what Dockerfiles and users expect."""

import subprocess
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.local_only

PUBLIC = "public.ecr.aws/lambda/python:3.13"


@pytest.fixture(scope="module")
def base(choose_image: Callable[[str], str]) -> str:
    """The stand-in; skipped where AWS's own image can be pulled, of which this is no test."""
    base = choose_image(PUBLIC)
    if base == PUBLIC:
        pytest.skip("AWS's image can be pulled")
    return base


def run(*command: str) -> subprocess.CompletedProcess[str]:
    done = ["docker", "run", "--rm", "--network", "none", *command]
    return subprocess.run(done, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("program", ["microdnf", "dnf", "yum"])
def test_package_managers_of_amazon_linux_name_debians(base: str, program: str) -> None:
    done = run("--entrypoint", program, base, "install", "--assumeyes", "gcc")
    assert done.returncode == 1
    assert f"there is no {program} here" in done.stderr
    assert "apt-get install" in done.stderr
    assert run("--entrypoint", "apt-get", base, "--version").returncode == 0


def test_folders_and_variables_are_those_of_awss_image(base: str) -> None:
    script = (
        'echo "$PWD $LAMBDA_TASK_ROOT $LAMBDA_RUNTIME_DIR"; pip --version; python3 -c "import sys; print(sys.version)"'
    )
    folders, pip, version = run("--entrypoint", "sh", base, "-c", script).stdout.splitlines()
    assert folders == "/var/task /var/task /var/runtime"
    assert pip.startswith("pip ")
    assert version.startswith("3.13.")


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ((), "entrypoint requires the handler name to be the first argument"),
        (("function.handler",), "AWS_LAMBDA_RUNTIME_API is not set"),
    ],
)
def test_the_entry_point_says_what_it_lacks(base: str, handler: tuple[str, ...], message: str) -> None:
    done = run(base, *handler)
    assert done.returncode != 0
    assert message in done.stderr
