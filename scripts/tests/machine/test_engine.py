"""What the harness says of an engine that lacks something, and what a stack leaves in Docker's own settings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.local import containers
from harness.machine import engine
from harness.stack.state import Stack

# Docker's command line as far as it is asked here: an engine answers, and compose is not installed.
WITHOUT_COMPOSE = """#!/bin/sh
[ "$1" != compose ] || { echo "docker: 'compose' is not a docker command." >&2; exit 1; }
"""


def test_a_missing_compose_plugin_is_named_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text(WITHOUT_COMPOSE)
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    told = engine.missing()
    assert told is not None
    assert "compose plugin (v2) is not installed" in told
    assert "https://docs.docker.com/compose/install/" in told
    assert ".ci" not in told


@pytest.mark.skipif(engine.silent("docker") == "the program 'docker' is not installed", reason="docker logs out itself")
@pytest.mark.parametrize("keeps_streams", [False, True])
def test_a_stack_that_is_taken_down_leaves_no_login_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_streams: bool
) -> None:
    # GIVEN logins for the stack's ECR, for another stack's and for a registry of the user's
    config = tmp_path / "config.json"
    logins = {host: {"auth": "QVdTOng="} for host in ("127.0.0.1:4999", "127.0.0.1:49990", "registry.example")}
    config.write_text(json.dumps({"auths": logins, "currentContext": "default"}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///none")
    # WHEN what is left of it is removed THEN its own is gone; a stack that comes back with its streams keeps it
    containers.remove_left(Stack("login", "x", 4999), keep_streams=keeps_streams)
    left = json.loads(config.read_text())["auths"]
    assert left == {host: login for host, login in logins.items() if keeps_streams or host != "127.0.0.1:4999"}


def test_settings_without_a_login_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine.log_out("127.0.0.1:4999")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "config.json").write_text("no JSON")
    engine.log_out("127.0.0.1:4999")
    assert (tmp_path / "config.json").read_text() == "no JSON"


def test_the_images_without_a_name_that_carry_the_label_are_removed_and_no_others(tmp_path: Path) -> None:
    if lack := engine.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)
    # GIVEN images without a name of two projects, and one with a name
    value = f"test-{os.getpid()}"
    own, named, other = (_image(tmp_path, each) for each in (value, f"{value} named", f"{value}-other"))
    client = engine.client()
    client.images.get(named).tag(value)
    try:
        # WHEN those of one are removed THEN the other's stays, and so does what has a name
        engine.remove_dangling("pipeline.test", value)
        engine.remove_dangling("pipeline.test", f"{value} named")
        left = {image.id for image in client.images.list(all=True)}
        assert {own, named, other} & left == {named, other}
    finally:
        client.images.remove(value)
        engine.remove_dangling("pipeline.test", f"{value}-other")


def _image(folder: Path, label: str) -> str:
    """An empty image without a name."""
    (folder / "Dockerfile").write_text("FROM scratch\n")
    image, _ = engine.client().images.build(path=str(folder), labels={"pipeline.test": label}, rm=True)
    return str(image.id)
