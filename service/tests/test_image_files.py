"""The image's inputs: versions equal to the Zip's and the managed runtime's, and an allow-list Terraform can read."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import store_sales
from bundle import prune as pruning

SERVICE = Path(store_sales.__file__).parents[1]
EMULATOR = SERVICE.parent / "emulator"
MLFLOW = SERVICE.parent / "scripts" / "images" / "mlflow"


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE))


def test_the_image_has_exactly_the_versions_of_the_zip_and_the_managed_runtime() -> None:
    zipped, runtime = pins(SERVICE / "requirements.txt"), pins(EMULATOR / "lambda-runtime.txt")
    assert len(zipped) > 2
    assert len(runtime) > 2
    assert pins(SERVICE / "requirements-image.txt") == zipped | runtime


@pytest.mark.parametrize("unwanted", ["mlflow", "pandas", "scikit-learn", "onnx"])
def test_no_training_package_is_in_the_image(unwanted: str) -> None:
    assert unwanted not in pins(SERVICE / "requirements-image.txt")


@pytest.mark.parametrize("package", ["mlflow", "boto3"])
def test_the_tracking_server_has_the_version_that_training_logs_with(package: str) -> None:
    assert pins(MLFLOW / "requirements.txt")[package] == pins(SERVICE.parent / "requirements.txt")[package]


@pytest.mark.parametrize(
    "lock", [SERVICE / "requirements-image.txt", EMULATOR / "requirements.txt", MLFLOW / "requirements.txt"]
)
def test_locks_name_no_index(lock: Path) -> None:
    assert "--hash=sha256:" in lock.read_text()
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("context", [SERVICE, EMULATOR, MLFLOW], ids=lambda p: p.name)
def test_the_build_context_is_an_allow_list_of_existing_paths(context: Path) -> None:
    """Terraform hashes the paths in `!` lines: plain paths that exist, and all that the Dockerfile copies."""
    first, *rest = (context / ".dockerignore").read_text().splitlines()
    allowed = [line[1:] for line in rest if line.startswith("!")]
    assert first == "*"
    assert set(rest) - {f"!{path}" for path in allowed} <= {"**/__pycache__", "**/*.pyc"}
    for path in allowed:
        assert re.fullmatch(r"[\w./-]+", path)
        assert (context / path).exists()
    for line in re.findall(r"^COPY (?!--from)(.+)$", (context / "Dockerfile").read_text(), re.MULTILINE):
        assert set(line.split()[:-1]) <= set(allowed)


def test_a_folder_is_pruned_compiled_and_settled_with_the_standard_library_alone(tmp_path: Path) -> None:
    """GIVEN files with any mode and time THEN two runs of the script give the same bytes, modes and times."""
    trees = []
    for name, mode, time in (("a", 0o600, 1), ("b", 0o664, 2)):
        content = tmp_path / name
        for file in ("numpy/tests/test_x.py", "numpy/core.so", "numpy/__init__.py"):
            (content / file).parent.mkdir(parents=True, exist_ok=True)
            (content / file).write_text("NAMES = {'a', 'b', 'c'}\n")
            (content / file).chmod(mode)
            os.utime(content / file, (time, time))
        subprocess.run(
            [sys.executable, "-I", "-S", str(SERVICE / "bundle" / "prune.py"), str(content), "/var/task"], check=True
        )
        trees.append(
            {
                path.relative_to(content).as_posix(): (
                    stat.S_IMODE(path.stat().st_mode),
                    path.stat().st_mtime,
                    path.read_bytes() if path.is_file() else b"",
                )
                for path in content.rglob("*")
            }
        )
    assert trees[0] == trees[1]
    tag = sys.implementation.cache_tag
    assert {path: mode for path, (mode, _, _) in trees[0].items()} == {
        "numpy": 0o755,
        "numpy/__init__.py": 0o644,
        "numpy/core.so": 0o755,
        "numpy/__pycache__": 0o755,
        f"numpy/__pycache__/__init__.{tag}.pyc": 0o644,
    }
    assert {time for _, time, _ in trees[0].values()} == {pruning.FIXED_TIME}
    assert b"/var/task/numpy/__init__.py" in trees[0][f"numpy/__pycache__/__init__.{tag}.pyc"][2]
