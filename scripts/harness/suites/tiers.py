"""The test suites behind `make test`, `make test-all`, `make check` and each part of them."""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from harness import commands, console, engine, environment, jobs, junit, paths, policies, setup
from harness.errors import HarnessError
from harness.jobs import Job
from harness.stack import DOCKER, EMBEDDED
from harness.terraform import working_copy

CHECK_LOG = paths.CACHE / "logs" / "check.log"
CHECK_DEADLINE = 600.0
DEADLINE = 2400.0  # of one job, on a machine half as fast as ours
ALL_ACTIONS = 3  # times as long, where ACTIONS names what is to be tried beyond the sample
# A third job leaves two processors no time, and then what is slow looks like what is broken.
AT_ONCE = 2
BYTES_EACH = 2.5 * 2**30  # a stack, in containers 1.2 GiB, and what tests it
# Terraform and its AWS provider would spend a third of their processor time on collecting garbage.
GARBAGE = {"GOGC": "400"}

INTEGRATION = "integration_tests"
IMAGE_BUILD = f"{INTEGRATION}/image_build"
STAGES = f"{INTEGRATION}/stages"
PRIVILEGES = f"{INTEGRATION}/privileges"
CONFORMANCE = "benchmarks/conformance/suite"
OTHER_JOBS = tuple(f"--ignore={folder}" for folder in (IMAGE_BUILD, STAGES, PRIVILEGES))
SHELL = ("scripts", ".ci", "infrastructure/modules")

# Which tests of a folder: CONTRIBUTING.md says what is a long proof.
EVERYDAY, LONG, BOTH = "not long_proof", "long_proof", ""


def run(name: str) -> None:
    """Runs a suite to its end, and prints the totals in a line of their own.

    Args:
        name: test, test-all, or a part of them.

    Raises:
        HarnessError: there is no such suite, or something in it failed, which is printed.
    """
    if name not in NAMES:
        raise HarnessError(f"there is no suite {name}", f"choose one of {', '.join(NAMES)}")
    setup.everything()
    with setup.exclusive("setup"):
        setup.emulator_tests()
    started = time.monotonic()
    if name in STEPS:
        STEPS[name]()
    else:
        _run_jobs(name)
    console.say(f"{name}: passed in {time.monotonic() - started:.0f} s")


def _run_jobs(name: str) -> None:
    groups = [(part, GROUPS[part]()) for part in COMPOSED.get(name, (name,))]
    reports = [job.report for _, group in groups for job in group]
    for report in reports:
        report.unlink(missing_ok=True)
    env = environment.clean(PYTHONDONTWRITEBYTECODE="1", **GARBAGE)
    at_once = AT_ONCE if psutil.virtual_memory().total >= AT_ONCE * BYTES_EACH else 1
    try:
        for title, group in groups:
            jobs.run(title, group, env, at_once)
    except HarnessError:
        _print_totals(reports, broken=True)
        raise
    _print_totals(reports)


def _print_totals(reports: Sequence[Path], *, broken: bool = False) -> None:
    found = junit.read(reports)
    if broken and not found.failed:  # a job that counts nothing, or that did not come to its report
        found.failed = 1
    print(found.totals(), flush=True)


def _pytest(
    name: str,
    *folders: str,
    which: str = BOTH,
    only: str = "",
    processes: int = 0,
    python: Path = setup.PYTHON,
    cwd: Path = paths.ROOT,
) -> Job:
    """A job of pytest's.

    Args:
        name: of the job; its long proofs are a job of another name.
        folders: of the tests.
        which: EVERYDAY, LONG or BOTH.
        only: pytest's expression of the markers that they must have besides.
        processes: among which the tests are shared out, a file's to one of them, with the stack that they share.
        python: that has what the tests need.
        cwd: whose settings pytest takes.
    """
    title = f"{name}-long" if which == LONG else name
    report = _folder() / f"{title}.xml"
    command = [str(python), "-m", "pytest", "-n", str(processes), "--dist", "loadfile"]
    command += ["--durations=12", "--durations-min=5"]  # seconds: where the time goes stands in each job's log
    command += [f"--junit-xml={report}", "-o", "junit_logging=all", "-o", "junit_log_passing_tests=false"]
    command += [*folders, "-m", " and ".join(filter(None, (which, only)))]
    deadline = DEADLINE * (ALL_ACTIONS if os.environ.get("ACTIONS") else 1)
    return Job(title, command, _folder(), counts=True, cwd=cwd, deadline=deadline)


def _step(name: str, *, counts: bool = False) -> Job:
    """A job of this module's."""
    return Job(name, [str(setup.PYTHON), "-m", "harness", "suite", name], _folder(), counts=counts, deadline=DEADLINE)


def _folder() -> Path:
    """Of logs and reports; each runtime has its own."""
    return paths.CACHE / "logs" / "suites" / (os.environ.get("RUNTIME") or _default_runtime())


@functools.cache
def _default_runtime() -> str:
    return EMBEDDED if engine.missing() else DOCKER


def _unit(which: str) -> Job:
    """Those of the harness, the service, what measures emulators, and the image's build."""
    folders = ("scripts/tests", "service/tests", "benchmarks/tests", IMAGE_BUILD)
    return _pytest("unit", *folders, which=which, processes=_processors())


def _emulator(which: str) -> Job:
    """The emulator's own, where LocalStack is installed."""
    python = paths.EMULATOR_VENV / "bin" / "python"
    return _pytest("emulator", "tests", which=which, processes=_processors(), python=python, cwd=paths.EMULATOR)


def _e2e(which: str) -> Job:
    """Those that share one stack, whose load they measure: no second process beside."""
    return _pytest("e2e", INTEGRATION, *OTHER_JOBS, which=which, only="not own_stacks")


def _e2e_own_stacks() -> Job:
    """Those end-to-end tests that bring up stacks of their own, and mostly wait for them."""
    return _pytest("e2e-own-stacks", INTEGRATION, *OTHER_JOBS, only="own_stacks")


def _stages() -> Job:
    """Deployments of a stage that go wrong on the way, against a LocalStack of their own."""
    return _pytest("stages", STAGES, processes=_processors())


def _privileges() -> Job:
    """Whether the function's role and the deployer's have what they need and no more."""
    return _pytest("privileges", PRIVILEGES, processes=_processors())


def _conformance() -> Job:
    """The mapping's conformance suite against our emulator."""
    return _pytest("conformance", CONFORMANCE)


def _processors() -> int:
    return min(2, os.cpu_count() or 1)


# The longest first.
GROUPS: dict[str, Callable[[], list[Job]]] = {
    "test": lambda: [
        _e2e(EVERYDAY),
        _step("check"),  # what fails soonest
        _emulator(EVERYDAY),
        _unit(EVERYDAY),
        _step("terraform-test", counts=True),
    ],
    "long-proofs": lambda: [
        _e2e_own_stacks(),
        _e2e(LONG),
        _stages(),
        _privileges(),
        _emulator(LONG),
        _unit(LONG),
        _conformance(),
    ],
    "unit": lambda: [_unit(BOTH)],
    "emulator-test": lambda: [_emulator(BOTH), _conformance()],
    "stages": lambda: [_stages()],
    "privileges": lambda: [_privileges()],
    "e2e": lambda: [_e2e(BOTH), _e2e_own_stacks()],
}
COMPOSED = {"test-all": ("test", "long-proofs")}


def check() -> None:
    """Formatters, linters and types."""
    _show("ruff format", [paths.VENV_BIN / "ruff", "format", "--check", "--quiet", "."])
    _show("ruff", [paths.VENV_BIN / "ruff", "check", "--quiet", "."])
    _show("import-linter", [paths.VENV_BIN / "lint-imports", "--no-logo", "--cache-dir", paths.CACHE / "import-linter"])
    mypy = paths.VENV_BIN / "mypy"
    _show("mypy", [mypy])
    _show("mypy of the service", [mypy, "service"])  # by itself: two packages' tests have modules of the same names
    emulator: list[str | Path] = [
        paths.EMULATOR_VENV / "bin" / "mypy",
        "--config-file",
        paths.EMULATOR / "pyproject.toml",
    ]
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
        commands.run(["bash", "-n", script], log=CHECK_LOG, deadline=CHECK_DEADLINE)


def terraform_test() -> None:
    """`terraform validate` and `terraform test` on a copy, with mocked providers."""
    env = setup.terraform_environment() | GARBAGE
    show = functools.partial(_show, env=env, log=paths.CACHE / "logs" / "terraform-test.log")
    report = _folder() / "terraform-test.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="terraform-test-") as scratch:
        folder = working_copy(Path(scratch) / "infrastructure")
        for root in (folder, folder / "bootstrap"):
            terraform = ["terraform", f"-chdir={root}"]
            show(f"terraform init ({root.name})", [*terraform, "init", "-backend=false", "-input=false"])
            show(f"terraform validate ({root.name})", [*terraform, "validate"])
        show("terraform test", ["terraform", f"-chdir={folder}", "test", "-no-color", f"-junit-xml={report}"])
    _print_totals([report])


STEPS: dict[str, Callable[[], None]] = {"check": check, "terraform-test": terraform_test}
NAMES = (*COMPOSED, *GROUPS, *STEPS)


def _show(title: str, command: Sequence[str | Path], env: dict[str, str] | None = None, log: Path = CHECK_LOG) -> None:
    log.unlink(missing_ok=True)
    with console.step(title):
        try:
            commands.run(command, log=log, cwd=paths.ROOT, env=env, deadline=CHECK_DEADLINE)
        except HarnessError as error:
            console.say(log.read_text(errors="replace") if log.exists() else error.cause)
            raise HarnessError(f"{title} failed", "fix the errors above") from None
