"""Where things lie in a checkout. `.cache` can be made again, `.local` is the state of running stacks."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

INFRASTRUCTURE = ROOT / "infrastructure"
EMULATOR = INFRASTRUCTURE / "emulator"
SERVICE = ROOT / "service"
SCRIPTS = ROOT / "scripts"
VENV_BIN = ROOT / ".venv" / "bin"

CACHE = ROOT / ".cache"
EMULATOR_VENV = CACHE / "emulator" / "venv"
KINESIS_DIR = CACHE / "emulator" / "kinesis"
LAMBDA_RUNTIME = CACHE / "lambda-runtime"
FUNCTION_ZIP = CACHE / "function" / "function.zip"
MLFLOW_DIR = CACHE / "mlflow"
DATA_DIR = CACHE / "data"
MODEL_FILE = CACHE / "model.json"
TERRAFORM_DIR = CACHE / "terraform"

STACKS = ROOT / ".local"


def shown(path: Path) -> str:
    """The path as a user types it: relative to the checkout where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
