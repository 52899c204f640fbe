"""The layers of a function, unpacked into one folder that the function sees at /opt.

"Lambda extracts the layer contents into the /opt directory" in the order of the layers, later ones over earlier ones.
https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
"""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import HotReloadingCode, LayerVersion, S3Code

_EXTENSIONS = "extensions"
_merging = threading.Lock()


def folder_of(layers: Sequence[LayerVersion]) -> Path:
    """Return the folder of layers, whether it exists or not. Functions with the same layers share it."""
    contents = [f"{layer.layer_version_arn} {_code(layer).code_sha256}" for layer in layers]
    name = hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), "layers", name).absolute()


def merge(layers: Sequence[LayerVersion]) -> Path:
    """Unpack layers into their folder, unless it exists. It stays until this LocalStack ends.

    Raises:
        RuntimeError: a layer has an extension, or the layers together have a link out of the folder.
    """
    folder = folder_of(layers)
    with _merging:
        if not folder.exists():
            folder.parent.mkdir(exist_ok=True)
            staging = Path(tempfile.mkdtemp(dir=folder.parent))
            try:
                for layer in layers:
                    _code(layer).prepare_for_execution()
                    _add(_code(layer).get_unzipped_code_location(), staging)
                _check(staging)
                staging.chmod(0o755)
                staging.rename(folder)
            except BaseException:
                shutil.rmtree(staging)
                raise
    return folder


def _code(layer: LayerVersion) -> S3Code | HotReloadingCode:
    assert layer.code is not None  # every version that was published has some
    return layer.code


def _add(source: Path, target: Path) -> None:
    """Add a layer. Nothing is written through a symbolic link: all of `target` is made here, folder by folder."""
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        path = target / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if os.path.lexists(path) and not (is_folder and path.is_dir() and not path.is_symlink()):
            _remove(path)
        if is_folder:
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
            _add(Path(entry.path), path)
        elif entry.is_symlink():
            path.symlink_to(os.readlink(entry.path))
        else:
            os.link(entry.path, path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _check(folder: Path) -> None:
    extensions = folder / _EXTENSIONS
    if names := sorted(path.name for path in extensions.glob("*")) if extensions.is_dir() else []:
        raise RuntimeError(
            f"external extensions are not supported, and the layers have /opt/{_EXTENSIONS}/{names[0]}: leave out its"
            " layer, or make it a function from an image"
        )
    root = os.path.realpath(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            if os.path.islink(path) and not f"{os.path.realpath(path)}/".startswith(f"{root}/"):
                raise RuntimeError(
                    f"the layers together have a symbolic link out of /opt: {os.path.relpath(path, folder)}"
                )
