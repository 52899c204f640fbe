"""Lists and removes snapshots."""

from __future__ import annotations

import json

from rich.table import Table

from harness import console
from harness.errors import HarnessError
from harness.local.snapshots import store
from harness.local.snapshots.file import opened


def show() -> None:
    """Print all snapshots, the newest first; one JSON object a line if the output is no terminal."""
    names = store.names()
    if not names:
        console.say("there are no snapshots; save one: make save NAME=…")
        return
    rows = [_described(name) for name in names]
    if not console.out.is_terminal:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row.values())
    console.out.print(table)


def _described(name: str) -> dict[str, str]:
    path = store.path(name)
    size = f"{path.stat().st_size / 2**20:.0f} MiB"
    try:
        with opened(path) as snapshot:
            found = snapshot.manifest
            return {"name": name, "saved": found.age, "pipeline": found.pipeline, "size": size, "holds": found.holds}
    except HarnessError as error:
        return {"name": name, "saved": "", "pipeline": "", "size": size, "holds": error.cause}


def remove(name: str) -> None:
    """Remove a snapshot.

    Raises:
        HarnessError: there is none of this name.
    """
    path = store.path(name)
    if not path.exists():
        raise HarnessError(f"there is no snapshot {name}", "make snapshots lists them")
    path.unlink()
    console.say(f"removed the snapshot {name}")
