"""What has to be the same where a snapshot is loaded: it holds the memory of programs, and addresses with a port."""

from __future__ import annotations

import os
import platform
import re

from harness import paths
from harness.errors import HarnessError
from harness.local import runtimes
from harness.local.snapshots.file import Manifest
from harness.machine import engine
from harness.pipeline import definition
from harness.stack.state import DOCKER, Stack

FORMAT = "1"
_PINNED = re.compile(r"^localstack-core==(\S+)", re.MULTILINE)


def of(stack: Stack) -> dict[str, str]:
    """Return the versions of a stack that runs, or would be started now, by name."""
    found = _PINNED.search((paths.EMULATOR / "requirements.txt").read_text())
    return {
        "format of snapshots": FORMAT,
        "LocalStack": found[1] if found else "unknown",
        "emulator": (stack.emulator or runtimes.of(stack).code())[:12],
        "machine": platform.machine(),
    }


def check(name: str, manifest: Manifest, stack: Stack) -> None:
    """Check that a snapshot can be loaded here.

    Args:
        name: the snapshot's.
        manifest: what it says of itself.
        stack: as it would be started here.

    Raises:
        HarnessError: it belongs to another pipeline, runtime, port or version.
    """
    _check_pipeline(name, manifest)
    if manifest.stack["name"] != stack.name:
        raise HarnessError(
            f"the snapshot {name} is of the stack {manifest.stack['name']}, not of {stack.name}",
            "make snapshots lists the others",
        )
    _check_place(name, manifest)
    current, found = of(stack), manifest.versions
    different = [
        f"{key} {found.get(key, 'unknown')}, here {current.get(key, 'unknown')}"
        for key in sorted(found.keys() | current.keys())
        if found.get(key) != current.get(key)
    ]
    if different:
        raise HarnessError(
            f"the snapshot {name} is from another version: {'; '.join(different)}",
            "check out the version that saved it, or start anew (make local-up) and save again",
        )


def _check_pipeline(name: str, manifest: Manifest) -> None:
    here = definition.current()
    if manifest.pipeline != here.name:
        raise HarnessError(
            f"the snapshot {name} is of the pipeline {manifest.pipeline}, not of {here.name}",
            f"choose that pipeline: PIPELINE={manifest.stack['pipeline_folder']} make load NAME={name}",
        )
    if manifest.stack["pipeline_folder"] != str(here.folder):
        raise HarnessError(
            f"the snapshot {name} has paths in {manifest.stack['pipeline_folder']}; this pipeline is in {here.folder}",
            "save it again here: make local-up, then make save",
        )


def _check_place(name: str, manifest: Manifest) -> None:
    runtime, port = manifest.stack["runtime"], manifest.stack["port"]
    if (asked := os.environ.get("RUNTIME") or runtime) != runtime:
        raise HarnessError(
            f"the snapshot {name} is of RUNTIME={runtime}, not {asked}", f"make load NAME={name} RUNTIME={runtime}"
        )
    if runtime == DOCKER and (missing := engine.missing()):
        raise HarnessError(f"the snapshot {name} is of RUNTIME={DOCKER}: {missing}", "start a Docker engine")
    if (asked := os.environ.get("LOCALSTACK_PORT") or str(port)) != str(port):
        raise HarnessError(
            f"the snapshot {name} has addresses with port {port}, such as those of images and of Terraform's state;"
            f" they do not work on port {asked}",
            f"make load NAME={name} LOCALSTACK_PORT={port}",
        )
