"""The smoke test if it cannot read the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.machine import ports
from harness.stages import smoke
from harness.stages.access import Access


def test_an_unreadable_model_is_reported_with_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    [port] = ports.free_ports(1)
    with pytest.raises(HarnessError, match=r"the model that the function serves cannot be read: .*connect") as error:
        smoke.fetch_model(Access("ap-south-1", f"http://127.0.0.1:{port}"), "models", "run", tmp_path)
    assert "model bucket" in error.value.next_step
