"""The pytest plugin with `--emulator=docker`: the emulator's image in place of a process."""

import os
import sys
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import docker
import pytest

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

CONFTEST = """
    import pytest

    @pytest.fixture(scope="session")
    def emulator_settings():
        return {"iam_enforcement": "soft"}
"""
TEST = """
    def test_an_event_and_a_fault(emulator, ledger, faults):
        kinesis = emulator.client("kinesis")
        kinesis.create_stream(StreamName="s", ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 1})
        faults.inject({"point": "kinesis:PutRecords", "effect": "lose-answer", "count": 1})
        ledger.put("s", [{"id": 1}])
        assert {"id": 1} in ledger.collect("s", timeout=20)
        assert faults.struck() == [1]
        assert emulator.ask("GET", "/_pipeline/iam/denials")["enforcement"] == "soft"

    def test_fails(emulator):
        assert emulator.client("kinesis").list_streams()["StreamNames"] == []
"""


def run(pytester: pytest.Pytester, option: str, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    monkeypatch.setenv("HOME", os.environ["HOME"])  # pytester changes it
    pytester.makeconftest(dedent(CONFTEST))
    pytester.makepyfile(dedent(TEST))
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--emulator={option}")


def test_tests_run_against_a_container_that_is_gone_afterwards(
    pytester: pytest.Pytester, emulator_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {container.id for container in docker.from_env().containers.list(all=True)}
    result = run(pytester, f"docker:{emulator_image}", monkeypatch)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*emulator*", "*Ready.*"])  # the container's log, beside the failure
    mine = [each for each in docker.from_env().containers.list(all=True) if each.id not in before]
    assert not [each for each in mine if emulator_image in str(each.attrs["Config"]["Image"])]


def test_a_killed_pytest_leaves_no_container(
    pytester: pytest.Pytester,
    emulator_image: str,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[..., Any],
) -> None:
    monkeypatch.setenv("HOME", os.environ["HOME"])
    pytester.makepyfile("import time\n\ndef test_waits(emulator):\n    time.sleep(300)\n")

    def mine() -> set[str]:
        found = docker.from_env().containers.list(all=True, filters={"ancestor": emulator_image})
        return {str(container.id) for container in found}

    before = mine()
    with pytester.popen([sys.executable, "-m", "pytest", "-s", f"--emulator=docker:{emulator_image}"]) as process:
        eventually(lambda: mine() - before, "its emulator runs", 60)
        process.kill()
    eventually(lambda: not mine() - before, "its emulator is gone", 60)


@pytest.mark.usefixtures("choose_image")  # needs an engine
def test_a_missing_image_is_one_clear_error(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, "docker:pipeline-emulator:none", monkeypatch)
    assert "there is no image pipeline-emulator:none" in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
