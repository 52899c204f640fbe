"""Every documented setting reaches the emulator, and a running stack refuses a different one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil
import pytest

from harness import paths
from harness.errors import HarnessError
from harness.local import containers, images, lifecycle, localstack, status
from harness.machine import environment
from harness.stack import state as stacks
from harness.stack.state import DOCKER, Stack

SETTINGS = environment.EMULATOR_SETTINGS
# Settings that do not apply in containers, or that the harness chooses.
WITHOUT_CONTAINERS = {"LAMBDA_INTERPRETERS", "LAMBDA_PROCESS_ISOLATION"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def documented() -> dict[str, str]:
    """Variables and defaults of the emulator's README."""
    rows = re.findall(r"^\| `--[^|]*\| `(\w+)` \| ([^|]*) \|", (paths.EMULATOR / "README.md").read_text(), re.MULTILINE)
    return {variable: default.strip("`") for variable, default in rows}


def test_the_settings_and_their_defaults_match_the_emulators(documented: dict[str, str]) -> None:
    assert {
        name for name in documented if name.startswith(("KINESIS_", "LAMBDA_KEEP", "LAMBDA_PROC"))
    } < SETTINGS.keys()
    for name, default in SETTINGS.items():
        if default and name not in ("FAULTS", "HOT_RELOAD"):  # the harness enables both
            assert documented[name] == default


def test_an_embedded_stack_gets_the_users_settings(monkeypatch: pytest.MonkeyPatch, own_folder: Path) -> None:
    wanted = dict.fromkeys(SETTINGS, "1")
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    stack = Stack("x", "local", 4700)
    launched: list[dict[str, str]] = []
    monkeypatch.setattr(localstack, "launch", lambda stack, title, command, env: launched.append(env))
    monkeypatch.setenv("PIPELINE_HOST", "0.0.0.0")
    for name in SETTINGS:  # a later start keeps the original settings
        monkeypatch.setenv(name, "2")
    localstack.start(stack)
    assert launched[0].items() >= wanted.items()
    assert launched[0]["PIPELINE_STACK"] == str(stack.folder)
    assert "PIPELINE_HOST" not in launched[0]


def test_containers_get_the_users_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = dict.fromkeys(SETTINGS, "1")
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    stack = Stack("x", "local", 4700, DOCKER)
    settings = containers._settings(stack, images.Images("function", "base", "registry", "emulator", "", "mlflow"), 0)
    assert settings.items() >= wanted.items()
    passed_on = set(re.findall(r"^      ([A-Z_]+):", (paths.ROOT / "docker-compose.yml").read_text(), re.MULTILINE))
    assert SETTINGS.keys() - WITHOUT_CONTAINERS <= passed_on


def test_functions_from_zips_get_the_stand_in_for_awss_base_image(monkeypatch: pytest.MonkeyPatch) -> None:
    def mapping(base: str) -> str:
        found = images.Images(base, "base", "registry", "emulator", "", "mlflow")
        return containers._settings(Stack("x", "local", 4700, DOCKER), found, 0).get(containers.BASE_IMAGES, "")

    assert mapping(images.LAMBDA) == ""
    assert mapping("stand-in:3.13") == '{"python3.13": "stand-in:3.13"}'
    monkeypatch.setenv(containers.BASE_IMAGES, "mirror.example.com/lambda/<runtime>")
    assert mapping("stand-in:3.13") == "mirror.example.com/lambda/<runtime>"


def _running(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Stack:
    me = psutil.Process()
    monkeypatch.setattr(localstack, "code", lambda: "same")
    monkeypatch.setattr(localstack, "is_ready", lambda stack: True)
    stack = Stack("x", "local", 4700, ready=True, pid=me.pid, pid_created=me.create_time(), emulator="same")
    stack.settings |= settings
    stack.save()
    return stack


def test_a_running_stack_refuses_a_different_setting_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    _running(monkeypatch, IAM_ENFORCEMENT="soft")
    monkeypatch.setenv("IAM_ENFORCEMENT", "off")
    monkeypatch.setenv("FAULTS", "0")
    monkeypatch.setenv("KINESIS_LATENCY_MS", "0")
    with pytest.raises(HarnessError) as failure:
        lifecycle._reusable("x", 4700)
    assert "the stack runs with FAULTS=1, IAM_ENFORCEMENT=soft;" in failure.value.cause
    assert failure.value.next_step.endswith("make local-down && make local-up FAULTS=0 IAM_ENFORCEMENT=off")


def test_the_same_setting_or_none_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _running(monkeypatch, IAM_ENFORCEMENT="soft")
    assert lifecycle._reusable("x", 4700) == stack
    monkeypatch.setenv("IAM_ENFORCEMENT", "soft")
    monkeypatch.setenv("FAULTS", "")
    assert lifecycle._reusable("x", 4700) == stack


def test_settings_in_force_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = (
        "source_stream_name",
        "predictions_stream_name",
        "lambda_function",
        "model_bucket",
        "failed_events_bucket",
    )
    stack = Stack("x", "local", 4700, outputs=dict.fromkeys(outputs, "name"), model={"run_id": "r"})
    assert "settings" not in dict(status.names(stack))
    stack.settings |= {"IAM_ENFORCEMENT": "off", "KINESIS_LATENCY_MS": "5"}
    assert dict(status.names(stack))["settings"] == "IAM_ENFORCEMENT=off KINESIS_LATENCY_MS=5"
    assert os.environ.get("IAM_ENFORCEMENT") is None
