"""Layers: what functions of each runtime find in them, which one wins, and what is refused."""

import io
import json
import stat
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from pipeline_emulator.lambda_runtime import layer_folders
from pipeline_emulator.lambda_runtime.runtimes import search

pytestmark = pytest.mark.local_only

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def archive(files: dict[str, str | bytes], links: dict[str, str] | None = None) -> bytes:
    """Return a Zip of files that may be executed, and of symbolic links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for kind, entries in ((stat.S_IFREG | 0o755, files), (stat.S_IFLNK | 0o777, links or {})):
            for name, content in entries.items():
                info = zipfile.ZipInfo(name)
                info.create_system, info.external_attr = 3, kind << 16
                zipped.writestr(info, content)
    return buffer.getvalue()


@pytest.fixture
def publish(localstack: Any) -> Iterator[Callable[..., str]]:
    """Return a function that publishes a layer and returns its version's ARN."""
    published: list[tuple[Any, str, int]] = []

    def publish(name: str, content: bytes | dict[str, Any], where: Any = localstack, **arguments: Any) -> str:
        client = where.client("lambda")
        given = {"ZipFile": content} if isinstance(content, bytes) else content
        answer = client.publish_layer_version(LayerName=name, Content=given, **arguments)
        published.append((client, name, answer["Version"]))
        return str(answer["LayerVersionArn"])

    yield publish
    for client, name, version in published:
        client.delete_layer_version(LayerName=name, VersionNumber=version)


LOOK = """
    import os, subprocess
    import common, site_only

    def handler(event, context):
        try:
            open("/opt/new", "w")
            written = True
        except OSError:
            written = False
        return {
            "common": common.WHERE,
            "site_only": site_only.WHERE,
            "program": subprocess.run(["layer-program"], capture_output=True, text=True).stdout,
            "data": open(os.path.join(event or "/opt", "data.txt")).read(),
            "written": written,
            "libraries": os.environ["LD_LIBRARY_PATH"].split(":")[-1],
        }
"""


def test_python_finds_packages_programs_and_data(
    create_function: Callable[..., Any], publish: Callable[..., str]
) -> None:
    layer = publish(
        "everything",
        archive(
            {
                "python/common.py": "WHERE = 'python'",
                f"python/lib/python{VERSION}/site-packages/common.py": "WHERE = 'site-packages'",
                f"python/lib/python{VERSION}/site-packages/site_only.py": "WHERE = 'site-packages'",
                "python/lib/python2.7/site-packages/common.py": "WHERE = 'of another version'",
                "bin/layer-program": "#!/bin/sh\necho started\n",
                "data.txt": "data",
            }
        ),
    )
    function = create_function(LOOK, Layers=[layer])

    answer = function.invoke()

    if "Lambda isolation: process group" in function.localstack.log():
        pytest.skip("this machine allows no sandbox: /opt is another folder")
    assert answer.error is None, answer
    assert answer.payload == {
        "common": "site-packages",
        "site_only": "site-packages",
        "program": "started\n",
        "data": "data",
        "written": False,
        "libraries": "/opt/lib",
    }


def test_the_zip_comes_first_then_the_last_layer(
    create_function: Callable[..., Any], publish: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    first = publish(
        "first", archive({"python/a.py": "W = 'first'", "python/b.py": "W = 'first'", "python/c.py": "W = 'first'"})
    )
    last = publish("last", archive({"python/b.py": "W = 'last'", "python/c.py": "W = 'last'"}))
    function = create_function(
        "import a, b, c\n\ndef handler(event, context):\n    return [a.W, b.W, c.W]",
        files={"c.py": "W = 'zip'"},
        Layers=[first, last],
    )
    assert function.invoke().payload == ["first", "last", "zip"]

    client = function.localstack.client("lambda")
    client.update_function_configuration(FunctionName=function.name, Layers=[last, first])

    eventually(lambda: function.invoke().payload == ["first", "first", "zip"], "the new order counts")
    client.update_function_configuration(FunctionName=function.name, Layers=[])
    eventually(lambda: function.invoke().error == "Unhandled", "the function has no layers")
    assert function.invoke().payload["errorType"] == "Runtime.ImportModuleError"


def test_a_layer_of_s3_whose_version_was_deleted_goes_on(
    create_function: Callable[..., Any], create_bucket: Callable[[], str], localstack: Any
) -> None:
    bucket, client = create_bucket(), localstack.client("lambda")
    localstack.client("s3").put_object(Bucket=bucket, Key="layer.zip", Body=archive({"python/a.py": "W = 's3'"}))
    answer = client.publish_layer_version(
        LayerName="of-s3",
        Content={"S3Bucket": bucket, "S3Key": "layer.zip"},
        CompatibleRuntimes=[f"python{VERSION}", "nodejs20.x"],
    )
    function = create_function(
        "import a\n\ndef handler(event, context):\n    return a.W", Layers=[answer["LayerVersionArn"]]
    )
    client.delete_layer_version(LayerName="of-s3", VersionNumber=answer["Version"])

    assert function.invoke().payload == "s3"
    client.update_function_configuration(FunctionName=function.name, Environment={"Variables": {"NEW": "1"}})
    assert function.invoke().payload == "s3"


def needs_node(major: int) -> None:
    """Skip a test if this machine lacks Node.js."""
    try:
        search.node(major)
    except RuntimeError as error:
        pytest.skip(str(error))


NODE_LAYER = {
    "nodejs/node_modules/both/index.js": "module.exports = 'common';",
    "nodejs/node20/node_modules/both/index.js": "module.exports = 'node20';",
    "nodejs/node_modules/esm/package.json": '{"name": "esm", "type": "module", "exports": "./main.js"}',
    "nodejs/node_modules/esm/main.js": "import other from 'both';\nexport const value = other;\nexport default 'esm';",
}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "index.js",
            "const both = require('both');\nexports.handler = async () => [both, (await import('esm')).default];",
        ),
        (
            "index.mjs",
            "import both from 'both';\nimport esm from 'esm';\nexport const handler = async () => [both, esm];",
        ),
    ],
)
def test_node_finds_packages(
    create_function: Callable[..., Any], publish: Callable[..., str], name: str, source: str
) -> None:
    needs_node(20)
    layer = publish("node-packages", archive(dict(NODE_LAYER)))
    function = create_function("", {name: source}, Runtime="nodejs20.x", Handler="index.handler", Layers=[layer])

    answer = function.invoke()

    assert answer.error is None, answer
    assert answer.payload == ["node20", "esm"]


def test_a_wrapper_of_a_layer_starts_the_runtime(
    create_function: Callable[..., Any], publish: Callable[..., str]
) -> None:
    layer = publish("wrapper", archive({"wrapper": '#!/bin/sh\nexport WRAPPED="$#"\nexec "$@"\n'}))
    function = create_function(
        "import os\n\ndef handler(event, context):\n    return os.environ['WRAPPED']",
        Layers=[layer],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}},
    )

    assert int(function.invoke().payload) > 1


def test_external_extensions_are_refused(
    create_function: Callable[..., Any], publish: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    layer = publish("extension", archive({"extensions/agent": "#!/bin/sh\nsleep 60\n"}))
    reason = "external extensions are not supported, and the layers have /opt/extensions/agent"

    created = create_function("def handler(event, context):\n    return 1", Layers=[layer]).configuration()
    assert created["State"] == "Failed"
    assert reason in created["StateReason"]

    function = create_function("def handler(event, context):\n    return 1")
    client = function.localstack.client("lambda")
    client.update_function_configuration(FunctionName=function.name, Layers=[layer])
    eventually(lambda: function.configuration()["LastUpdateStatus"] == "Failed", "the update fails")
    assert reason in function.configuration()["StateReason"]


def test_hostile_layers_are_refused_when_they_are_published(publish: Callable[..., str]) -> None:
    for links in ({"python": "/etc"}, {"a/b": "../../etc"}):
        with pytest.raises(ClientError, match="Could not unzip uploaded file") as refused:
            publish("hostile", archive({"x": "x"}, links))
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_layers_that_are_hostile_together_are_refused(
    create_function: Callable[..., Any], publish: Callable[..., str]
) -> None:
    first = publish("link", archive({"x": "x"}, {"out": "a/b/../../x"}))
    second = publish("target", archive({"y": "y"}, {"a/b": ".."}))

    state = create_function("", Layers=[first, second]).configuration()

    assert state["State"] == "Failed"
    assert "symbolic link out of /opt: out" in state["StateReason"]


class Unpacked:
    """An unpacked layer, as core's LayerVersion."""

    def __init__(self, folder: Path) -> None:
        self.layer_version_arn, self.code, self.code_sha256, self._folder = str(folder), self, "", folder

    def prepare_for_execution(self) -> None:
        """Do nothing."""

    def get_unzipped_code_location(self) -> Path:
        """Return its folder."""
        return self._folder


def test_merging_writes_through_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    outside, first, second, third = (tmp_path / name for name in ("outside", "first", "second", "third"))
    for folder in (outside, first / "real", second / "link", second / "real", third):
        folder.mkdir(parents=True)
    (first / "link").symlink_to("real")
    (first / "file").write_text("first")
    (first / "dir").mkdir()
    (first / "dir" / "old").write_text("first")
    (second / "link" / "new").write_text("second")
    (second / "file").mkdir()
    (third / "dir").write_text("third")
    layers: Any = [Unpacked(folder) for folder in (first, second, third)]

    merged = layer_folders.merge(layers)

    assert sorted(str(path.relative_to(merged)) for path in merged.rglob("*")) == [
        "dir",
        "file",
        "link",
        "link/new",
        "real",
    ]
    assert not (merged / "link").is_symlink()
    assert (merged / "file").is_dir()
    assert (merged / "dir").read_text() == "third"
    assert (first / "link").is_symlink()
    assert layer_folders.merge(layers) == merged
    assert layer_folders.folder_of([*layers, layers[0]]) != merged
    assert list(outside.iterdir()) == []


@pytest.mark.long_proof
def test_without_namespaces(
    create_function: Callable[..., Any], publish: Callable[..., str], start_localstack: Callable[..., Any]
) -> None:
    where = start_localstack(LAMBDA_PROCESS_ISOLATION="process-group")
    content = {
        "python/common.py": "import os\nWHERE = os.path.dirname(__file__)",
        "bin/layer-program": "#!/bin/sh\necho started\n",
    }
    layer = publish(
        "grouped", archive({**content, "nodejs/node_modules/both/index.js": "module.exports = 'layer';"}), where
    )
    python = create_function(
        "import common, os, subprocess\n\ndef handler(event, context):\n"
        "    return [common.WHERE, os.access(common.WHERE, os.W_OK) and os.getuid() != 0,"
        " subprocess.run(['layer-program'], capture_output=True, text=True).stdout]",
        Layers=[layer],
        where=where,
    )
    answer = python.invoke().payload
    assert answer[0].endswith("/python")
    assert answer[1:] == [False, "started\n"]
    needs_node(20)
    source = "exports.handler = async () => require('both');"
    node = create_function(
        "", {"index.js": source}, Runtime="nodejs20.x", Handler="index.handler", Layers=[layer], where=where
    )
    assert node.invoke().payload == "layer"


@pytest.mark.parametrize(
    "name",
    [
        "../../../../../../{}/outside",
        "{}/outside",
        "..",
        "a/b",
        "a:1",
        "a\n",
        "é",
        "",
        " ",
        "a" * 141,
        "arn:aws:lambda:ap-south-1:111111111111:layer:a",
        "arn:aws:lambda:us-east-1:000000000000:layer:a",
        "arn:aws:lambda:ap-south-1:000000000000:layer:../a",
        "arn:aws:lambda:ap-south-1:000000000000:layer:a:b",
    ],
)
def test_a_layers_name_is_no_path(localstack: Any, tmp_path: Path, zipped: Any, name: str) -> None:
    """Core unpacks a layer at a path that contains its name."""
    client = localstack.client("lambda", parameter_validation=False)
    with pytest.raises((ClientError, BotoCoreError)):
        client.publish_layer_version(
            LayerName=name.format(str(tmp_path).strip("/")), Content={"ZipFile": zipped({"a.txt": b"a"})}
        )
    assert list(tmp_path.iterdir()) == []


def test_the_arn_of_a_layer_is_its_name(localstack: Any, zipped: Any) -> None:
    client, content = localstack.client("lambda"), {"ZipFile": zipped({"a.txt": b"a"})}
    name = f"layer-{uuid.uuid4().hex[:8]}"
    arn = client.publish_layer_version(LayerName=name, Content=content)["LayerArn"]
    again = client.publish_layer_version(LayerName=arn, Content=content)
    assert (again["LayerArn"], again["Version"]) == (arn, 2)


def test_a_layers_policy_names_accounts_by_their_arns_and_organizations(localstack: Any, zipped: Any) -> None:
    """Terraform reads both: https://github.com/hashicorp/terraform-provider-aws (layer_version_permission.go)."""
    client, name = localstack.client("lambda"), f"layer-{uuid.uuid4().hex[:8]}"
    client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped({"a.txt": b"a"})})

    def allow(sid: str, **whom: str) -> Any:
        answer = client.add_layer_version_permission(
            LayerName=name, VersionNumber=1, StatementId=sid, Action="lambda:GetLayerVersion", **whom
        )
        return json.loads(answer["Statement"])

    account = allow("account", Principal="111122223333")
    organization = allow("organization", Principal="*", OrganizationId="o-abcdefghij")
    assert account["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert organization["Principal"] == "*"
    assert organization["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
    policy = client.get_layer_version_policy(LayerName=name, VersionNumber=1)["Policy"]
    assert json.loads(policy)["Statement"] == [account, organization]
    client.delete_layer_version(LayerName=name, VersionNumber=1)
