"""Which saved files are reloaded, and which take a deployment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness import paths
from harness.errors import HarnessError
from harness.local import reloading
from harness.local.watching import Watcher
from harness.stack.state import DOCKER, Stack


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pipeline without a model, as the current one."""
    folder = Path(shutil.copytree(paths.ROOT / "examples" / "plain", tmp_path / "plain"))
    monkeypatch.setenv("PIPELINE", str(folder))
    return folder


@pytest.fixture
def watcher(pipeline: Path) -> Watcher:
    stack = Stack("test", "test", 1, DOCKER)
    return Watcher(stack, lambda: stack)


def test_the_functions_code_is_reloaded(pipeline: Path, watcher: Watcher) -> None:
    (pipeline / "function" / "more.py").touch()
    assert not watcher.needs_deployment([pipeline / "function" / "enrich.py", pipeline / "function" / "more.py"])
    assert set(reloading.files(watcher.stack)) == {"enrich.py", "more.py"}


@pytest.mark.parametrize("name", ["function/requirements.txt", "function/Dockerfile", "infrastructure/main.tf"])
def test_dependencies_image_and_terraform_take_a_deployment(pipeline: Path, watcher: Watcher, name: str) -> None:
    assert watcher.needs_deployment([pipeline / "function" / "enrich.py", pipeline / name])


def test_so_does_a_deleted_file(pipeline: Path, watcher: Watcher) -> None:
    (pipeline / "function" / "enrich.py").unlink()
    assert watcher.needs_deployment([pipeline / "function" / "enrich.py"])


def test_what_the_model_is_made_from_takes_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE", str(paths.ROOT))
    stack = Stack("test", "test", 1, DOCKER)
    watcher = Watcher(stack, lambda: stack)
    code = paths.ROOT / "service" / "store_sales"
    assert watcher.needs_deployment([code / "features.py"])
    assert not watcher.needs_deployment([code / "handler.py"])
    assert not watcher.needs_deployment([code / "logs.py"])


def test_a_syntax_error_is_reported_with_file_and_line() -> None:
    reloading.check({"enrich.py": b"x = 1\n", "data.json": b"{"})
    with pytest.raises(HarnessError, match=r"enrich\.py, line 2: .* was never closed") as refused:
        reloading.check({"enrich.py": b"x = 1\ny = (\n"})
    assert "the former code keeps answering" in refused.value.next_step


def test_a_failed_reload_is_shown_and_the_watch_goes_on(
    pipeline: Path, watcher: Watcher, capsys: pytest.CaptureFixture[str]
) -> None:
    (pipeline / "function" / "enrich.py").write_text("def (")
    watcher.saved([pipeline / "function" / "enrich.py"])
    assert "enrich.py, line 1" in capsys.readouterr().err
