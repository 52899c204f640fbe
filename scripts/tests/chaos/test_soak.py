"""Memory over time, and its growth; integration_tests sample a real process."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from harness import console
from harness.chaos import Outcome, soak
from harness.chaos.memory import ENVIRONMENT, FUNCTION, LOCALSTACK, Sample, Sampler, figures
from harness.ledger import Ledger
from harness.machine.ports import free_ports
from harness.pipeline import definition
from harness.stack.state import EMBEDDED, Stack


def _sample(events: int, localstack: float, function: float = 100.0, instance: str = "a") -> Sample:
    mib = {LOCALSTACK: localstack, FUNCTION: function, ENVIRONMENT: function / 2 if function else math.nan}
    return Sample(events / 100, events, instance, mib, 2 if function else 0)


def test_growth_is_per_100000_events() -> None:
    found = figures([_sample(0, 200), _sample(10_000, 290), _sample(20_000, 260)], LOCALSTACK)
    assert found == {"start": 200, "largest": 290, "end": 260, "growth_per_100000_events": 300.0}


def test_growth_is_measured_on_the_last_localstack() -> None:
    samples = [
        _sample(0, 200),
        _sample(10_000, 900),
        _sample(10_000, 300, instance="b"),
        _sample(20_000, 350, 100, "b"),
    ]
    found = figures(samples, LOCALSTACK)
    assert found == {"start": 200, "largest": 900, "end": 350, "growth_per_100000_events": 500.0}


def test_sampling_survives_a_localstack_that_was_killed() -> None:
    stack = Stack("killed", "killed", free_ports(1)[0], EMBEDDED)
    with console.step("nothing") as step, Sampler(stack, step) as sampler:
        pass
    assert sampler.samples == []


def test_too_few_events_or_no_environment_give_no_figure() -> None:
    samples = [_sample(0, 200), _sample(20_000, 900), _sample(20_000, 300, 0, "b"), _sample(20_001, 301, 0, "b")]
    assert figures(samples, LOCALSTACK)["growth_per_100000_events"] is None
    assert figures(samples[2:], ENVIRONMENT)["end"] is None
    assert figures(samples, ENVIRONMENT)["end"] == 50


def test_the_report_is_json_and_a_table(tmp_path: Path) -> None:
    outcome = Outcome(7, Ledger(definition.current()), Counter({"kill function": 3}), 20.0)
    found = soak.Soak(900.0, 720.0, outcome, [_sample(0, 200, 0), _sample(20_000, 240)])
    path = tmp_path / "ledger" / "soak.json"
    soak.write(found, path)
    written = json.loads(path.read_text(), parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))
    assert written["memory"][LOCALSTACK]["growth_per_100000_events"] == 200.0
    assert written["samples"][0]["mib"][ENVIRONMENT] is None
    assert written["rate"] == {"burst": 900.0, "asked": 720.0, "achieved": None}
    assert written["faults"] == {"kill function": 3}
    rates, memory, over_time = (asdict(section) for section in soak.sections(found))
    assert dict(rates["rows"]) == written["rate"]
    assert memory["rows"][0] == (LOCALSTACK, *written["memory"][LOCALSTACK].values())
    assert [len(series["points"]) for series in over_time["series"]] == [2, 2, 1]
    with console.out.capture() as captured:
        soak.show(found, path)
    assert "900 in a burst, 720 asked for" in captured.get()
