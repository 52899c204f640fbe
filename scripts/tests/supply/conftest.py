"""Images for the tests of image contents."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.machine import engine
from harness.supply import sbom


@pytest.fixture(scope="session")
def function_image() -> str:
    """The function's image, built from the checkout. Without an engine, skips, or fails if CI is set."""
    if lack := engine.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)
    return sbom.build()


@pytest.fixture
def built_on(function_image: str, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function that adds Dockerfile lines to the function's image; its images are removed after the test."""
    made: list[str] = []

    def build(more: str) -> str:
        (tmp_path / "Dockerfile").write_text(f"FROM {function_image}\nUSER 0\n{more}\n")
        command = ["docker", "build", "--quiet", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        made.append(done.stdout.strip())
        return made[-1]

    yield build
    for image in made:
        subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=False, timeout=60)
