"""Paths in a checkout. `.cache` can be rebuilt; `.local` is the state of running stacks, `.snapshots` the user's."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

INFRASTRUCTURE = ROOT / "infrastructure"
EMULATOR = ROOT / "emulator"
SERVICE = ROOT / "service"
SCRIPTS = ROOT / "scripts"
MLFLOW_IMAGE = SCRIPTS / "images" / "mlflow"
VENV_BIN = ROOT / ".venv" / "bin"

CACHE = ROOT / ".cache"
EMULATOR_VENV = CACHE / "emulator" / "venv"
KINESIS_CLIENTS_VENV = CACHE / "emulator" / "kinesis-clients"
LAMBDA_RUNTIME = CACHE / "lambda-runtime"
ECR_PASSWORD = SCRIPTS / "harness" / "local" / "ecr_password.py"
TERRAFORM_DIR = CACHE / "terraform"

STACKS = ROOT / ".local"
SNAPSHOTS = ROOT / ".snapshots"


def emulator_sources() -> list[Path]:
    """Return the files that LocalStack runs from: our plugin and the locks of its dependencies."""
    plugin = (file for kind in ("*.py", "*.mjs", "*.j2") for file in (EMULATOR / "pipeline_emulator").rglob(kind))
    parts = ("requirements.txt", "lambda-runtime.txt", "pyproject.toml", "Dockerfile")
    return [*plugin, *(EMULATOR / name for name in parts)]


def mlflow_sources() -> list[Path]:
    """Return the files that the tracking server's image is built from."""
    return [file for file in MLFLOW_IMAGE.iterdir() if file.is_file()]


def shown(path: Path) -> str:
    """Return the path as a user types it: relative to the checkout if it is inside it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
