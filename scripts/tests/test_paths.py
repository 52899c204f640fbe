"""How paths are shown."""

from __future__ import annotations

from pathlib import Path

from harness.paths import ROOT, shown


def test_paths_are_shown_as_a_user_types_them() -> None:
    assert shown(ROOT / ".local" / "x") == ".local/x"
    assert shown(Path("/elsewhere")) == "/elsewhere"
