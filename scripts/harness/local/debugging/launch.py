"""What to enter in an editor, so that its debugger attaches."""

from __future__ import annotations

import json
from pathlib import Path

HOST = "127.0.0.1"


def texts(name: str, port: int, local: Path, remote: str) -> str:
    """Return the configurations for VS Code and PyCharm.

    Args:
        name: the pipeline's.
        port: where the debugger attaches on this machine.
        local: folder of the function's code here.
        remote: the same folder, as the function sees it.
    """
    return f"""VS Code, in .vscode/launch.json:
{json.dumps(vs_code(name, port, local, remote), indent=2)}

PyCharm 2025.3 or later, Run | Edit Configurations | + | Attach to DAP:
  Remote address       {HOST}:{port}
  Remote project path  {remote}
  (the project to open is {local})
"""


def vs_code(name: str, port: int, local: Path, remote: str) -> dict[str, object]:
    """Return the content of a launch.json."""
    configuration = {
        "name": f"Attach to {name}",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": HOST, "port": port},
        "pathMappings": [{"localRoot": str(local), "remoteRoot": remote}],
        "justMyCode": True,
    }
    return {"version": "0.2.0", "configurations": [configuration]}
