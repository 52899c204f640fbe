"""Defines and runs `make test`, `make test-all` and each part of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from harness import console, paths
from harness.errors import HarnessError
from harness.machine import environment
from harness.reports import files as reports
from harness.setup import install
from harness.suites import checks, jobs, junit, page
from harness.suites.jobs import Job

DEADLINE = 3000.0  # seconds for one job; the longest takes half of that here
ALL_ACTIONS = 3  # factor for the deadline if ACTIONS names more actions than the sample
# Three jobs overload two processors, and then slow looks like broken. Those of `make e2e` wait.
AT_ONCE, WAITING = 2, {"e2e": 3}
BYTES_EACH = 2.5 * 2**30  # memory of a job: a stack, in containers 1.2 GiB, and the tests

INTEGRATION = "integration_tests"
IMAGE_BUILD = f"{INTEGRATION}/image_build"
STAGES = f"{INTEGRATION}/stages"
PRIVILEGES = f"{INTEGRATION}/privileges"
EXAMPLES = (f"{INTEGRATION}/test_examples.py", f"{INTEGRATION}/test_pages.py")
RECOVERY = (f"{INTEGRATION}/test_recovery.py", f"{INTEGRATION}/test_snapshots.py")
CONFORMANCE = "benchmarks/conformance/suite"
PEERS = "PEER_SUITES"
# The suite's shared stack has a tracking server; of those that tests start for themselves, none needs one.
NO_SERVER = {"MLFLOW": "0"}
OTHER_JOBS = tuple(f"--ignore={folder}" for folder in (IMAGE_BUILD, STAGES, PRIVILEGES))

# Which tests of a folder; CONTRIBUTING.md defines the long proofs.
EVERYDAY, LONG, BOTH = "not long_proof", "long_proof", ""


def run(name: str) -> None:
    """Run a suite to its end, and print the totals on one line.

    Args:
        name: test, test-all, or the name of a part.

    Raises:
        HarnessError: the suite does not exist, or a test or check failed; failures are printed.
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
    files = [job.report for _, group in groups for job in group]
    for report in files:
        report.unlink(missing_ok=True)
    env = _environment()
    room = int(psutil.virtual_memory().total // BYTES_EACH)
    at_once = max(1, min(WAITING.get(name, AT_ONCE), room))
    try:
        for title, group in groups:
            jobs.run(title, group, env, at_once)
    except HarnessError as error:
        reports.publish(page.of(name, files, error.cause))
        junit.print_totals(files, broken=True)
        raise
    reports.publish(page.of(name, files))
    junit.print_totals(files)


def _environment() -> dict[str, str]:
    """Return the jobs' environment, without the variables for the caller's own stack and summary."""
    env = environment.clean(**install.GARBAGE)
    for name in (reports.SUMMARY, "LOCALSTACK_PORT"):  # each test chooses a free port
        env.pop(name, None)
    return env


def _pytest(
    name: str,
    *folders: str,
    which: str = BOTH,
    only: str = "",
    processes: int = 0,
    options: Sequence[str] = (),
    python: Path = install.PYTHON,
    cwd: Path = paths.ROOT,
    settings: Mapping[str, str] | None = None,
) -> Job:
    """Return a job that runs pytest.

    Args:
        name: the job's name; long proofs get the suffix `-long`.
        folders: folders of tests.
        which: EVERYDAY, LONG or BOTH.
        only: a further pytest marker expression that the tests must match.
        processes: number of test processes; the tests of a file, and the stack they share, stay in one process.
        options: further options for pytest.
        python: an interpreter with the tests' dependencies.
        cwd: working directory, with pytest's settings.
        settings: environment variables of its own.
    """
    title = f"{name}-long" if which == LONG else name
    report = jobs.folder() / f"{title}.xml"
    command = [str(python), "-m", "pytest", "-n", str(processes), "--dist", "loadfile"]
    command += ["--durations=12", "--durations-min=5"]  # seconds; each job's log shows where the time goes
    command += [f"--junit-xml={report}", "-o", "junit_logging=all", "-o", "junit_log_passing_tests=false"]
    command += ["--reruns", os.environ.get("RERUNS") or "0", "-rR"]
    command += [*folders, "-m", " and ".join(filter(None, (which, only))), *options]
    deadline = DEADLINE * (ALL_ACTIONS if os.environ.get("ACTIONS") else 1)
    return Job(title, command, jobs.folder(), deadline, counts=True, cwd=cwd, settings=settings or {})


def _step(name: str, *, counts: bool = False) -> Job:
    """Return a job that runs an entry of STEPS."""
    return Job(
        name, [str(install.PYTHON), "-m", "harness", "suite", name], jobs.folder(), counts=counts, deadline=DEADLINE
    )


def _unit(which: str) -> Job:
    """Unit tests of the harness, the service, the benchmarks and the image's build."""
    folders = ("scripts/tests", "service/tests", "benchmarks/tests", IMAGE_BUILD)
    return _pytest("unit", *folders, which=which, processes=_processors())


def _emulator(which: str) -> Job:
    """The emulator's tests, in the environment that has LocalStack. Unless everyday, properties get more examples."""
    options = () if which == EVERYDAY else ("--hypothesis-profile=many",)
    python = paths.EMULATOR_VENV / "bin" / "python"
    return _pytest(
        "emulator", "tests", which=which, processes=_processors(), options=options, python=python, cwd=paths.EMULATOR
    )


def _e2e(which: str) -> Job:
    """End-to-end tests that share one stack; in one process, because they measure the stack's load."""
    return _pytest("e2e", INTEGRATION, *OTHER_JOBS, which=which, only="not own_stacks")


def _e2e_own_stacks() -> Job:
    """End-to-end tests that start their own stacks, and mostly wait for them."""
    others = [f"--ignore={file}" for file in (*EXAMPLES, *RECOVERY)]
    return _pytest("e2e-own-stacks", INTEGRATION, *OTHER_JOBS, *others, only="own_stacks", settings=NO_SERVER)


def _e2e_recovery() -> Job:
    """Those that stop LocalStack, in a job of their own: several jobs end sooner than one long one."""
    return _pytest("e2e-recovery", *RECOVERY, only="own_stacks", settings=NO_SERVER)


def _e2e_examples() -> Job:
    """Those of other pipelines."""
    return _pytest("e2e-examples", *EXAMPLES, only="own_stacks", settings=NO_SERVER)


def _stages() -> Job:
    """Deployments of a stage that fail on the way, against a separate LocalStack."""
    return _pytest("stages", STAGES, processes=_processors())


def _privileges() -> Job:
    """Tests that the function's role and the deployer's have the permissions they need, and no more."""
    return _pytest("privileges", PRIVILEGES, processes=_processors())


def _conformance() -> Job:
    """The conformance suite of the event source mapping, against our emulator."""
    return _pytest("conformance", CONFORMANCE)


def _peers() -> list[Job]:
    """Other projects' test suites against our emulator, where the folder with their sources is named."""
    command = [str(install.PYTHON), "-m", "harness", "peers"]
    return [Job("peers", command, jobs.folder(), DEADLINE)] if os.environ.get(PEERS) else []


def _processors() -> int:
    return min(2, os.cpu_count() or 1)


# The longest jobs first.
GROUPS: dict[str, Callable[[], list[Job]]] = {
    "test": lambda: [
        _e2e(EVERYDAY),
        _step("check"),  # fails soonest
        _emulator(EVERYDAY),
        _unit(EVERYDAY),
        _step("terraform-test", counts=True),
    ],
    "long-proofs": lambda: [
        _emulator(LONG),
        _stages(),
        _e2e(LONG),
        _e2e_recovery(),
        _e2e_examples(),
        _privileges(),
        _e2e_own_stacks(),
        _unit(LONG),
        _conformance(),
        *_peers(),
    ],
    "unit": lambda: [_unit(BOTH)],
    "emulator-test": lambda: [_emulator(BOTH), _conformance()],
    "stages": lambda: [_stages()],
    "privileges": lambda: [_privileges()],
    "e2e": lambda: [_e2e(BOTH), _e2e_examples(), _e2e_own_stacks(), _e2e_recovery()],
}
COMPOSED = {"test-all": ("test", "long-proofs")}
STEPS: dict[str, Callable[[], None]] = {"check": checks.check, "terraform-test": checks.terraform_test}
NAMES = (*COMPOSED, *GROUPS, *STEPS)
