"""Runs the probes in threads, and the conformance cases in a separate process at the same time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from benchmarks.fidelity import probes as _register
from benchmarks.fidelity.attributes import Attribute
from benchmarks.fidelity.bench import Bench, package
from benchmarks.fidelity.bindings import CASES, PROBES
from benchmarks.fidelity.verdicts import Seen
from harness import paths
from harness.console import Step
from harness.errors import HarnessError
from harness.machine import environment, processes
from harness.paths import shown
from harness.setup import install

assert _register.__all__

THREADS = 6
DEADLINE = 150.0
SUITE = paths.ROOT / "benchmarks" / "conformance" / "suite"
CASE_SECONDS = 30.0  # deadline of each wait in a case


def run(bench: Bench, wanted: Collection[Attribute], folder: Path, step: Step) -> dict[Attribute, list[Seen]]:
    """Runs every probe and case bound to one of the attributes.

    Args:
        bench: of the emulator in use.
        wanted: the attributes of the plan.
        folder: for the cases' results and log.
        step: shows the progress.

    Returns:
        Observations by attribute.

    Raises:
        HarnessError: a probe broke off, which says nothing about the emulator, or the deadline passed.
    """
    seen: defaultdict[Attribute, list[Seen]] = defaultdict(list)
    chosen = [probe for probe in PROBES if set(probe.attributes) & set(wanted)]
    tests = [test for test, bound in CASES.items() if set(bound) & set(wanted)]
    suite = _start(bench, tests, folder) if tests else None
    pool = ThreadPoolExecutor(THREADS)
    futures: dict[Future[Seen], str] = {pool.submit(probe.run, bench): probe.name for probe in chosen}
    try:
        done: dict[str, Seen] = {}
        for future in as_completed(futures, DEADLINE):
            name = futures[future]
            done[name] = _result(name, future)
            step.note(f"{len(done)} of {len(chosen)} probes, {len(tests)} conformance cases at the same time")
        for probe in chosen:
            for attribute in probe.attributes:
                seen[attribute].append(done[probe.name])
        if suite is not None:
            step.note(f"{len(tests)} conformance cases")
            for attribute, found in _cases(suite, tests, folder):
                seen[attribute].append(found)
    except TimeoutError:
        left = sorted(name for future, name in futures.items() if not future.done())
        raise HarnessError(
            f"these probes did not finish within {DEADLINE:.0f} s: {', '.join(left)}",
            "find out why they hang, then repeat",
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        if suite is not None:
            _end(suite)
    return seen


def _result(name: str, future: Future[Seen]) -> Seen:
    try:
        return future.result()
    except Exception as error:
        raise HarnessError(
            f"the probe {name} broke off: {type(error).__name__}: {error}",
            "fix the probe (benchmarks/fidelity/probes), or look at the emulator's answer",
        ) from error


def _start(bench: Bench, tests: list[str], folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    made = package(SUITE / "journal_function.py", bench.image)
    env = environment.clean(
        CONFORMANCE_ENDPOINT_URL=bench.endpoint_url,
        CONFORMANCE_SECONDS=str(CASE_SECONDS),
        CONFORMANCE_RESULTS=str(folder / "cases.json"),
        **{processes.MARKER: str(bench.stack.folder)},
        **({"CONFORMANCE_PACKAGE": json.dumps(made)} if bench.image else {}),
    )
    command: list[str | Path] = [
        install.PYTHON,
        "-m",
        "pytest",
        "--tb=short",
        "-q",
        *(str(SUITE / test) for test in tests),
    ]
    with (folder / "cases.log").open("wb") as sink:
        return subprocess.Popen(
            command, cwd=paths.ROOT, env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def _cases(suite: subprocess.Popen[bytes], tests: list[str], folder: Path) -> list[tuple[Attribute, Seen]]:
    log, results = folder / "cases.log", folder / "cases.json"
    try:
        suite.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        raise HarnessError(f"the conformance cases took longer than {DEADLINE:.0f} s", f"read {shown(log)}") from None
    if not results.exists():
        raise HarnessError("the conformance cases ended without results", f"read {shown(log)}")
    found = json.loads(results.read_text())
    seen = []
    for test in tests:
        ends = [one for one in found if one["node"].endswith(test)]
        if not ends or any("outcome" not in one for one in ends):
            raise HarnessError(f"the conformance case {test} was not run", f"read {shown(log)}")
        failed = [one for one in ends if one["outcome"] != "passed"]
        what = f"not so: {failed[0]['behaviour']} ({failed[0].get('reason', '')})" if failed else ends[0]["behaviour"]
        seen += [(attribute, Seen(not failed, what)) for attribute in CASES[test]]
    return seen


def _end(suite: subprocess.Popen[bytes]) -> None:
    if suite.poll() is None:
        os.killpg(suite.pid, signal.SIGKILL)
    suite.wait()
