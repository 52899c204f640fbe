"""Finds the Terraform provider: in a filesystem mirror if there is one, and otherwise in its registry."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.machine.files import write_whole
from harness.paths import TERRAFORM_DIR

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
VERSION = "5.100.0"
# Where administrators put mirrors; Terraform itself does not look there.
SEARCHED = ("/opt", "/srv", "/usr/local", "/usr/lib", "/usr/share", "/var/lib", "/var/opt")
DEPTH = 4


def cli_config() -> Path | None:
    """Return the Terraform CLI configuration to use; write one if a mirror is found.

    The user's own configuration always takes precedence. TERRAFORM_PROVIDER_MIRROR names a mirror that the search does
    not find.

    Returns:
        The file for TF_CLI_CONFIG_FILE, or None for Terraform's defaults.
    """
    own = os.environ.get("TF_CLI_CONFIG_FILE")
    if own and Path(own).is_file():
        return Path(own)
    if (Path(os.path.expanduser("~")) / ".terraformrc").is_file():
        return None
    named = os.environ.get("TERRAFORM_PROVIDER_MIRROR")
    mirror = find_mirror([named] if named else SEARCHED)
    if mirror is None:
        return None
    config = TERRAFORM_DIR / "terraform.rc"
    # Atomically: another process's Terraform may be reading it; without it, that one would look elsewhere.
    write_whole(
        config,
        "# Written by the harness: this machine has a mirror of the provider.\n"
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = ["{PROVIDER}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}\n'
        "}\n",
    )
    return config


def find_mirror(bases: Iterable[str]) -> Path | None:
    """Return the first folder below `bases` that mirrors the locked provider version for this platform, or None."""
    system = platform.system().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    for base in bases:
        for folder in _folders(Path(base), DEPTH):
            release = folder / PROVIDER / VERSION / f"{system}_{machine}"
            packed = folder / PROVIDER / f"terraform-provider-aws_{VERSION}_{system}_{machine}.zip"
            if release.is_dir() or packed.is_file():
                return folder
    return None


def _folders(base: Path, depth: int) -> Iterator[Path]:
    yield base
    if depth == 0:
        return
    try:
        children = sorted(entry.path for entry in os.scandir(base) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return  # missing, or not readable
    for child in children:
        yield from _folders(Path(child), depth - 1)
