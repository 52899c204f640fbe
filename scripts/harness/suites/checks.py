"""The static checks of `make check`, and Terraform's own tests."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness import console, paths
from harness.errors import HarnessError
from harness.machine import commands
from harness.setup import install, policies
from harness.suites import jobs, junit
from harness.terraform import attached
from harness.terraform.working_copy import working_copy

LOG = paths.CACHE / "logs" / "check.log"
DEADLINE = 600.0
SHELL = ("scripts", ".ci", "emulator", "infrastructure/modules")


def check() -> None:
    """Run formatters, linters, type checks, import contracts, the generated pages, policies, and shell syntax."""
    _show("ruff format", [paths.VENV_BIN / "ruff", "format", "--check", "--quiet", "."])
    _show("ruff", [paths.VENV_BIN / "ruff", "check", "--quiet", "."])
    _show("import-linter", [paths.VENV_BIN / "lint-imports", "--no-logo", "--cache-dir", paths.CACHE / "import-linter"])
    mypy = paths.VENV_BIN / "mypy"
    _show("mypy", [mypy])
    # Separately: scripts/tests and service/tests have modules of the same names.
    _show("mypy of the service", [mypy, "service"])
    emulator: list[str | Path] = [
        paths.EMULATOR_VENV / "bin" / "mypy",
        "--config-file",
        paths.EMULATOR / "pyproject.toml",
    ]
    _show("mypy of the emulator", [*emulator, paths.EMULATOR / "pipeline_emulator", paths.EMULATOR / "tests"])
    _show("reference pages", [paths.VENV_BIN / "pipeline", "reference"])
    _show("terraform fmt", ["terraform", "fmt", "-check", "-recursive", "-diff", paths.INFRASTRUCTURE])
    # Offline, so that the result depends on neither GitHub nor a token.
    options = ("--offline", "--strict-collection", "--no-progress", "--quiet")
    _show("zizmor", [paths.VENV_BIN / "zizmor", *options, ".github/workflows", "emulator/action.yml"])
    policies.install()
    with console.step("checkov") as step:
        step.result = policies.check()
    scripts = [file for folder in SHELL for file in sorted((paths.ROOT / folder).rglob("*.sh"))]
    for script in [*scripts, paths.ROOT / ".ci" / "run"]:  # bash -n reads only its first argument
        commands.run(["bash", "-n", script], log=LOG, deadline=DEADLINE)


def terraform_test() -> None:
    """Run `terraform validate` and `terraform test` on a copy, with mocked providers."""
    env = install.terraform_environment()
    report = jobs.folder() / "terraform-test.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    log = paths.CACHE / "logs" / "terraform-test.log"
    with tempfile.TemporaryDirectory(prefix="terraform-test-") as scratch:
        folder = working_copy(Path(scratch) / "infrastructure")
        roots = {root: ["terraform", f"-chdir={root}"] for root in (folder, folder / "bootstrap")}
        for root, terraform in roots.items():
            init = [*terraform, "init", "-backend=false", "-input=false"]
            _show(f"terraform init ({root.name})", init, env=env, log=log)
        with attached.aws_provider(folder / ".terraform", env) as env:
            for root, terraform in roots.items():
                _show(f"terraform validate ({root.name})", [*terraform, "validate"], env=env, log=log)
            test = [*roots[folder], "test", "-no-color", f"-junit-xml={report}"]
            _show("terraform test", test, env=env, log=log)
    junit.print_totals([report])


def _show(title: str, command: Sequence[str | Path], env: dict[str, str] | None = None, log: Path = LOG) -> None:
    log.unlink(missing_ok=True)
    with console.step(title):
        try:
            commands.run(command, log=log, cwd=paths.ROOT, env=env, deadline=DEADLINE)
        except HarnessError as error:
            console.say(log.read_text(errors="replace") if log.exists() else error.cause)
            raise HarnessError(f"{title} failed", "fix the errors above") from None
