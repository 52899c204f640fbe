"""moto and moto-ext, LocalStack's fork of it, have the same files. The one that is installed last has them all."""

import base64
import hashlib
import importlib.metadata

_FORK, _OTHER = "moto-ext", "moto"
_SAMPLE = "moto/core/"


def overwritten() -> tuple[str, str] | None:
    """Return cause and remedy if moto has overwritten LocalStack's fork, so that LocalStack cannot start; else None."""
    try:
        other, fork = importlib.metadata.version(_OTHER), importlib.metadata.distribution(_FORK)
    except importlib.metadata.PackageNotFoundError:
        return None
    if all(map(_is_as_installed, [file for file in fork.files or () if str(file).startswith(_SAMPLE)])):
        return None
    cause = f"moto {other} has overwritten {_FORK} {fork.version}, LocalStack's fork, which has the same modules"
    return cause, f"pip uninstall {_OTHER}, then pip install --force-reinstall --no-deps {_FORK}=={fork.version}"


def _is_as_installed(file: importlib.metadata.PackagePath) -> bool:
    if file.hash is None:
        return True
    digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value
