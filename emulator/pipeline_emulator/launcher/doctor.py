"""Checks what works on this machine: one finding for each thing the emulator needs."""

import asyncio
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from pipeline_emulator.launcher import environment, instance, lambda_runtime, packages

if TYPE_CHECKING:
    from pipeline_emulator.lambda_runtime.runtimes.search import Interpreter

DISTRIBUTION = "pipeline-emulator"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        what: what was checked.
        text: the result, with the remedy if it does not work.
        works: None if the emulator starts without it.
    """

    what: str
    text: str
    works: bool | None


def examine(chosen: Mapping[str, str]) -> Iterator[Finding]:
    """Check everything, in the order in which it is needed.

    Args:
        chosen: the value of every setting.
    """
    yield _python()
    yield from _packages()
    yield _data(chosen)
    yield _port(chosen)
    needs_containers = chosen["lambda_executor"] == "container"
    if not needs_containers:
        yield _isolation(chosen["lambda_process_isolation"])
        yield _lambda_runtime(Path(chosen["lambda_runtime_dir"]))
        yield _interpreters(chosen["lambda_interpreters"])
    yield _engine(chosen["docker_host"], needed=needs_containers)


def examine_runtimes(identifiers: Sequence[str], chosen: Mapping[str, str]) -> Iterator[Finding]:
    """Check whether functions from Zips of some runtimes, such as `nodejs22.x`, have an interpreter here."""
    from pipeline_emulator.lambda_runtime.runtimes.versions import OS_ONLY

    finders = _finders(chosen["lambda_interpreters"])
    for identifier in identifiers:
        if identifier in OS_ONLY:
            yield Finding(identifier, "needs no interpreter", True)
        elif (find := finders.get(identifier)) is None:
            yield Finding(identifier, f"no such runtime here, only {', '.join((*finders, *OS_ONLY))}", False)
        else:
            try:
                yield Finding(identifier, str(find().program), True)
            except RuntimeError as error:
                yield Finding(identifier, str(error), False)


def _python() -> Finding:
    fits = sys.version_info[:2] == (3, 13)
    return Finding("Python", platform.python_version() + ("" if fits else ": 3.13 is needed"), fits)


def _packages() -> Iterator[Finding]:
    """Check LocalStack and the packages that it needs in certain versions."""
    try:
        wanted = [Requirement(text) for text in importlib.metadata.requires(DISTRIBUTION) or []]
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "pipeline-emulator is not installed: pip install pipeline-emulator", False)
        return
    wrong = []
    for requirement in wanted:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found == "missing" or not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} is {found}, {requirement.specifier} is needed")
        elif requirement.name == "localstack-core":
            yield Finding("LocalStack", f"localstack-core {found}", True)
    if conflict := packages.overwritten():
        yield Finding("packages", ": ".join(conflict), False)
        return
    remedy = f": reinstall with pip install --upgrade {DISTRIBUTION}"
    yield Finding("packages", "; ".join(wrong) + remedy if wrong else "in the versions that work", not wrong)


def _data(chosen: Mapping[str, str]) -> Finding:
    data = Path(chosen["data"])
    nearest = next(folder for folder in (data, *data.parents) if folder.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    return Finding(
        "data folder", str(data) + ("" if writable else " is not writable: choose another with --data"), writable
    )


def _port(chosen: Mapping[str, str]) -> Finding:
    if running := instance.find(chosen["data"]):
        return Finding("port", f"an emulator runs with this data folder: {running.endpoint_url}", None)
    for host in environment.hosts(chosen):
        if refusal := instance.port_refusal(host, int(chosen["port"])):
            return Finding("port", f"{refusal}: choose another with --port", False)
    return Finding("port", f"{chosen['host']}:{chosen['port']} is free", True)


def _isolation(wanted: str) -> Finding:
    from pipeline_emulator.lambda_runtime.isolation import candidates, description
    from pipeline_emulator.lambda_runtime.process import probe

    reasons: list[str] = []
    for level in candidates(wanted):
        reason = asyncio.run(probe(level))
        if reason is None:
            return Finding("function isolation", description(level, reasons), True)
        reasons.append(reason)
    return Finding("function isolation", "; ".join(reasons), False)


def _lambda_runtime(folder: Path) -> Finding:
    if lambda_runtime.is_complete(folder):
        return Finding("Lambda runtime", str(folder), True)
    return Finding("Lambda runtime", f"{folder} is missing; functions need it: pipeline-emulator lambda-runtime", None)


def _interpreters(named: str) -> Finding:
    """List the runtimes of functions from Zips that have an interpreter here. None of them is needed to start."""
    found, missing = [], []
    for runtime, find in _finders(named).items():
        try:
            found.append(f"{runtime} ({find().version})")
        except RuntimeError:
            missing.append(runtime)
    text = f"{', '.join(found)}" + (f"; no interpreter for {', '.join(missing)}" if missing else "")
    return Finding("function runtimes", text, None if missing else True)


def _finders(named: str) -> dict[str, Callable[[], "Interpreter"]]:
    """Return what finds the interpreter of each runtime, or raises RuntimeError with the remedy."""
    from pipeline_emulator.lambda_runtime.runtimes import search
    from pipeline_emulator.lambda_runtime.runtimes.versions import NODES, PYTHONS

    os.environ[search.VARIABLE] = named
    return {
        **{f"python{version}": partial(search.python, version) for version in PYTHONS},
        **{f"nodejs{major}.x": partial(search.node, major) for major in NODES},
    }


def _engine(docker_host: str, *, needed: bool) -> Finding:
    import docker
    from docker.errors import DockerException

    variables = {**os.environ, **({"DOCKER_HOST": docker_host} if docker_host else {})}
    try:
        version = docker.from_env(timeout=5, environment=variables).version()["Version"]
    except (DockerException, OSError) as error:
        reason = str(error).splitlines()[0][:160]
        return Finding("container engine", f"none answers ({reason})", False if needed else None)
    return Finding("container engine", version, True)
