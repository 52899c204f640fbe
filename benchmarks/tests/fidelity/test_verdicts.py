"""Which class follows from which findings."""

from __future__ import annotations

import pytest

from benchmarks.fidelity.verdicts import EMULATED, ENFORCED, IGNORED, Evidence, Seen

YES, NO = Seen(True, "it acts"), Seen(False, "it does nothing")


@pytest.mark.parametrize(
    ("kept", "seen", "verdict", "remark"),
    [
        (True, [YES], ENFORCED, "it acts"),
        (False, [YES], ENFORCED, "it acts"),  # filename: the provider never reads it back
        (True, [], EMULATED, "kept; no probe of an effect"),
        (True, [NO], EMULATED, "kept, without effect: it does nothing"),
        (True, [YES, NO], EMULATED, "kept, without effect: it does nothing"),
        (False, [], IGNORED, "read as nothing; no probe of an effect"),
        (False, [NO], IGNORED, "read as nothing, without effect: it does nothing"),
    ],
)
def test_the_class_follows_from_the_evidence(kept: bool, seen: list[Seen], verdict: str, remark: str) -> None:
    evidence = Evidence("aws_thing", "size", kept, "" if kept else "read as nothing", seen)
    assert (evidence.verdict, evidence.remark) == (verdict, remark)


def test_the_reason_for_a_missing_probe_is_shown() -> None:
    evidence = Evidence("aws_thing", "size", kept=True, unprobed="it takes a day")
    assert evidence.remark == "kept; no probe of an effect: it takes a day"
