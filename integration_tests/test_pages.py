"""The commands of the pages, run one after the other as a reader would copy them.

Blocks fenced with `sh` are run. Those fenced with `console` reach AWS or a package registry, wait for Ctrl-C or
take minutes: each of their commands and variables must exist.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import click
import pytest

from harness.cli.main import commands as group
from harness.cli.sections import Sections
from harness.local import runtimes
from harness.machine import environment, processes
from harness.paths import CACHE, ROOT, STACKS
from harness.stack.state import DOCKER

own_stack = [pytest.mark.own_stacks, pytest.mark.long_proof]
pytestmark = pytest.mark.local_only

RUN = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (?:make|pipeline) (?:-s )?([a-z-]+)(.*)$", re.MULTILINE)
RULES = re.compile(r"^([a-z][a-z -]*):(?!=)", re.MULTILINE)
STAGE = re.compile(r"-(?:stg|prod)$")
SECONDS = 600
PAGES = ["tutorial.md", "getting-started.md", "first-deployment.md", "your-pipeline.md", "moving-here.md", "ci-cd.md"]


def _without_containers() -> None:
    if (os.environ.get("RUNTIME") or runtimes.default()) == DOCKER:
        pytest.skip("the page needs no containers: the suite without them runs it")


def _run(page: str, blocks: int, work: Path, **settings: str) -> str:
    """Run a page's blocks in the checkout and return what they print."""
    found = RUN.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(found) == blocks
    script = work / "page.sh"
    script.write_text("set -euo pipefail\n" + "".join(found))
    env = environment.clean(**settings)
    done = subprocess.run(["bash", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _settings(work: Path) -> dict[str, str]:
    return {"WORK": str(work), "LOCALSTACK_PORT": str(processes.free_ports(1)[0]), "RUNTIME": "embedded"}


def _down(settings: dict[str, str], **more: str) -> None:
    """Stop what a page left running when it failed; quick if nothing runs."""
    env = {**os.environ, **settings, **more}
    subprocess.run([ROOT / ".venv" / "bin" / "pipeline", "down"], env=env, check=False, timeout=120)


class TestRun:
    pytestmark = own_stack

    def test_your_pipeline_in_fifteen_minutes(self, tmp_path: Path) -> None:
        _without_containers()
        settings = _settings(tmp_path)
        try:
            shown = _run("your-pipeline.md", 8, tmp_path, **settings)
        finally:
            if (tmp_path / "orders").exists():
                _down(settings, PIPELINE=str(tmp_path / "orders"))
        assert "A local run cannot prove:" in shown
        verdicts = json.loads((CACHE / "ledger" / "orders.json").read_text())
        assert verdicts["passed"]
        assert verdicts["summary"]["events"] == 500

    @pytest.mark.timeout(SECONDS)
    def test_the_tutorial(self, tmp_path: Path) -> None:
        _without_containers()
        if (STACKS / "local").exists():
            lack = f"{STACKS / 'local'} is in use: make local-down"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)
        settings = _settings(tmp_path)
        try:
            shown = _run("tutorial.md", 5, tmp_path, **settings)
        finally:
            _down(settings)
        assert "Send the sample event: answered" in shown
        assert re.search(r"lost +0\b", shown)


def _targets() -> set[str]:
    rules = RULES.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    return {target for rule in rules for target in rule.split()}


def _unknown(text: str) -> list[str]:
    """Return the commands and variables in a page's `console` blocks that do not exist."""
    assert isinstance(group, Sections)
    known = click.Context(group)
    found = []
    for name, rest in COMMAND.findall("".join(SHOWN.findall(text))):
        command = group.get_command(known, name) or group.get_command(known, STAGE.sub("", name))
        if command is None and name not in _targets():
            found.append(name)
        variables = re.findall(r"\b([A-Z_]{3,})=", rest.partition("#")[0])
        allowed = {option.envvar for option in command.params} if command else set()
        found += [f"{name} {variable}=" for variable in variables if command and variable not in allowed]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_that_are_only_shown_exist(page: str) -> None:
    assert _unknown((ROOT / "docs" / page).read_text(encoding="utf-8")) == []


def test_a_command_or_variable_that_does_not_exist_is_found() -> None:
    page = "```console\n$ make no-such-target\n$ make send COUNT=1 COLOUR=red\n$ pipeline verify COUNT=2\n```\n"
    assert _unknown(page) == ["no-such-target", "send COLOUR="]
