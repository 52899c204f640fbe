"""The delivery ledger: puts events and judges each by what the pipeline wrote (docs/ledger.md)."""

from harness.ledger.collector import Timeouts
from harness.ledger.entries import Entry, Verdict
from harness.ledger.runner import Interrupted, Target, run
from harness.ledger.verdicts import Ledger

__all__ = ["Entry", "Interrupted", "Ledger", "Target", "Timeouts", "Verdict", "run"]
