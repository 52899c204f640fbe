"""Resources of the modules' types, and of those beside them, live with Terraform as docs/fidelity.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fidelity.resources import life, page
from benchmarks.fidelity.resources.catalogue import SUBJECTS
from harness.local import runtimes
from harness.stack.state import EMBEDDED
from harness.stages import rehearsal

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.own_stacks, pytest.mark.timeout(1500)]


def test_resources_are_created_changed_imported_and_destroyed_as_documented(tmp_path: Path) -> None:
    if runtimes.wanted("resources-test") != EMBEDDED:
        pytest.skip("the emulator is the same: the run without containers makes it")
    with rehearsal.empty_localstack("resources-test", EMBEDDED) as stack:
        found = life.live(stack, tmp_path, SUBJECTS)
    assert page.text(SUBJECTS, found) == page.documented(), "run `make fidelity RESOURCES=1 WRITE=1`"
