"""The progress line of a run, its warning, and what Ctrl-C leaves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness import streams
from harness.cli import ledger_runs
from harness.console import Step
from harness.ledger import Interrupted, Ledger, Target, report, run
from harness.ledger.progress import FIRST, Progress
from harness.pipeline import definition
from harness.stack.discards import Discard
from harness.streams import Put

QUEUE = "arn:aws:sqs:eu-west-1:000000000000:dlq"


def _failing(failed: int, *, expected: Any = 1, conditions: tuple[str, ...] = ("RetryAttemptsExhausted",)) -> Ledger:
    """Return a ledger of twice as many events as have failed."""
    ledger = Ledger(definition.current())
    puts = [Put(b'{"sales_id": 1}', "k", f"shardId-000000000000:{number}", 100.0) for number in range(2 * failed)]
    for put in puts:
        ledger.enter(put, expected)
    codes = [conditions[number % len(conditions)] for number in range(failed)]
    ledger.take_discards(
        Discard(put.event_id, code, f"{code} (Unhandled)", 3, QUEUE) for put, code in zip(puts, codes, strict=False)
    )
    return ledger


def test_the_line_says_how_many_were_predicted_and_failed_and_why() -> None:
    step = Step("Verify 2000 events")
    progress = Progress(_failing(10), 2000, step)
    progress.show()
    assert step.detail == "10 of 2,000: 0 predicted, 10 failed (RetryAttemptsExhausted)"
    progress.show(put=1500)
    assert step.detail.startswith("1,500 put, 10 of 2,000: ")
    Progress(_failing(10, conditions=("RetryAttemptsExhausted", "RecordAgeExceeded")), 20, step).show()
    assert step.detail.endswith("10 failed (RetryAttemptsExhausted and 1 other reason)")
    Progress(Ledger(definition.current()), 20, step).show()
    assert step.detail == "0 of 20: 0 predicted, 0 failed"


@pytest.mark.parametrize(("failed", "expected", "warned"), [(FIRST, 1, 1), (FIRST - 1, 1, 0), (FIRST, None, 0)])
def test_if_only_failures_come_a_warning_says_so_once(
    capsys: pytest.CaptureFixture[str], failed: int, expected: int | None, warned: int
) -> None:
    progress = Progress(_failing(failed, expected=expected), 2000, Step("x"))
    progress.show()
    progress.show()
    said = capsys.readouterr().err
    assert said.count("all of the first 50 events failed: RetryAttemptsExhausted") == warned


def test_ctrl_c_prints_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), ledger_runs._known_at_interrupt():
        raise Interrupted(_failing(3), 2000)
    said = capsys.readouterr().out
    assert "until then: 3 of 2,000: 0 predicted, 3 failed (RetryAttemptsExhausted)" in said
    assert said.count("failed with reason; RetryAttemptsExhausted (Unhandled)") == 3
    assert "lost" not in said  # the others may still be answered


def test_an_interrupted_run_gives_its_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    reader: Any = SimpleNamespace(read=list, cut_off=False)
    monkeypatch.setattr(streams, "Reader", lambda *_: reader)

    def interrupt(_: Any) -> Any:
        raise KeyboardInterrupt

    nothing: Any = None
    target = Target(nothing, nothing, "in", "out", None, definition.current(), held=interrupt)
    with pytest.raises(Interrupted) as interrupted:
        run(target, [(b"{}", "k")] * 3, lambda records: [{}] * len(records), Step("x"))
    assert interrupted.value.total == 3
    report.show_interrupted(interrupted.value.ledger, 3)
