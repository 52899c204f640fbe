"""LocalStack core gets four of our plugins, under the same names, and no others."""

from __future__ import annotations

import configparser
import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.peers import targets
from benchmarks.rivals import core, environments, localemu, ministack
from harness import paths
from harness.errors import HarnessError
from harness.stack.clients import Clients

TABLES = ("dynamodb:moto", "dynamodbstreams:moto")  # its own need a download


def test_the_plugins_are_those_of_our_package() -> None:
    ours = tomllib.loads((paths.EMULATOR / "pyproject.toml").read_text())["project"]["entry-points"]
    given = configparser.ConfigParser(delimiters=("=",))
    given.read_string((core.BRIDGE / "entry_points.txt").read_text())
    for group in given.sections():
        for name, value in given[group].items():
            assert ours[group][name] == value or (name, value) == ("bound", "core_server:Plugin")


def test_python_finds_them_and_their_code(tmp_path: Path) -> None:
    program = environments.write_plugins(tmp_path, core.BRIDGE)
    [found] = importlib.metadata.distributions(path=[str(tmp_path)])
    assert {point.name for point in found.entry_points} == {"process", "bound", *TABLES}
    assert (tmp_path / "pipeline_emulator" / "lambda_runtime" / "plugins.py").is_file()
    assert program.parent == tmp_path


@pytest.mark.long_proof
@pytest.mark.timeout(300)
def test_its_own_server_takes_records_and_returns_them() -> None:
    with targets.opened("core") as stack:
        kinesis = Clients(stack).kinesis
        kinesis.create_stream(StreamName="s", ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 1})
        put = kinesis.put_records(StreamName="s", Records=[{"Data": b"a", "PartitionKey": "k"}])["Records"][0]
        place = kinesis.get_shard_iterator(StreamName="s", ShardId=put["ShardId"], ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        assert [each["Data"] for each in kinesis.get_records(ShardIterator=place)["Records"]] == [b"a"]


def test_versions_come_from_the_lock_files() -> None:
    assert core.version() == "2026.3.0"
    for package, rival in (("ministack", ministack), ("localemu", localemu)):
        named = (environments.LOCKS / f"{package}.in").read_text()
        assert re.search(rf"^{package}(\[.*\])?=={re.escape(rival.version())}$", named, re.MULTILINE)


def test_the_lock_file_of_its_kinesis_server_has_a_hash_for_each_package() -> None:
    packages = json.loads((core.KINESIS / "package-lock.json").read_text())["packages"]
    entries = {name: entry for name, entry in packages.items() if name}
    assert entries
    assert [name for name, entry in entries.items() if not entry.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, entry in entries.items() if "resolved" in entry] == []


def test_without_node_the_benchmark_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HarnessError, match=r"'node' is not on the PATH \(Node.js 18 or later"):
        core.install_kinesis()
