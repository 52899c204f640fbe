"""The command line documents itself: help, completion, version, the make targets and the settings page."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from harness.cli.main import commands
from harness.cli.variables import VARIABLES
from harness.paths import ROOT, SCRIPTS, VENV_BIN

EVERYDAY = 16
# The documented targets, and those that scripts and workflows call.
TARGETS = (
    *("setup", "local-up", "local-down", "local-status", "local-logs", "train", "send", "watch", "verify", "chaos"),
    *(
        "failed-events",
        "redrive",
        "dashboard",
        "test",
        "test-all",
        "e2e",
        "check",
        "bench",
        "outputs",
        "promote",
        "rollback",
    ),
    *("rehearse-stg", "plan-stg", "deploy-stg", "destroy-stg", "plan-prod", "deploy-prod", "destroy-prod"),
    *("smoke-stg", "smoke-prod", "unlock-stg", "unlock-prod", "soak", "unit", "terraform-test", "stages-test"),
    *(
        "emulator-test",
        "privileges-test",
        "fidelity",
        "conformance",
        "bench-iam",
        "cost",
        "capacity",
        "sbom",
        "audit",
        "lock",
    ),
    *("clean", "format", "iam-denials", "ecr-login"),
)
# Read from the environment, but set by the shell or pyenv, not by users.
INTERNAL = {"BASH_SOURCE", "HOME", "MAKEFLAGS", "MAKELEVEL", "PWD", "PYENV_ROOT", "SECONDS"}
commands.add_plugins()


@pytest.mark.parametrize(("name", "command"), commands.commands.items())
def test_every_command_and_parameter_has_a_help_text(name: str, command: click.Command) -> None:
    assert re.match(r"[A-Z][a-z]+,? .*\.$", (command.help or "").partition("\n")[0]), command.help
    assert not re.match(r"\w+s ", command.help or ""), "the first word must be an imperative: 'Show', not 'Shows'"
    for parameter in command.params:
        assert parameter.help, f"{name}: {parameter.opts} has no help text"


def test_each_command_is_in_one_section() -> None:
    assert sorted(commands.list_commands(click.Context(commands))) == sorted(commands.commands)


def test_a_commands_help_names_its_make_variables() -> None:
    done = _pipeline("send", "--help")
    assert "Usage: pipeline send [OPTIONS]" in done.stdout
    assert "[env var: COUNT; default: 10]" in done.stdout


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"pipeline, version \d+\.\d+\.\d+\n", _pipeline("--version").stdout)


def test_help_loads_no_client_of_aws_or_the_engine() -> None:
    code = "import sys, harness.cli; print({'boto3', 'docker', 'testcontainers'} & set(sys.modules))"
    done = subprocess.run([VENV_BIN / "python", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell: str) -> None:
    script = _pipeline("completion", shell)
    assert f"_PIPELINE_COMPLETE={shell}_complete" in script.stdout
    assert script.stderr == ""
    for line, word, wanted in (("pipeline loc", "loc", "local-up"), ("pipeline send --c", "--c", "--count")):
        position = "1" if " " not in line.removesuffix(word).strip() else "2"
        given = {"COMP_WORDS": line, "COMP_CWORD": word if shell == "fish" else position}
        done = _pipeline(_PIPELINE_COMPLETE=f"{shell}_complete", **given)
        assert wanted in done.stdout, done.stderr


def test_make_alone_lists_the_everyday_targets() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^  ([a-z-]+) ", done.stdout, re.MULTILINE)
    assert 0 < len(listed) <= EVERYDAY
    assert "pipeline --help" in done.stdout
    assert set(listed) <= set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_calls_an_existing_command(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    called = re.search(r"exec \.venv/bin/pipeline ([\w -]+)", done.stdout)
    assert called, done.stdout
    name, *words = called[1].split()
    command = commands.commands[name]
    command.make_context(name, words)  # raises if the arguments do not fit
    assert not words or words == [target.rpartition("-")[2]]


def _documented() -> set[str]:
    options = {
        parameter.envvar for command in commands.commands.values() for parameter in command.params if parameter.envvar
    }
    variables = (variable.name.split(", ") for group in VARIABLES.values() for variable in group)
    return {str(name) for name in options}.union(*variables)


def test_every_variable_that_the_harness_reads_is_documented() -> None:
    read = {
        name
        for file in (SCRIPTS / "harness").rglob("*.py")
        if "stages" not in file.parts  # these look for users' settings to refuse or to warn about
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _read_by(node)
    }
    shell = {
        name
        for file in [*SCRIPTS.glob("*.sh"), *(SCRIPTS / "images").glob("*.sh")]
        for name in re.findall(r"\$\{?([A-Z][A-Z_]+)\b", file.read_text())
    }
    assert read | shell >= {"LOCALSTACK_PORT", "IMAGE_SOURCE", "DEBIAN_MIRROR"}
    assert (read | shell) - _documented() - INTERNAL == set()


def _read_by(node: ast.AST) -> Iterator[str]:
    """Yield the variable that `os.environ[...]` or `os.environ.get(...)` reads."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"), args=[ast.Constant(name), *_]
        ):
            yield str(name)
        case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(name), ctx=ast.Load()):
            yield str(name)
        case _:
            pass


def _pipeline(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [VENV_BIN / "pipeline", *words]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False)
