"""A run of the ledger that ends early still gives its verdict, with the cause."""

from __future__ import annotations

import json
from pathlib import Path

from harness.console import Step
from harness.ledger import Target, report, run
from harness.machine import ports
from harness.pipeline import definition
from harness.stack.clients import Clients
from harness.stack.state import Stack


def test_the_verdict_names_a_dead_localstack_as_the_cause(tmp_path: Path) -> None:
    # GIVEN an endpoint where nothing listens
    clients = Clients(Stack("x", "x", ports.free_ports(1)[0]))
    target = Target(
        clients.kinesis, clients.s3, "in", "out", "failed", definition.current(), lambda: "LocalStack has died"
    )
    # WHEN events are put THEN the run stops retrying at once, and the ledger says why
    result = run(target, [(b"{}", "k")] * 3, lambda records: [{}] * len(records), Step("dead"))
    assert not result.passed
    assert result.broken is not None
    assert "LocalStack has died" in result.broken.cause
    report.write(result, tmp_path / "ledger.json")
    written = json.loads((tmp_path / "ledger.json").read_text())
    assert written["passed"] is False
    assert "LocalStack has died" in written["gave_up"]
    assert written["summary"]["not put"] == 3
