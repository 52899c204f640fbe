"""The table, its footnotes and the JSON; and failures become rows, not tracebacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.bench import benchmark, figures, loop, measure, report
from benchmarks.bench.measure import Result
from benchmarks.bench.targets import Target, chosen
from harness.errors import HarnessError
from harness.setup import install
from harness.stack.state import Stack

COUNTS = [10_000]


def _never() -> AbstractContextManager[Stack]:
    raise AssertionError("must not be opened")


def _target(name: str, remark: str = "") -> Target:
    return Target(name, name.title(), remark, ours=False, open=_never)


def _shown(results: list[Result]) -> tuple[str, list[str]]:
    drawn, notes = report.table(results, COUNTS)
    console = Console(width=report.WIDTH, highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get(), notes


@pytest.fixture
def results() -> list[Result]:
    fast, slow = Result(_target("fast")), Result(_target("slow", "Its own server."))
    fast.figures = {"rate_10000": figures.of_rounds([4000.0, 5000.0, 4500.0], "events/s")}
    slow.figures = {"rate_10000": figures.of_rounds([75.0], "events/s", "deadline of 60 s: 4,500 of 10,000 done")}
    return [fast, slow]


def test_every_remark_is_a_footnote(results: list[Result]) -> None:
    text, notes = _shown(results)
    [row] = [line for line in text.splitlines() if line.startswith("| 10,000 events ")]
    assert [cell.strip() for cell in row.split("|")[2:4]] == ["4,500 (4,000-5,000) events/s", "75.0 events/s [2]"]
    assert "Slow [1]" in text
    assert notes == ["Its own server.", "deadline of 60 s: 4,500 of 10,000 done"]


def test_a_failed_measurement_leaves_the_others(results: list[Result]) -> None:
    results[1].failed = ["cold and warm Invoke: no answer"]
    text, notes = _shown(results)
    assert "75.0 events/s [3]" in text
    assert "cold and warm Invoke: no answer" in notes


def test_a_mapping_with_other_settings_is_reported(results: list[Result]) -> None:
    results[0].settings = {"BatchSize": 100}
    results[1].settings = {"BatchSize": 500}
    assert "Slow: BatchSize is 500, not 100" in _shown(results)[1]


def test_json_holds_value_and_spread(results: list[Result]) -> None:
    read = json.loads(json.dumps(report.as_dict(results)))["targets"]
    assert read["fast"]["figures"]["rate_10000"] == {
        "unit": "events/s", "value": 4500.0, "low": 4000.0, "high": 5000.0, "rounds": 3, "remark": "",
    }  # fmt: skip
    assert read["slow"]["not_measured"] is None


def test_a_rival_that_cannot_be_installed_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: list[Result]
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("store-sales-of-no-index==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setattr(measure, "LOG", tmp_path / "bench.log")

    @contextmanager
    def opened() -> Iterator[Stack]:
        install.locked_environment("A rival", tmp_path / "venv", lock)
        yield Stack("none", "none", 0)

    result = Result(Target("gone", "Gone", "", ours=False, open=opened))
    measure.measure(result, COUNTS)
    assert result.reason.startswith("'uv pip' failed with exit status")
    assert "No solution found" in result.reason
    assert "Traceback" in measure.LOG.read_text()
    text, notes = _shown([results[0], result])
    assert "| 4,500 (4,000-5,000) events/s | not measured [1]" in text
    assert notes == [result.reason]


def test_a_missing_requirement_is_a_row() -> None:
    result = Result(Target("x", "X", "", ours=True, open=_never, missing=lambda: "no Docker engine answers"))
    measure.measure(result, COUNTS)
    assert result.reason == "no Docker engine answers"
    assert not result.failed


def test_only_our_own_targets_have_rows_for_our_commands(results: list[Result]) -> None:
    ours = Result(Target("ours", "Ours", "", ours=True, open=_never))
    ours.figures = loop.up(41.0)
    text, _ = _shown([ours, *results])
    [row] = [line for line in text.splitlines() if loop.TITLES[loop.UP] in line]
    assert [cell.strip() for cell in row.split("|")[2:5]] == ["41.0 s", "", ""]


def test_our_own_failure_fails_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "place", lambda name: tmp_path / name)
    monkeypatch.setattr(measure, "LOG", tmp_path / "bench.log")

    def broken() -> AbstractContextManager[Stack]:
        raise HarnessError("the port is taken", "free it")

    rival, ours = (Target(name, name, "", ours=name == "ours", open=broken) for name in ("rival", "ours"))
    benchmark.run([rival], COUNTS)
    with pytest.raises(HarnessError, match="ours: the port is taken"):
        benchmark.run([rival, ours], COUNTS)
    assert "not measured" in (tmp_path / "bench.md").read_text()


def test_targets_are_chosen_by_name() -> None:
    assert [target.name for target in chosen("core, embedded,core")] == ["core", "embedded"]
    assert [target.name for target in chosen("")] == ["embedded", "docker", "ministack", "core"]
