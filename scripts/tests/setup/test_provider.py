"""Where Terraform finds its provider: the user's configuration, a mirror, or the registry."""

from __future__ import annotations

import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.setup import provider


def _mirror(base: Path, version: str) -> Path:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = base / "some" / "mirror"
    (folder / provider.PROVIDER / version / f"{platform.system().lower()}_{machine}").mkdir(parents=True)
    return folder


def test_a_mirror_is_found_below_the_searched_folders(tmp_path: Path) -> None:
    folder = _mirror(tmp_path, provider.VERSION)
    assert provider.find_mirror([str(tmp_path / "missing"), str(tmp_path)]) == folder


def test_a_mirror_without_the_locked_version_is_not_used(tmp_path: Path) -> None:
    _mirror(tmp_path, "4.0.0")
    assert provider.find_mirror([str(tmp_path)]) is None


def test_the_users_own_terraform_configuration_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.rc"
    own.touch()
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(own))
    assert provider.cli_config() == own


def test_a_missing_configuration_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _mirror(tmp_path, provider.VERSION)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing.rc"))
    monkeypatch.setenv("TERRAFORM_PROVIDER_MIRROR", str(tmp_path))
    monkeypatch.setattr(provider, "TERRAFORM_DIR", tmp_path / "config")
    config = provider.cli_config()
    assert config is not None
    assert f'path    = "{folder}"' in config.read_text()


def test_terraform_never_reads_a_partial_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN concurrent commands that all write it WHEN Terraform reads it THEN it is complete
    _mirror(tmp_path, provider.VERSION)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERRAFORM_PROVIDER_MIRROR", str(tmp_path))
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(provider, "TERRAFORM_DIR", tmp_path / "config")
    config = provider.cli_config()
    assert config is not None
    whole = config.read_text()
    with ThreadPoolExecutor(2) as writers:
        written = [writers.submit(provider.cli_config) for _ in range(500)]
        seen = {config.read_text()}
        while not all(one.done() for one in written):
            seen.add(config.read_text())
    assert [one.result() for one in written] == [config] * 500
    assert seen == {whole}
    assert [path.name for path in config.parent.iterdir()] == [config.name]
