"""Makes the folder of programs that command lines find first, and a configuration of docker that is theirs alone."""

import contextlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.clients.programs import MARKER, is_ours

PROGRAMS = ("docker", "aws")
_NAME = "clients"
# -I: no variable and no module of the user's project changes what runs.
_SCRIPT = """\
#!/bin/sh
exec {python} -I -m pipeline_emulator.clients.{program} {folder} "$@"
"""


def in_data_folder(data: str | Path) -> Path:
    """Return where the folder of an emulator's shells is."""
    return Path(data) / _NAME


def make(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Make the folder, or keep the one that exists, with the logins in it.

    Args:
        folder: where it shall be.
        environment: the user's environment.

    Returns:
        The variables PATH and DOCKER_CONFIG.
    """
    programs = folder / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # docker's configuration may hold passwords
    (programs / MARKER).touch()
    for program in PROGRAMS:
        script = _SCRIPT.format(python=shlex.quote(sys.executable), program=program, folder=shlex.quote(str(folder)))
        unfinished = programs / f".{program}.{os.getpid()}"
        unfinished.write_text(script)
        unfinished.chmod(0o755)
        unfinished.replace(programs / program)
    configuration = folder / "docker"
    if not configuration.is_dir():
        _copy_configuration(_user_configuration(environment), configuration)
    others = [
        each for each in environment.get("PATH", os.defpath).split(os.pathsep) if not each or not is_ours(Path(each))
    ]
    return {"PATH": os.pathsep.join([str(programs), *others]), "DOCKER_CONFIG": str(configuration)}


def remove(folder: Path) -> None:
    """Remove the folder, if it exists. What its links lead to stays."""
    shutil.rmtree(folder, ignore_errors=True)


def _user_configuration(environment: Mapping[str, str]) -> Path:
    named = environment.get("DOCKER_CONFIG")
    if named and not is_ours(Path(named).parent / "bin"):
        return Path(named)
    return Path(environment.get("HOME") or Path.home()) / ".docker"


def _copy_configuration(source: Path, target: Path) -> None:
    """Copy the user's docker configuration: contexts, plugins and logins stay usable, and new logins stay here."""
    unfinished = target.with_name(f".docker.{os.getpid()}")
    unfinished.mkdir(mode=0o700)
    configuration: object = {}
    with contextlib.suppress(OSError, ValueError):
        configuration = json.loads((source / "config.json").read_text())
    file = unfinished / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(configuration if isinstance(configuration, dict) else {}))
    for name in ("cli-plugins", "contexts", "tls", "buildx"):
        if (source / name).is_dir():
            (unfinished / name).symlink_to((source / name).absolute())
    try:
        unfinished.rename(target)
    except OSError:  # another process was faster
        remove(unfinished)
