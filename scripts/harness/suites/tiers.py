"""What `make test`, `make test-all` and each part of them consist of."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from harness import console, paths
from harness.errors import HarnessError
from harness.machine import environment
from harness.setup import install
from harness.suites import checks, jobs, junit
from harness.suites.jobs import Job

DEADLINE = 2400.0  # of one job, on a machine half as fast as ours
ALL_ACTIONS = 3  # times as long, where ACTIONS names what is to be tried beyond the sample
# A third job leaves two processors no time, and then what is slow looks like what is broken.
AT_ONCE = 2
BYTES_EACH = 2.5 * 2**30  # a stack, in containers 1.2 GiB, and what tests it

INTEGRATION = "integration_tests"
IMAGE_BUILD = f"{INTEGRATION}/image_build"
STAGES = f"{INTEGRATION}/stages"
PRIVILEGES = f"{INTEGRATION}/privileges"
CONFORMANCE = "benchmarks/conformance/suite"
OTHER_JOBS = tuple(f"--ignore={folder}" for folder in (IMAGE_BUILD, STAGES, PRIVILEGES))

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
    install.everything()
    with install.exclusive("setup"):
        install.emulator_tests()
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
    env = environment.clean(PYTHONDONTWRITEBYTECODE="1", **checks.GARBAGE)
    at_once = AT_ONCE if psutil.virtual_memory().total >= AT_ONCE * BYTES_EACH else 1
    try:
        for title, group in groups:
            jobs.run(title, group, env, at_once)
    except HarnessError:
        junit.print_totals(reports, broken=True)
        raise
    junit.print_totals(reports)


def _pytest(
    name: str,
    *folders: str,
    which: str = BOTH,
    only: str = "",
    processes: int = 0,
    python: Path = install.PYTHON,
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
    report = jobs.folder() / f"{title}.xml"
    command = [str(python), "-m", "pytest", "-n", str(processes), "--dist", "loadfile"]
    command += ["--durations=12", "--durations-min=5"]  # seconds: where the time goes stands in each job's log
    command += [f"--junit-xml={report}", "-o", "junit_logging=all", "-o", "junit_log_passing_tests=false"]
    command += [*folders, "-m", " and ".join(filter(None, (which, only)))]
    deadline = DEADLINE * (ALL_ACTIONS if os.environ.get("ACTIONS") else 1)
    return Job(title, command, jobs.folder(), counts=True, cwd=cwd, deadline=deadline)


def _step(name: str, *, counts: bool = False) -> Job:
    """A job that is an entry of STEPS."""
    return Job(
        name, [str(install.PYTHON), "-m", "harness", "suite", name], jobs.folder(), counts=counts, deadline=DEADLINE
    )


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
STEPS: dict[str, Callable[[], None]] = {"check": checks.check, "terraform-test": checks.terraform_test}
NAMES = (*COMPOSED, *GROUPS, *STEPS)
