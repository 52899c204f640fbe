"""Takes the subjects through their life: apply, a round of changes at a time, import, destroy."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fidelity.attributes import read
from benchmarks.fidelity.resources import configuration, page
from benchmarks.fidelity.resources.catalogue import SUBJECTS
from benchmarks.fidelity.resources.subject import Subject
from benchmarks.fidelity.terraform import Terraform
from harness import console
from harness.paths import shown
from harness.stack.state import EMBEDDED, Stack
from harness.stages import rehearsal

NAME = "resources"
PARALLEL = "-parallelism=40"  # most resources wait for the provider's own waiters
Findings = Mapping[str, list[str]]


def run(*, write: bool) -> None:
    """Takes all resources through their life in a LocalStack of their own, and prints what was not as configured.

    Args:
        write: whether to also write the table to the docs.

    Raises:
        HarnessError: Terraform failed.
    """
    with rehearsal.empty_localstack(NAME, EMBEDDED) as stack:
        found = live(stack, stack.folder / NAME, SUBJECTS)
    for line in page.lines(found):
        console.warn(line)
    if write:
        page.write(page.text(SUBJECTS, found))
        console.say(f"written to {shown(page.PATH)}")


def live(stack: Stack, folder: Path, subjects: Sequence[Subject]) -> Findings:
    """Takes subjects through their life.

    Args:
        stack: an empty LocalStack.
        folder: for configuration, state and log.
        subjects: the resources.

    Returns:
        By address, what was not as configured; empty lists are left out.

    Raises:
        HarnessError: Terraform failed; its output has AWS's or the provider's error.
    """
    terraform = Terraform(stack, folder, folder / "configuration")
    found: defaultdict[str, list[str]] = defaultdict(list)
    rounds = max(len(one.rounds) for one in subjects)
    for number in range(rounds + 2):
        configuration.write(terraform.root, subjects, number)
        if number == 0:
            terraform.init()
        name = f"Round {number} of {rounds}" if 0 < number <= rounds else "Create" if number == 0 else "Plan at the end"
        with console.step(f"{name}, {len(subjects)} resources") as step:
            plan = terraform.plan(PARALLEL)
            if number:
                _note(found, configuration.unexpected(plan, subjects, number))
            if number <= rounds:
                terraform.apply(step, PARALLEL)
    with console.step("Import") as step:
        _note(found, _imported(terraform, subjects, rounds))
    with console.step("Destroy"):
        (terraform.root / "imports.tf").unlink()
        (terraform.root / "applied.tfstate").rename(terraform.root / "terraform.tfstate")
        terraform.plan("-destroy", PARALLEL)
        terraform.apply(step, PARALLEL)
    return found


def _note(found: Mapping[str, list[str]], news: Iterator[tuple[Subject, str]]) -> None:
    for subject, text in news:
        found[subject.address].append(text)


def _imported(terraform: Terraform, subjects: Sequence[Subject], rounds: int) -> Iterator[tuple[Subject, str]]:
    """What an import reads that differs from the state."""
    known = {address: one["values"] for address, one in terraform.resources().items()}
    ids = {one.address: one.import_id.format(**known[one.address]) for one in subjects if one.import_id}
    again = terraform.read_again(ids)
    for one in subjects:
        names = sorted(one.after(rounds).keys() - one.unread.keys() - {"depends_on"})
        for name in names if one.import_id else ():
            wanted, got = read(known[one.address], (name,)), read(again.get(one.address) or {}, (name,))
            if wanted != got:
                yield one, f"imported with {name} {_short(got)} instead of {_short(wanted)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:79] + "…"
