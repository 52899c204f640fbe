"""The function's Zip: contents, determinism, up-to-date check. One test installs the real lock file."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import store_sales
from bundle.build_zip import PACKAGE, BuildError, build_zip, main

SERVICE = Path(store_sales.__file__).parents[1]
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A service folder with two modules and a lock file without packages."""
    package = tmp_path / "service" / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "handler.py").write_text("NAMES = {'a', 'b', 'c'}\n")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "old.pyc").write_text("x")
    (tmp_path / "service" / "requirements.txt").write_text("")
    return tmp_path / "service"


@pytest.fixture
def uv(tmp_path: Path) -> Path:
    """An installer that writes a package with tests, and counts its calls."""
    script = tmp_path / "uv"
    script.write_text(
        f"""#!{sys.executable}
import pathlib, sys
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
for name in "numpy/__init__.py numpy/tests/test_x.py numpy/core.pyi bin/f2py numpy/core.so numpy/libx.so.1".split():
    path = target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("X = 1")
with open({str(tmp_path / "calls")!r}, "a") as calls:
    calls.write("x")
"""
    )
    script.chmod(0o755)
    return script


def build(service: Path, uv: Path, name: str = "function.zip") -> Path:
    return build_zip(service, service / "requirements.txt", service.parent / "out" / name, Path(sys.executable), uv)


def calls(service: Path) -> int:
    return len((service.parent / "calls").read_text())


def test_the_zip_holds_the_package_and_its_pruned_dependencies(service: Path, uv: Path) -> None:
    with zipfile.ZipFile(build(service, uv)) as archive:
        names = archive.namelist()
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        times = {entry.date_time for entry in archive.infolist()}
    tag = sys.implementation.cache_tag
    assert names == [
        "numpy/__init__.py", f"numpy/__pycache__/__init__.{tag}.pyc", "numpy/core.so", "numpy/libx.so.1",
        "store_sales/__init__.py", f"store_sales/__pycache__/__init__.{tag}.pyc",
        f"store_sales/__pycache__/handler.{tag}.pyc", "store_sales/handler.py",
    ]  # fmt: skip
    assert [name for name, mode in modes.items() if mode == 0o755] == ["numpy/core.so", "numpy/libx.so.1"]
    assert times == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_inputs_give_the_same_bytes(service: Path, uv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(service, uv, "a.zip").read_bytes()
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    os.utime(service / PACKAGE / "handler.py", (1, 1))
    assert build(service, uv, "b.zip").read_bytes() == first


def test_an_up_to_date_zip_is_kept(service: Path, uv: Path) -> None:
    before = build(service, uv).stat().st_mtime_ns
    (service / PACKAGE / "__pycache__" / "old.pyc").write_text("y")
    assert build(service, uv).stat().st_mtime_ns == before
    assert calls(service) == 1


@pytest.mark.parametrize(
    "changed", [f"{PACKAGE}/handler.py", f"{PACKAGE}/new.py", "requirements.txt", "../out/function.zip"]
)
def test_a_changed_input_or_a_damaged_zip_triggers_a_rebuild(service: Path, uv: Path, changed: str) -> None:
    build(service, uv)
    path = service / changed
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n# changed\n")
    build(service, uv)
    assert calls(service) == 2


def test_a_failed_installation_is_explained_and_leaves_nothing(service: Path, uv: Path) -> None:
    uv.write_text("#!/bin/sh\necho 'hash mismatch for numpy' >&2\nexit 1\n")
    with pytest.raises(BuildError, match="dependencies cannot be installed: hash mismatch for numpy"):
        build(service, uv)
    assert list((service.parent / "out").iterdir()) == []


def test_missing_inputs_are_named(service: Path, uv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (service / "requirements.txt").unlink()
    options = ["--service-dir", service, "--requirements", service / "requirements.txt", "--uv", uv]
    assert main([*map(str, options), "--output", str(service / "x.zip")]) == 2
    assert "requirements.txt does not exist" in capsys.readouterr().err


def test_an_absent_installer_is_named(service: Path) -> None:
    with pytest.raises(BuildError, match="/no/uv: No such file"):
        build(service, Path("/no/uv"))


@pytest.mark.long_proof
@pytest.mark.skipif(UV is None, reason="uv is neither beside this Python nor on PATH")
def test_the_real_zip_serves_the_model(tmp_path: Path, model_bytes: bytes) -> None:
    """GIVEN the real lock file THEN the pruned Zip, alone on the path, loads the model and predicts."""
    assert UV is not None
    path = build_zip(SERVICE, SERVICE / "requirements.txt", tmp_path / "function.zip", Path(sys.executable), Path(UV))
    assert path.stat().st_size < 50_000_000  # Lambda's limit for a direct upload
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "content")
    (tmp_path / "model.onnx").write_bytes(model_bytes)
    import botocore  # part of the managed runtime

    content = tmp_path / "content"
    for name in ("botocore", "jmespath", "dateutil", "urllib3", "six.py"):
        (content / name).symlink_to(Path(botocore.__file__).parents[1] / name)
    program = content / "predict.py"  # its folder, and without site-packages (-S) nothing else, is on Python's path
    program.write_text(
        "import datetime, pathlib, sys; from store_sales.model import Model\n"
        "from store_sales.events import Event, SalesInput\n"
        "model = Model(pathlib.Path(sys.argv[1]).read_bytes(), 'run')\n"
        "print(model.predict([Event(SalesInput(datetime.date(2021, 6, 2), 7, 0, 0), 1)])[0].sales > 0)"
    )
    command = [sys.executable, "-S", str(program), str(tmp_path / "model.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("True", "", 0)


@pytest.mark.parametrize("package", ["numpy", "onnxruntime"])
def test_training_measures_with_the_versions_the_function_serves_with(package: str) -> None:
    assert f"\n{package}=={version(package)} " in "\n" + (SERVICE / "requirements.txt").read_text()
