"""Errors about an incomplete engine, and cleanup of Docker's logins and dangling images."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.local import containers
from harness.machine import engine
from harness.stack.state import Stack

# A stand-in for Docker's command line: an engine answers, but compose is not installed.
WITHOUT_COMPOSE = """#!/bin/sh
[ "$1" != compose ] || { echo "docker: 'compose' is not a docker command." >&2; exit 1; }
"""


def test_a_missing_compose_plugin_is_reported_with_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text(WITHOUT_COMPOSE)
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    cause = engine.missing()
    assert cause is not None
    assert "compose plugin (v2) is not installed" in cause
    assert "https://docs.docker.com/compose/install/" in cause
    assert ".ci" not in cause


@pytest.mark.skipif(engine.silent("docker") == "the program 'docker' is not installed", reason="docker does the logout")
@pytest.mark.parametrize("keeps_streams", [False, True])
def test_taking_a_stack_down_removes_its_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_streams: bool
) -> None:
    # GIVEN logins for this stack's ECR, for another stack's and for a registry of the user
    config = tmp_path / "config.json"
    logins = {host: {"auth": "QVdTOng="} for host in ("127.0.0.1:4999", "127.0.0.1:49990", "registry.example")}
    config.write_text(json.dumps({"auths": logins, "currentContext": "default"}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///none")
    # WHEN the stack's leftovers are removed THEN its login is gone, unless the stack keeps its streams
    containers.remove_left(Stack("login", "x", 4999), keep_streams=keeps_streams)
    left = json.loads(config.read_text())["auths"]
    assert left == {host: login for host, login in logins.items() if keeps_streams or host != "127.0.0.1:4999"}


def test_settings_without_a_login_are_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine.log_out("127.0.0.1:4999")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "config.json").write_text("no JSON")
    engine.log_out("127.0.0.1:4999")
    assert (tmp_path / "config.json").read_text() == "no JSON"


def test_only_dangling_images_with_the_label_are_removed(tmp_path: Path) -> None:
    if lack := engine.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)
    # GIVEN dangling images of two projects, and a tagged one
    value = f"test-{os.getpid()}"
    own, named, other = (_image(tmp_path, each) for each in (value, f"{value} named", f"{value}-other"))
    client = engine.client()
    client.images.get(named).tag(value)
    try:
        # WHEN those of one project are removed THEN the other project's and the tagged one stay
        engine.remove_dangling("pipeline.test", value)
        engine.remove_dangling("pipeline.test", f"{value} named")
        left = {image.id for image in client.images.list(all=True)}
        assert {own, named, other} & left == {named, other}
    finally:
        client.images.remove(value)
        engine.remove_dangling("pipeline.test", f"{value}-other")


def _image(folder: Path, label: str) -> str:
    """Build an empty, untagged image and return its id."""
    (folder / "Dockerfile").write_text("FROM scratch\n")
    image, _ = engine.client().images.build(path=str(folder), labels={"pipeline.test": label}, rm=True)
    return str(image.id)
