"""Tutorial and how-tos are followed as a reader copies them; what is not run is marked with the reason."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from harness.cli.main import commands as group
from harness.cli.sections import Sections
from harness.local import runtimes
from harness.machine import ports
from harness.paths import CACHE, EMULATOR_VENV, LAMBDA_RUNTIME, ROOT
from harness.setup import install
from harness.stack.state import DOCKER, EMBEDDED
from integration_tests import pages
from store_sales import shadow

own_stack = [pytest.mark.own_stacks, pytest.mark.long_proof]
pytestmark = pytest.mark.local_only

TUTORIAL, PIPELINE = "docs/tutorial.md", "docs/your-pipeline.md"
IN_THE_CLONE = ("docs/model.md", "docs/scaling.md")
BY_EMULATOR = ("docs/your-tests.md", "docs/moving-here.md")
ON_A_STAGE = "docs/first-deployment.md"  # stages/test_first_deployment.py
FOLLOWED = {TUTORIAL, PIPELINE, *IN_THE_CLONE, *BY_EMULATOR, ON_A_STAGE}
CLONE_SECONDS, SECONDS = 1500, 600

COMMAND = re.compile(r"^\$ (?:\w+=\S+ )*(?:make|pipeline) (?:-s )?([a-z-]+)(.*)$", re.MULTILINE)
RULES = re.compile(r"^([a-z][a-z0-9 -]*):(?!=)", re.MULTILINE)
STAGE = re.compile(r"-(?:stg|prod)$")


def _runtime() -> str:
    return os.environ.get("RUNTIME") or runtimes.default()


def _without_containers() -> None:
    if _runtime() == DOCKER:
        pytest.skip("the page needs no containers: the suite without them runs it")


def _reader(work: Path, runtime: str = EMBEDDED) -> dict[str, str]:
    """The variables of a reader's shell: what the machine has, with the AWS CLI, which the emulator brings, last."""
    path = f"{os.environ['PATH']}:{EMULATOR_VENV / 'bin'}"
    port = str(ports.free_ports(1)[0])
    return {"WORK": str(work), "LOCALSTACK_PORT": port, "RUNTIME": runtime, "PATH": path, "REPOSITORY": str(ROOT)}


def _down(checkout: Path, env: dict[str, str], **more: str) -> None:
    """Stop what a page left running when it failed; quick if nothing runs."""
    program = checkout / ".venv" / "bin" / "pipeline"
    if program.exists():
        subprocess.run([program, "down"], cwd=checkout, env={**os.environ, **env, **more}, check=False, timeout=120)


class TestFollowed:
    pytestmark = own_stack

    @pytest.mark.timeout(CLONE_SECONDS + 120)
    def test_the_tutorial_in_a_fresh_clone(self, tmp_path: Path) -> None:
        """With the how-tos that need its stack, where that takes no containers. CI starts the MLflow server itself."""
        install.for_runtime(EMBEDDED)  # brings the AWS CLI
        env, clone = _reader(tmp_path, _runtime()) | {"MLFLOW": "0"}, tmp_path / "store-sales"
        *steps, end = pages.to_run(TUTORIAL)
        more = [] if _runtime() == DOCKER else [text for page in IN_THE_CLONE for text in pages.to_run(page)]
        assert "make local-down" in end
        try:
            said = pages.follow(f"tutorial-{_runtime()}", [*steps, *more, end], tmp_path, env, CLONE_SECONDS)
        finally:
            _down(clone, env)
            shutil.rmtree(clone, ignore_errors=True)
        assert "Send the sample event: answered" in said
        assert re.search(r"lost +0\b", said)
        assert "SequenceNumber" in said
        assert "no pipeline runs here" not in said

    @pytest.mark.timeout(SECONDS)
    def test_your_pipeline_in_fifteen_minutes(self, tmp_path: Path) -> None:
        env = _reader(tmp_path, _runtime())
        try:
            said = pages.follow(
                f"your-pipeline-{_runtime()}", [f'cd "{ROOT}"\n', *pages.to_run(PIPELINE)], tmp_path, env, SECONDS
            )
        finally:
            _down(ROOT, env, PIPELINE=str(tmp_path / "orders"))
        assert "A local run cannot prove:" in said
        verdicts = json.loads((CACHE / "ledger" / "orders.json").read_text())
        assert verdicts["passed"]
        assert verdicts["summary"]["events"] == 500

    @pytest.mark.timeout(SECONDS)
    def test_the_pages_about_the_emulator_alone(self, tmp_path: Path) -> None:
        _without_containers()
        install.for_runtime(EMBEDDED)
        install.emulator_tests()
        env = _reader(tmp_path) | {
            "PATH": f"{EMULATOR_VENV / 'bin'}:{os.environ['PATH']}",
            "PIPELINE_DATA": str(tmp_path / "data"),
            "PIPELINE_PORT": str(ports.free_ports(1)[0]),
            "PIPELINE_LAMBDA_RUNTIME_DIR": str(LAMBDA_RUNTIME),
        }
        env["PYTEST_ADDOPTS"] = "-p no:cacheprovider"
        texts = [text for page in BY_EMULATOR for text in pages.to_run(page)]
        try:
            said = pages.follow("emulator", [f'cd "{ROOT}"\n', *texts], tmp_path, env, SECONDS)
        finally:
            subprocess.run(
                [EMULATOR_VENV / "bin" / "pipeline-emulator", "stop"], env={**os.environ, **env}, check=False
            )
        assert len(re.findall(r"\b1 passed\b", said)) == 3
        assert "failed" not in said


class TestMarks:
    @pytest.mark.parametrize("page", pages.guides())
    def test_every_block_is_followed_or_says_why_not(self, page: str) -> None:
        assert _problems(page, (ROOT / page).read_text(encoding="utf-8")) == []

    @pytest.mark.parametrize("page", pages.guides())
    def test_commands_that_are_only_shown_exist(self, page: str) -> None:
        assert _unknown("".join(block.text for block in pages.blocks(page) if block.language == pages.SHOWN)) == []

    def test_the_pages_that_are_followed_are_guides(self) -> None:
        assert set(pages.guides()) >= FOLLOWED
        assert all(pages.to_run(page) for page in FOLLOWED)

    def test_a_block_without_a_mark_or_a_test_is_found(self) -> None:
        text = (
            "```sh\nmake up\n```\n\n```console\n$ make a\n```\n\n"
            "_Not run by a test: it needs\nAWS._\n\n```console\n$ b\n```\n\n"
            "_Not run by a test: no._\n\n```bash\nc\n```\n\n    make local-up\n\n```python\nprint()\n```\n"
        )
        assert _problems("docs/other.md", text) == [
            "no test follows: make up",
            "neither run nor marked: $ make a",
            "fenced with bash: c",
            "not in a fence: make local-up",
        ]
        assert _problems(TUTORIAL, "_Not run by a test: why._\n\n```sh\nd\n```\n") == ["marked, but run: d"]

    def test_a_command_or_variable_that_does_not_exist_is_found(self) -> None:
        text = "$ make no-such-target\n$ A=1 make send COUNT=1 COLOUR=red\n$ pipeline verify COUNT=2\n"
        assert _unknown(text) == ["no-such-target", "send COLOUR="]


def _problems(page: str, text: str) -> list[str]:
    """Return the shell blocks of a page that no test follows and that do not say why."""
    found = [f"{problem}: {block.text.strip()}" for block in pages.parsed(page, text) if (problem := _problem(block))]
    bare = re.findall(r"^ {4}((?:\w+=\S+ )*(?:make|pipeline|pip|docker|terraform|aws) .+)$", text, re.MULTILINE)
    return found + [f"not in a fence: {line}" for line in bare]


def _problem(block: pages.Block) -> str:
    if block.language not in (pages.RUN, pages.SHOWN):
        return f"fenced with {block.language}"
    if block.language == pages.SHOWN:
        return "" if block.reason else "neither run nor marked"
    if block.page not in FOLLOWED:
        return "no test follows"
    return "marked, but run" if block.reason else ""


def _targets() -> set[str]:
    rules = RULES.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    return {target for rule in rules for target in rule.split()}


def _unknown(text: str) -> list[str]:
    """Return the commands and variables that do not exist."""
    assert isinstance(group, Sections)
    known = click.Context(group)
    found = []
    for name, rest in COMMAND.findall(text):
        command = group.get_command(known, name) or group.get_command(known, STAGE.sub("", name))
        if command is None and name not in _targets():
            found.append(name)
        variables = re.findall(r"\b([A-Z_]{3,})=", rest.partition("#")[0])
        allowed = {option.envvar for option in command.params} if command else set()
        found += [f"{name} {variable}=" for variable in variables if command and variable not in allowed]
    return found


def test_the_metrics_of_the_shadow_are_documented() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(Shadow\w+)` \| `FunctionName`, `ShadowVersion` \| (\w+) \|", page, re.MULTILINE)
    assert dict(rows) == shadow.UNITS
