"""The table in docs/fidelity.md matches the emulator's current behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.fidelity import leftovers, report, running
from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.verdicts import IGNORED, Evidence
from harness.console import Step
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(600)]


@pytest.fixture
def repository_policy(stack: Stack) -> Iterator[None]:
    """Restores the policy of the image's repository, to which Lambda adds a statement for functions of other names."""
    if stack.runtime != DOCKER:
        yield
        return
    ecr, name = Clients(stack).ecr, stack.outputs["image_uri"].partition("/")[2].partition("@")[0]
    before = ecr.get_repository_policy(repositoryName=name)["policyText"]
    yield
    ecr.set_repository_policy(repositoryName=name, policyText=before)


@pytest.mark.usefixtures("repository_policy")
def test_the_probes_see_what_the_documents_say(stack: Stack, tmp_path: Path) -> None:
    columns = report.read(report.PATH.read_text(encoding="utf-8"))
    documented = {attribute: row for attribute, row in columns[stack.runtime].rows.items() if row.probed}
    bench = Bench(stack, stack.outputs["image_uri"])
    try:
        seen = running.run(bench, documented, tmp_path / "cases", Step("probe"))
    finally:
        bench.discard()
    buckets = [each["Name"] for each in Clients(stack).s3.list_buckets()["Buckets"]]
    assert not [name for name in buckets if name.startswith(leftovers.PREFIXES)]
    today = {
        one: Evidence(*one, kept=row.verdict != IGNORED, seen=seen[one]).verdict for one, row in documented.items()
    }
    others = {one: (row.verdict, today[one]) for one, row in documented.items() if today[one] != row.verdict}
    assert not others, "documented and seen differ; run `make fidelity WRITE=1`"
