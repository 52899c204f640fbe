"""`make fidelity`: plans, applies and reads back the root module, and probes effects, in its own LocalStack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from benchmarks.fidelity import attributes, readback, report, running
from benchmarks.fidelity.attributes import Attribute
from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.bindings import UNPROBED
from benchmarks.fidelity.report import Result
from benchmarks.fidelity.root import Root, import_ids
from benchmarks.fidelity.verdicts import Evidence, Seen
from harness import console
from harness.paths import shown
from harness.stack.state import Stack
from harness.stages import rehearsal

NAME = "fidelity"


def run(*, write: bool) -> None:
    """Measures in the runtime that RUNTIME selects, and prints the table.

    Args:
        write: whether to also write it to the docs.

    Raises:
        HarnessError: Terraform failed, or a probe broke off.
    """
    with rehearsal.empty_localstack(NAME) as stack:
        result = measure(stack)
    report.show(result)
    if write:
        report.write(result)
        console.say(f"written to {shown(report.PATH)}")


def measure(stack: Stack) -> Result:
    """Measures one emulator.

    Args:
        stack: an empty LocalStack; the run leaves its resources in it.

    Returns:
        The results.
    """
    folder = stack.folder / NAME
    root = Root(stack, folder)
    with console.step("Terraform plan") as step:
        root.init()
        planned = attributes.instances(root.plan())
        wanted = sorted({Attribute(one.resource, path) for one in planned for path in one.values})
        step.result = f"{len(wanted)} attributes of {len(planned)} resources are set"
    with console.step("Terraform apply") as step:
        root.apply(step)
        outputs = root.outputs()
    with console.step("Read every attribute back") as step:
        found = root.resources()
        applied = {address: one["values"] for address, one in found.items()}
        ids = import_ids(found[one.address] for one in planned)
        differing = readback.differences(planned, applied, root.read_again(ids))
        step.result = f"{sum(not read for read in differing.values())} are as they were set"
    with console.step("Probe the effects") as step:
        seen = running.run(Bench(stack, outputs["image_uri"]), wanted, folder / "cases", step)
        step.result = f"{sum(attribute in seen for attribute in wanted)} attributes"
    return Result(stack.runtime, datetime.now(UTC).date().isoformat(), weighed(wanted, differing, seen))


def weighed(
    wanted: Sequence[Attribute], differing: Mapping[Attribute, str], seen: Mapping[Attribute, Sequence[Seen]]
) -> list[Evidence]:
    """Combines the findings about each attribute.

    Args:
        wanted: the attributes in order.
        differing: what a fresh read returned instead of the value; empty if it returned the value.
        seen: by the probes of effects.
    """
    return [
        Evidence(
            one.resource, one.path, not differing[one], differing[one], list(seen.get(one, ())), UNPROBED.get(one, "")
        )
        for one in wanted
    ]
