"""Functions from Zips in containers: code and layers over the runtime's base image, as in Lambda's own."""

import json
import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

LOOK = """
    import os, subprocess, sys
    import boto3, common, deep.inside

    def writable(folder):
        try:
            open(f"{folder}/new", "w")
        except OSError:
            return False
        return True

    def handler(event, context):
        print("looking")
        return {
            "container": os.path.exists("/.dockerenv"), "user": os.getuid(), "folder": os.getcwd(),
            "common": common.WHERE, "inside": deep.inside.WHERE,
            "program": subprocess.run(["layer-program"], capture_output=True, text=True).stdout,
            "written": [folder for folder in ("/var/task", "/opt", "/tmp") if writable(folder)],
            "role": boto3.client("sts").get_caller_identity()["Arn"].split("/")[1],
            "path": sys.path[:4],
            "environment": dict(os.environ),
        }
"""


@pytest.fixture(scope="module")
def lambda_base(choose_image: Callable[[str], str]) -> str:
    """AWS's base image of Python 3.13, or its stand-in."""
    return choose_image("public.ecr.aws/lambda/python:3.13")


@pytest.fixture(scope="module")
def containers(start_image_localstack: Callable[..., Any], lambda_base: str) -> Any:
    """A LocalStack whose functions all run in containers."""
    images = dict.fromkeys(("python3.13", "provided.al2023"), lambda_base)
    return start_image_localstack(
        LAMBDA_RUNTIME_EXECUTOR="container", LAMBDA_RUNTIME_IMAGE_MAPPING=json.dumps(images), HOT_RELOAD="1"
    )


@pytest.fixture
def layer(containers: Any, executables: Callable[..., bytes]) -> str:
    """The ARN of a layer with a package and a program."""
    files = {
        "python/common.py": "WHERE = 'layer'",
        "python/lib/python3.13/site-packages/deep/inside.py": "WHERE = 'site-packages of a layer'",
        "bin/layer-program": "#!/bin/sh\nprintf 'a program of a layer'\n",
    }
    published = containers.client("lambda").publish_layer_version(
        LayerName="tools", Content={"ZipFile": executables(files)}
    )
    return str(published["LayerVersionArn"])


def own_images(localstack: Any) -> set[str]:
    """Return the ids of the images that a LocalStack has made."""
    label = f"label=pipeline-emulator.stack={localstack.folder}"
    done = subprocess.run(
        ["docker", "images", "--quiet", "--filter", label], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_code_and_layers_are_where_aws_has_them(
    containers: Any, layer: str, create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    variables = {"Variables": {"RUN_ID": "abc"}}
    function = create_function(LOOK, where=containers, Layers=[layer], Environment=variables, MemorySize=512)

    answer = function.invoke()

    assert answer.error is None, answer
    environment = answer.payload.pop("environment")
    assert answer.payload == {
        "container": True,
        "user": 993,
        "folder": "/var/task",
        "common": "layer",
        "inside": "site-packages of a layer",
        "program": "a program of a layer",
        "written": ["/tmp"],
        "path": ["/var/task", "/opt/python/lib/python3.13/site-packages", "/opt/python", "/var/runtime"],
        "role": function.role_arn.rpartition("/")[2],
    }
    expected = {
        "RUN_ID": "abc",
        "_HANDLER": "function.handler",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert not [name for name in environment if name.startswith(("LOCALSTACK_", "EDGE_"))]
    assert "looking" in answer.log
    begin = "INIT_START Runtime Version: python:3.13"
    eventually(lambda: begin in "".join(function.log_events()), "the log begins with the runtime")


def test_an_update_runs_the_new_code_and_nothing_is_left(
    containers: Any, create_function: Callable[..., Any], zipped: Callable[..., bytes], eventually: Callable[..., Any]
) -> None:
    before = own_images(containers)
    function = create_function("def handler(event, context):\n    return 'old'", where=containers)
    assert function.invoke().payload == "old"
    client = containers.client("lambda")
    client.publish_version(FunctionName=function.name)
    code = zipped({"function.py": "def handler(event, context):\n    return 'new'"})
    client.update_function_code(FunctionName=function.name, ZipFile=code)
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1})
    assert function.invoke().payload == "new"
    assert function.invoke(Qualifier="1").payload == "old"
    client.delete_function(FunctionName=function.name)
    eventually(lambda: own_images(containers) <= before, "the images of a deleted function are removed")


def test_a_runtime_of_its_own(
    containers: Any,
    create_function: Callable[..., Any],
    executables: Callable[..., bytes],
    bash_runtime: Callable[[str], str],
) -> None:
    names = '"$_HANDLER" "$(basename "$0")" "${AWS_EXECUTION_ENV:-none}" "$PWD"'
    code = {"ZipFile": executables({"bootstrap": bash_runtime(f'printf \'["%s", "%s", "%s", "%s"]\' {names}')})}
    function = create_function(where=containers, Runtime="provided.al2023", Code=code)
    answer = function.invoke()
    assert answer.error is None, answer
    assert answer.payload == ["function.handler", "bootstrap", "none", "/var/task"]


@pytest.mark.long_proof
def test_a_wrapper_starts_the_runtime(
    containers: Any, create_function: Callable[..., Any], executables: Callable[..., bytes]
) -> None:
    wrapper = '#!/bin/sh\nexport WRAPPED="$1"\nexec "$@"\n'
    source = "import os\n\ndef handler(event, context):\n    return os.environ['WRAPPED']\n"
    code = {"ZipFile": executables({"wrapper": wrapper, "function.py": source})}
    variables = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"}}
    function = create_function(where=containers, Code=code, Environment=variables)
    answer = function.invoke()
    assert answer.error is None, answer
    assert "python3" in answer.payload


def test_a_missing_base_image_is_named_with_the_remedy(containers: Any, create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context): ...", where=containers, Runtime="nodejs22.x")
    configuration = function.configuration()
    if configuration["State"] == "Active":
        pytest.skip("AWS's image can be pulled")
    reason = configuration["StateReason"]
    assert "the base image public.ecr.aws/lambda/nodejs:22 of runtime nodejs22.x cannot be pulled" in reason
    assert 'LAMBDA_RUNTIME_IMAGE_MAPPING={"nodejs22.x": "<image>"}' in reason


def test_changed_files_run_until_they_are_withdrawn(
    containers: Any, create_function: Callable[..., Any], zipped: Callable[..., bytes]
) -> None:
    says = "import kept\n\ndef handler(event, context):\n    return {!r}, kept.VALUE"
    function = create_function(says.format("deployed"), {"kept.py": "VALUE = 1"}, where=containers)
    assert function.invoke().payload == ["deployed", 1]
    url = f"{containers.endpoint_url}/_pipeline/code/{function.arn}"
    changed = zipped({"function.py": says.format("changed")})
    for method, data, expected in (("PUT", changed, "changed"), ("DELETE", b"", "deployed")):
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
            assert answer.status == 200
        assert function.invoke().payload == [expected, 1]


@pytest.mark.long_proof
def test_a_machine_without_the_interpreter_takes_a_container(
    start_image_localstack: Callable[..., Any], create_function: Callable[..., Any], lambda_base: str
) -> None:
    """`auto`: a container for the runtimes that this machine lacks, processes for the others."""
    images = json.dumps({"java21": lambda_base})
    localstack = start_image_localstack(LAMBDA_RUNTIME_IMAGE_MAPPING=images)
    source = "import os\n\ndef handler(event, context):\n    return os.path.exists('/.dockerenv')"
    # The stand-in runs Python whatever the runtime's name is: it shows where the function runs, not that Java does.
    in_container = create_function(source, where=localstack, Runtime="java21")
    assert in_container.invoke().payload is True
    assert create_function(source, where=localstack).invoke().payload is False


@pytest.mark.long_proof
def test_where_containers_do_not_reach_localstack_the_reason_names_both_remedies(
    start_localstack: Callable[..., Any], create_function: Callable[..., Any], lambda_base: str
) -> None:
    assert lambda_base
    loopback = start_localstack(LAMBDA_RUNTIME_EXECUTOR="auto")
    reason = create_function("def handler(event, context): ...", where=loopback, Runtime="java21").configuration()[
        "StateReason"
    ]
    assert "runtime java21 is not supported for functions from Zips" in reason
    assert "or let a container run it" in reason
    assert "start it with --host 127.0.0.1," in reason
