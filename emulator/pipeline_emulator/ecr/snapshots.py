"""ECR in snapshots: what moto does not keep of repositories, and the images of the emulator's own registry.

The images in a registry of somebody else (PIPELINE_ECR_REGISTRY_URL) are that one's to copy.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline_emulator.ecr import own_registry
from pipeline_emulator.ecr.credentials import Scope
from pipeline_emulator.ecr.repositories import Content, every, put_content
from pipeline_emulator.snapshots import hooks

_FILE, _IMAGES = "repositories.json", "images"


def install() -> None:
    """Save and load with the other packages."""
    hooks.save.subscribe(save)
    hooks.load.subscribe(load)


def save(folder: Path) -> None:
    """Write the content of every repository, and the registry's folder."""
    found = [
        {"scope": scope, "name": one.name, "registry_name": one.content.registry_name, "pushed_at": _texts(one.content)}
        for scope, one in every()
    ]
    (folder / _FILE).write_text(json.dumps(found))
    own_registry.save(folder / _IMAGES)


def load(folder: Path) -> None:
    """Give moto's repositories, which are loaded, their content."""
    for one in json.loads((folder / _FILE).read_text()):
        times = {digest: datetime.fromisoformat(text) for digest, text in one["pushed_at"].items()}
        put_content(Scope(*one["scope"]), one["name"], Content(one["registry_name"], times))
    own_registry.load(folder / _IMAGES)


def _texts(content: Content) -> dict[str, Any]:
    return {digest: time.isoformat() for digest, time in content.pushed_at.items()}
