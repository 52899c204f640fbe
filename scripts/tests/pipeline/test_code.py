"""A pipeline's own functions run in a process of their own, in its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import paths
from harness.errors import HarnessError
from harness.pipeline import definition
from harness.pipeline.code import Code

Edit = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")


@pytest.fixture
def code(folder: Path) -> Iterator[Code]:
    made = Code(definition.load(folder))
    yield made
    made.close()


def _of(folder: Path) -> Code:
    return Code(definition.load(folder))


def test_events_are_those_of_the_seed(code: Code) -> None:
    made = code.made_up(20, 7, {})
    assert len({event["ride"]["miles"] for event in made}) == 20
    assert made == code.made_up(20, 7, {})
    assert made != code.made_up(20, 8, {})


def test_the_oracle_gets_events_and_model(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.pipeline.code.BATCH", 2)
    events = [{"ride_id": number} for number in range(5)]
    wanted = [{"ride": {"id": number, "factor": 3}} for number in range(5)]
    assert code.expected(events, {"factor": 3}) == wanted


def test_other_functions_get_paths_and_values_and_only_what_they_take(code: Code, folder: Path) -> None:
    assert code.call(["model", "promote"], "own:check", {"folder": folder}, run_id="r", more=1) == {"seen": "r"}
    with pytest.raises(HarnessError, match="run r has no folder"):
        code.call(["model", "promote"], "own:check", {"folder": folder / "none"}, run_id="r")


def test_a_long_call_reports_its_lines(code: Code, folder: Path, tmp_path: Path) -> None:
    (folder / "own.py").write_text(
        "def train(data=None):\n    print('one')\n    print('two')\n    return {'data': data}\n"
    )
    lines: list[str] = []
    log = tmp_path / "train.log"
    result = code.run(["model", "train"], "own:train", {}, log=log, deadline=60.0, on_line=lines.append)
    assert result == {"data": None}
    assert lines == ["one", "two"]
    (folder / "own.py").write_text("def train():\n    raise ValueError('no data')\n")
    with pytest.raises(HarnessError, match="no data"):
        code.run(["model", "train"], "own:train", {}, log=log, deadline=60.0, on_line=lines.append)


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        ("nowhere:made_up", r"there is no module nowhere in .*rides"),
        ("own:nothing", r"own\.py has no function nothing"),
        ("own:number", r"own\.py has no function number"),
        ("own:broken", r"line 13: events\.made_up failed: AttributeError: .*nothing"),
        ("own:ends", r"line 13: events\.made_up failed: its process ended"),
    ],
)
def test_a_function_that_fails_is_reported(edit: Edit, function: str, cause: str) -> None:
    code = _of(edit("own:made_up", function))
    with pytest.raises(HarnessError, match=cause):
        code.made_up(1, 0, {})
    code.close()


def test_a_call_after_a_crash_gets_its_own_answer(edit: Edit) -> None:
    code = _of(edit("own:made_up", "own:ends"))
    with pytest.raises(HarnessError, match="ended"):
        code.made_up(1, 0, {})
    assert code.expected([{"ride_id": 1}], {"factor": 2}) == [{"ride": {"id": 1, "factor": 2}}]
    code.close()


def test_a_wrong_number_of_answers_is_refused(folder: Path, code: Code) -> None:
    (folder / "own.py").write_text("def expected(events):\n    return []\n")
    with pytest.raises(HarnessError, match="returned 0 answers to 1 events"):
        code.expected([{}], {})
