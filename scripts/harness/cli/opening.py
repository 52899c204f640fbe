"""Opens a page in the user's browser."""

from __future__ import annotations

import contextlib
import os
import sys
import webbrowser
from pathlib import Path

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def open_page(page: Path) -> None:
    """Print a page's path, and open it if this machine has a display.

    Without one, `webbrowser` would start a text browser in this terminal.
    """
    print(page, flush=True)
    if sys.platform != "linux" or any(os.environ.get(name) for name in DISPLAYS):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(page.as_uri())
