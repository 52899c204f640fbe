"""Saves a running stack."""

from __future__ import annotations

import io
import os
import time
from dataclasses import asdict
from typing import IO

from harness import console
from harness.errors import HarnessError
from harness.local import besides
from harness.local.snapshots import store, versions
from harness.local.snapshots.file import EMULATOR, FOLDER, MLFLOW, REGISTRY, Manifest, Writer
from harness.paths import shown
from harness.stack import emulator_state
from harness.stack import state as stacks
from harness.stack.state import DOCKER, Stack
from harness.terraform.runner import RECORD

# Of the stack's folder: what Terraform needs to go on, and the models of the stack's own tracking server.
KEPT = ("terraform", RECORD, "terraform-data", "terraform.tfstate", "programs", "model.json", "mlflow")


def save(stack_name: str, name: str, *, force: bool = False) -> None:
    """Save the whole state of a running stack. Its clients wait for a moment, then it goes on.

    Args:
        stack_name: the stack's name.
        name: for the snapshot.
        force: replaces a snapshot of the same name.

    Raises:
        HarnessError: no stack runs, the name is taken or unusable, or something could not be saved. There is no
            snapshot then, or still the former one.
    """
    target = store.path(name)
    if target.exists() and not force:
        raise HarnessError(
            f"there is a snapshot {name} already", f"choose another name, or replace it: make save NAME={name} FORCE=1"
        )
    stack = stacks.running(stack_name)
    with stacks.locked(stack_name), console.step(f"Save the snapshot {name}") as step:
        with store.new(name) as file:
            _write(stack, Writer(file))
        step.result = f"{shown(target)}, {target.stat().st_size / 2**20:.0f} MiB"


def _write(stack: Stack, writer: Writer) -> None:
    manifest = Manifest(stack.pipeline.name, time.time(), versions.of(stack), asdict(stack))
    manifest.holds = f"{stack.runtime}, port {stack.port}, run {stack.run_id[:8] or 'without a model'}"
    with emulator_state.saved(stack) as body:
        writer.add(EMULATOR, body.size, body)
    if stack.runtime == DOCKER:
        _write_containers(stack, writer)
    for part in KEPT:
        manifest.links |= writer.add_tree(stack.folder / part, f"{FOLDER}/{part}")
    writer.finish(manifest)


def _write_containers(stack: Stack, writer: Writer) -> None:
    with besides.registry(stack) as file:
        writer.add(REGISTRY, file.seek(0, os.SEEK_END), _from_start(file))
    if stack.mlflow_port:
        data = besides.mlflow(stack)
        writer.add(MLFLOW, len(data), io.BytesIO(data))


def _from_start(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file
