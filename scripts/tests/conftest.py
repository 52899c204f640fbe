"""The environment of the harness's unit tests."""

from __future__ import annotations

from harness import environment


def pytest_configure() -> None:
    """Runs before any test module, and with it MLflow, is imported."""
    environment.prepare_for_mlflow()
