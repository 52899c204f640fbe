"""Importing a module has no side effects, and the emulator imports no other package of this repository."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from harness import paths
from harness.machine import environment

PACKAGES = ("harness", "training", "store_sales", "bundle", "benchmarks")
IMPORT_EACH = """
import importlib, json, os, pkgutil, sys

SKIPPED = (".__main__", ".handler", "_function")  # importing these runs them: a command, and functions as Lambda does

def modules(package):
    yield package.__name__
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith(SKIPPED) and ".tests" not in found.name and ".suite" not in found.name:
            yield found.name

# Set by scikit-learn and MLflow when they are imported.
UPSTREAM = ("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "_MLFLOW_TELEMETRY_SESSION_ID")

def state():
    return {name: value for name, value in os.environ.items() if name not in UPSTREAM}, list(sys.path)

changed = {}
for name in (name for package in sys.argv[1:] for name in modules(importlib.import_module(package))):
    before = state()
    importlib.import_module(name)
    if before != state():
        changed[name] = sorted(set(state()[0].items()) ^ set(before[0].items())), sys.path
print(json.dumps(changed))
"""


@pytest.mark.long_proof
def test_importing_a_module_changes_neither_environment_nor_path() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH, *PACKAGES],  # one process: MLflow and scikit-learn are slow
        env=environment.clean(),
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}


def test_the_emulator_imports_no_other_package_of_this_repository() -> None:
    # import-linter checks the others; the emulator has a separate environment.
    others = {"harness", "training", "store_sales", "store_sales_testing", "bundle", "benchmarks", "integration_tests"}
    files = list((paths.EMULATOR / "pipeline_emulator").rglob("*.py"))
    assert files
    found = {
        (file.name, name)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _imported(node)
        if name.partition(".")[0] in others
    }
    assert found == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
