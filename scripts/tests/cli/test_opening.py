"""`pipeline report` prints the path, and opens a browser only where there is a display."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

import pytest

from harness.cli import opening


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
@pytest.mark.parametrize("display", ["", ":0"])
def test_a_browser_needs_a_display(
    display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    page = tmp_path / "verify.html"
    opening.open_page(page)
    assert capsys.readouterr().out == f"{page}\n"
    assert opened == ([page.as_uri()] if display else [])
