"""The test suites behind `make test`, `make e2e` and `make check`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from harness import commands, console, environment, lanes, paths, policies, setup
from harness.errors import HarnessError
from harness.terraform import working_copy

SUITE_DEADLINE = 2400.0  # of one part, on a machine half as fast as ours
ALL_ACTIONS = 3  # times as long, where ACTIONS names what is to be tried beyond the sample
TEARDOWN_SECONDS = 60.0
LANE_BYTES = 2.5 * 2**30  # two stacks, in containers 1.2 GiB each
END_TO_END = "integration_tests"
CONFORMANCE = "benchmarks/conformance/suite"
IMAGE_BUILD = "integration_tests/image_build"
STAGES = "integration_tests/stages"
PRIVILEGES = "integration_tests/privileges"
SHELL = ("scripts", ".ci", "infrastructure/modules")


def run(name: str) -> None:
    """Runs a suite to its end.

    Args:
        name: test, or one of its parts.

    Raises:
        HarnessError: something in it failed; its output stands above.
    """
    setup.everything()
    started = time.monotonic()
    if name == "test":
        check()  # what fails soonest
        _beside_one_another("The other tests", TEST_LANES)
    else:
        PARTS[name]()
    console.say(f"{name}: passed in {time.monotonic() - started:.0f} s")


def _beside_one_another(title: str, parts: Sequence[Sequence[str]]) -> None:
    """Each in a process of its own, whose output goes to a log; one after the other where memory is short."""
    if psutil.virtual_memory().total < LANE_BYTES * len(parts):
        parts = [[part for lane in parts for part in lane]]
    commands = {part: [str(setup.PYTHON), "-m", "harness", "suite", part] for lane in parts for part in lane}
    env = environment.clean()
    lanes.run(title, parts, commands, env, paths.CACHE / "logs" / "suites")


def check() -> None:
    """Formatters, linters and types."""
    _show("ruff format", [paths.VENV_BIN / "ruff", "format", "--check", "--quiet", "."])
    _show("ruff", [paths.VENV_BIN / "ruff", "check", "--quiet", "."])
    _show("import-linter", [paths.VENV_BIN / "lint-imports", "--no-logo", "--cache-dir", paths.CACHE / "import-linter"])
    mypy = paths.VENV_BIN / "mypy"
    _show("mypy", [mypy, "scripts/harness", "scripts/tests", "benchmarks"])
    _show("mypy of the service", [mypy, "service"])  # by itself: two packages' tests have modules of the same names
    with setup.exclusive("setup"):
        setup.emulator_tests()
    emulator = [paths.EMULATOR_VENV / "bin" / "mypy", "--config-file", paths.EMULATOR / "pyproject.toml"]
    _show("mypy of the emulator", [*emulator, paths.EMULATOR / "pipeline_emulator", paths.EMULATOR / "tests"])
    _show("terraform fmt", ["terraform", "fmt", "-check", "-recursive", "-diff", paths.INFRASTRUCTURE])
    # Offline, so that the check does not depend on who asks GitHub, and with which token.
    options = ("--offline", "--strict-collection", "--no-progress", "--quiet")
    _show("zizmor", [paths.VENV_BIN / "zizmor", *options, ".github/workflows"])
    policies.install()
    with console.step("checkov") as step:
        step.result = policies.check()
    scripts = [file for folder in SHELL for file in sorted((paths.ROOT / folder).rglob("*.sh"))]
    for script in [*scripts, paths.ROOT / ".ci" / "run"]:  # bash -n reads its first argument only
        commands.run(["bash", "-n", script], log=paths.CACHE / "logs" / "check.log", deadline=SUITE_DEADLINE)


def unit() -> None:
    """Unit tests of the harness, the service and the image's build."""
    _pytest("scripts/tests", "service/tests", "benchmarks/tests", IMAGE_BUILD)


def terraform_test() -> None:
    """`terraform validate` and `terraform test` on a copy, with mocked providers."""
    env = setup.terraform_environment()
    with tempfile.TemporaryDirectory(prefix="terraform-test-") as scratch:
        folder = working_copy(Path(scratch) / "infrastructure")
        for root in (folder, folder / "bootstrap"):
            _show(
                f"terraform init ({root.name})",
                ["terraform", f"-chdir={root}", "init", "-backend=false", "-input=false"],
                env,
            )
            _show(f"terraform validate ({root.name})", ["terraform", f"-chdir={root}", "validate"], env)
            if any((root / "tests").glob("*.tftest.hcl")):
                _show(f"terraform test ({root.name})", ["terraform", f"-chdir={root}", "test", "-no-color"], env)


def emulator_test() -> None:
    """The emulator's own tests, in its environment, and the mapping's conformance suite against an emulator."""
    with setup.exclusive("setup"):
        setup.emulator_tests()
    _pytest("emulator/tests", python=paths.EMULATOR_VENV / "bin" / "python")  # with emulator/pyproject.toml's settings
    _pytest(CONFORMANCE)


def stages() -> None:
    """Deployments of a stage that go wrong on the way, against a LocalStack of their own."""
    _pytest(STAGES)


def privileges() -> None:
    """Whether the function's role and the deployer's have what they need and no more, in stacks without containers."""
    _pytest(PRIVILEGES)


def e2e() -> None:
    """The end-to-end suite, in stacks of its own beside a running one."""
    _beside_one_another("End-to-end tests", E2E_LANES)


def e2e_one_stack() -> None:
    """Its tests that share one stack."""
    _e2e("not own_stacks")


def e2e_own_stacks() -> None:
    """Its tests that bring up stacks of their own, and mostly wait for them."""
    _e2e("own_stacks")


def _e2e(which: str) -> None:
    parts_of_their_own = [f"--ignore={folder}" for folder in (IMAGE_BUILD, STAGES, PRIVILEGES)]
    _pytest(END_TO_END, *parts_of_their_own, "-m", which)


PARTS: dict[str, Callable[[], None]] = {
    "check": check,
    "unit": unit,
    "terraform-test": terraform_test,
    "stages": stages,
    "emulator-test": emulator_test,
    "privileges": privileges,
    "e2e": e2e,
    "e2e-one-stack": e2e_one_stack,
    "e2e-own-stacks": e2e_own_stacks,
}
E2E_LANES = (("e2e-one-stack",), ("e2e-own-stacks",))
# Of about the same length. A third lane leaves two processors no time, and then what is slow looks like what is broken.
TEST_LANES = (
    ("unit", "emulator-test", "terraform-test", "stages", "privileges"),
    ("e2e-one-stack", "e2e-own-stacks"),
)


def _processes(folders: Sequence[str]) -> int:
    """Two where the tests mostly wait; none beside pytest's own where they share one stack, whose load they measure."""
    return 0 if folders[0] in (END_TO_END, CONFORMANCE) else min(2, os.cpu_count() or 1)


def _pytest(*folders: str, python: Path = setup.PYTHON) -> None:
    # A file's tests stay together, with the LocalStack or the stack that they share.
    shown = ("--durations=12", "--durations-min=5")  # seconds: where the time goes stands in each part's log
    command = [
        str(python),
        "-m",
        "pytest",
        "-n",
        str(_processes(folders)),
        "--dist",
        "loadfile",
        *shown,
        *folders,
    ]
    console.say(f"▸ pytest {' '.join(folders)}")
    # Terraform and its AWS provider would spend a fifth of their processor time on collecting garbage.
    _stream(command, environment.clean(PYTHONDONTWRITEBYTECODE="1", GOGC="400"))


def _stream(command: list[str], env: dict[str, str]) -> None:
    deadline = SUITE_DEADLINE * (ALL_ACTIONS if env.get("ACTIONS") else 1)
    process: subprocess.Popen[bytes] = subprocess.Popen(
        command, cwd=paths.ROOT, env=env, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        status = process.wait(deadline)
    except subprocess.TimeoutExpired:
        _interrupt(process)
        raise HarnessError(f"{command[2]} took longer than {deadline:.0f} s", "look for what hangs") from None
    except KeyboardInterrupt:
        _interrupt(process)
        raise
    if status != 0:
        raise HarnessError(f"'{' '.join(command[1:])}' failed", "the failures stand above")


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """One interrupt, at which pytest takes its stacks down; a second would break that off."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(TEARDOWN_SECONDS)
    process.kill()
    process.wait()


def _show(title: str, command: Sequence[str | Path], env: dict[str, str] | None = None) -> None:
    log = paths.CACHE / "logs" / "check.log"
    log.unlink(missing_ok=True)
    with console.step(title) as step:
        try:
            output = commands.run(command, log=log, cwd=paths.ROOT, env=env, deadline=SUITE_DEADLINE)
            if found := re.search(r"^Success! (\d+ passed, .*)\.$", output, re.MULTILINE):
                step.result = found[1]
        except HarnessError as error:
            console.say(log.read_text(errors="replace") if log.exists() else error.cause)
            raise HarnessError(f"{title} failed", "mend what stands above") from None
