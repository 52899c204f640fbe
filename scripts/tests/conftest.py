"""The environment of the harness's unit tests, and two trained models."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import settings

from harness.machine import environment

# No test fails for the time that an example takes: machines are noisy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Prepare the environment before any test module imports MLflow."""
    environment.prepare_for_mlflow()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The results of two trainings on different data, logged to one registry: versions 1 and 2."""
    from store_sales_testing.samples import sales_rows
    from training.train import main

    folder = tmp_path_factory.mktemp("registry")
    results = []
    for stores in (3, 4):
        data, result = folder / "sales.csv", folder / "result.json"
        with data.open("w", newline="") as file:
            csv.writer(file).writerows([["date", "store", "sales", "promo", "holiday"], *sales_rows(stores=stores)])
        words = ["--data", data, "--mlflow-dir", folder / "mlflow", "--cache-dir", folder, "--result", result]
        assert main([str(word) for word in words]) == 0
        results.append(json.loads(result.read_text()))
    return results
